"""The project of docs/guide/react.md: taken out of the page, given its types, and built.

What the guide tells people to write is what the tests execute; a snippet is nowhere a second time.
A code block belongs to the project when its first line is a comment with the file's name.
"""

import re
import shutil
import subprocess
from pathlib import Path

from tests.providers.node import node_binary
from tests.server_process import ROOT

GUIDE = ROOT / "docs" / "guide" / "react.md"
NODE_MODULES = ROOT / "node_modules"
PROGRAMS = Path(__file__).parent / "programs"
TOOL_SECONDS = 90.0

_BLOCK = re.compile(
    r"^```(?:ts|tsx|json)\n// (?P<name>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


class ToolError(AssertionError):
    """A tool that integrators use does not like the project."""


def files_of_guide() -> dict[str, str]:
    """Every file that the guide shows, by its name."""
    return {found["name"]: found["text"] for found in _BLOCK.finditer(GUIDE.read_text())}


def lay_out(folder: Path) -> None:
    """Put the guide's project into an empty folder, as a person does who follows the guide."""
    for name, text in files_of_guide().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(NODE_MODULES)
    published = ROOT / "graphql_schema"
    shutil.copy(published / "schema.graphql", folder)
    shutil.copy(published / "possible_types.json", folder / "src")
    shutil.copytree(PROGRAMS, folder / "programs")


def generate_types(folder: Path) -> None:
    """Run GraphQL Codegen with the guide's configuration."""
    run_tool(folder, node_binary(), "programs/codegen.mjs")


def check_types(folder: Path) -> None:
    """Check everything with the strict compiler, and make the JavaScript that the tests run."""
    run_tool(folder, node_binary(), "node_modules/typescript/bin/tsc", "--strict", "-p", ".")


def compile_for_relay(folder: Path) -> None:
    """Run the Relay compiler with the guide's configuration."""
    compiler = "node_modules/relay-compiler/cli.js"
    run_tool(folder, node_binary(), compiler, "relay.config.json", "--noWatchman")


def run_tool(folder: Path, *command: str) -> str:
    """Run a tool in the project; what it printed.

    Raises:
        ToolError: it fails.
    """
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
    )
    if done.returncode != 0:
        raise ToolError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout
