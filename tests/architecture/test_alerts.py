"""The page about alerts says of each what to do, and speaks of none that does not exist."""

import re
from pathlib import Path

from api.metrics import NOTICES
from documents.outbox_entries import OUTBOX_KINDS
from tests.architecture.tracked_files import python_files, text_of

PAGE = Path("docs/operate/alerts.md")
NAME = re.compile(r"`([\w.]+)`")


def rows() -> dict[str, list[str]]:
    """The cells of each alert, by every name in its first cell."""
    table = re.findall(r"^\| (`.*)\|$", text_of(PAGE) or "", flags=re.MULTILINE)
    cells = [[cell.strip() for cell in row.split(" | ")] for row in table]
    return {name: row for row in cells for name in NAME.findall(row[0])}


def test_each_event_has_a_meaning_and_something_to_do() -> None:
    described = {name for name in rows() if "." in name}
    assert described == set(OUTBOX_KINDS)
    assert not [name for name, row in rows().items() if len(row) != 3 or not all(row)]


def test_what_operators_are_to_watch_is_there() -> None:
    found = [(one.name, one.type) for one in NOTICES.collect()]
    metrics = {f"{name}_total" if kind == "counter" else name for name, kind in found}
    code = "\n".join(text_of(path) or "" for path in python_files("services"))
    watched = {name for name in rows() if "." not in name}
    assert {name for name in watched if name.startswith("parlance_")} <= metrics
    words = {name for name in watched if not name.startswith("parlance_")}
    assert words
    assert not [word for word in words if f'"{word}"' not in code]
