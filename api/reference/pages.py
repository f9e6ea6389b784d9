"""What `parlance export-reference` does: writes the reference from the code, or compares it.

The pages are committed, and `make lint` fails when one says something else than the code, so that
nobody reads about a command, code, event or field that is gone.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typer

from api.reference.commands import commands_page
from api.reference.errors import errors_page
from api.reference.events import events_page
from api.reference.operations import operations_page
from api.reference.types import types_page

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "reference"


def reference_pages(command_line: typer.Typer) -> Mapping[str, str]:
    """Each page's Markdown by the name of its file; `command_line` is the `parlance` command."""
    return {
        "commands.md": commands_page(command_line),
        "errors.md": errors_page(),
        "events.md": events_page(),
        "operations.md": operations_page(),
        "types.md": types_page(),
    }


def write(pages: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Write the pages."""
    for name, text in pages.items():
        (folder / name).write_text(text)


def differences(pages: Mapping[str, str], folder: Path = FOLDER) -> list[str]:
    """What is wrong with the pages as they are, a line each."""
    return [
        f"docs/reference/{name} differs from the code; run `make schema`."
        for name, text in pages.items()
        if not (folder / name).exists() or (folder / name).read_text() != text
    ]
