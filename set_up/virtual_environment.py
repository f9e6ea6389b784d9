"""Makes .venv from a lock file with pip alone, and again only when the lock file changed.

`requirements-test.lock` holds everything that `requirements.lock` holds, so an environment made for
the tests also serves `make run`. The project itself is installed in place, which gives
`.venv/bin/parlance`; its build tool comes from the lock file too, so nothing is fetched unpinned.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from set_up import debian_packages
from set_up.steps import REPOSITORY, VENV, VENV_PYTHON, Progress, SetUpError, fingerprint, run, say

RUNTIME_LOCK = REPOSITORY / "requirements.lock"
TEST_LOCK = REPOSITORY / "requirements-test.lock"

_PROJECT = REPOSITORY / "pyproject.toml"
_STAMP = VENV / "set-up.json"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_COLLECTING = re.compile(r"^Collecting ([A-Za-z0-9._-]+)==(\S+)")


def prepare(lock: Path) -> None:
    """Brings .venv to what the lock file says; returns at once when it is there already.

    Raises:
        SetUpError: Python's venv module is incomplete, or a package could not be installed.
    """
    stamp = _read_stamp()
    wanted = _wanted(lock)
    if VENV_PYTHON.exists() and wanted.items() <= stamp.items():
        return
    if not VENV_PYTHON.exists() or _was_made_elsewhere(stamp):
        _create()
        stamp = {}
    if stamp.get(lock.name) != wanted[lock.name]:
        _install_packages(lock)
    _install_project()
    if lock == TEST_LOCK:
        wanted |= _wanted(RUNTIME_LOCK)
    _STAMP.write_text(json.dumps({**stamp, **wanted}, indent=2) + "\n")


def _wanted(lock: Path) -> dict[str, str]:
    return {
        "repository": str(REPOSITORY),  # scripts in .venv/bin carry it; a moved folder breaks them
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "project": fingerprint(_PROJECT),
        lock.name: fingerprint(lock),
    }


def _read_stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(_STAMP.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return stamp


def _was_made_elsewhere(stamp: dict[str, str]) -> bool:
    here = _wanted(RUNTIME_LOCK)
    return any(stamp.get(key, here[key]) != here[key] for key in ("repository", "python"))


def _create() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _add_venv_module()
    say(f"making .venv with Python {sys.version.split()[0]}")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _add_venv_module() -> None:
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not debian_packages.can_install():
        raise SetUpError(
            "Python's venv module is incomplete here. On Debian or Ubuntu, as root:\n"
            f"    apt-get install {package}"
        )
    debian_packages.install([package])


def _install_packages(lock: Path) -> None:
    names = _PINNED.findall(lock.read_text())
    say(f"installing the {len(names)} packages of {lock.name}; this takes a minute or so")
    progress = Progress(total=len(names))

    def show(line: str) -> None:
        if match := _COLLECTING.match(line):
            progress.step(f"{match[1]} {match[2]}")
        elif line.startswith("Installing collected packages"):
            progress.step("everything is here, unpacking")

    _pip("install", "--no-deps", "--require-hashes", "--requirement", str(lock), on_line=show)
    progress.finish()


def _install_project() -> None:
    say("adding the command .venv/bin/parlance")
    _pip("install", "--no-deps", "--no-build-isolation", "--editable", str(REPOSITORY))


def _pip(*arguments: str, on_line: Callable[[str], None] | None = None) -> None:
    run(
        [str(VENV_PYTHON), "-m", "pip", *arguments],
        on_line=on_line,
        environment={"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
    )
