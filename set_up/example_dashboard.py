"""Installs and builds the dashboard of examples/react, which has packages of its own.

They stay out of what the product needs: `make run` serves the dashboard when it was built, and
neither needs Node nor waits for it.
"""

from collections.abc import Iterator
from pathlib import Path

from set_up import node_packages
from set_up.steps import REPOSITORY, fingerprint, say

FOLDER = REPOSITORY / "examples" / "react"
BUILT = FOLDER / "dist" / "index.html"

_SCHEMA = REPOSITORY / "graphql_schema" / "schema.graphql"
_STAMP = FOLDER / "node_modules" / ".built-stamp"
_TYPES = FOLDER / "src" / "gql"


def install() -> None:
    """Brings the npm packages to what the lock file says; returns at once when they are there.

    Raises:
        SetUpError: No Node of version 20 or newer is to be had.
        CommandError: npm failed.
    """
    node_packages.prepare(FOLDER)


def build() -> None:
    """Makes dist; returns at once when it was made of the same files.

    Raises:
        SetUpError: No Node of version 20 or newer is to be had.
        CommandError: A package could not be installed, or a type, a query or a file is wrong.
    """
    install()
    wanted = fingerprint(*sorted(_sources()))
    if BUILT.exists() and _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    say("building the dashboard of examples/react")
    node_packages.npm(FOLDER, "run", "build")
    _STAMP.write_text(wanted)


def _sources() -> Iterator[Path]:
    yield _SCHEMA
    yield FOLDER.parent / "parlance.ts"
    yield from (path for path in FOLDER.iterdir() if path.is_file())
    for path in (FOLDER / "src").rglob("*"):
        if path.is_file() and _TYPES not in path.parents:
            yield path
