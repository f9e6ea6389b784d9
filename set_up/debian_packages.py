"""Debian's packages that some tests need: installed when root, named exactly when not.

A test says with its marker what it needs (`browser`, later others); the same table tells this
step what to install and `tests/machine_needs.py` which tests cannot run here.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from set_up.steps import SetUpError, run, say


@dataclass(frozen=True)
class Need:
    """What the tests with one marker need of the machine."""

    marker: str
    commands: tuple[str, ...]  # each must be on PATH for these tests to run
    packages: tuple[str, ...]  # what to install so that they are


NEEDS = (
    Need(marker="browser", commands=("chromium",), packages=("chromium", "fonts-dejavu-core")),
)


def prepare() -> None:
    """Installs what is missing when it may, else says what is missing and what that means.

    Raises:
        SetUpError: With CI=true, where nothing may be skipped, something cannot be installed.
    """
    missing = [package for need in NEEDS for package in need.packages if not _is_installed(package)]
    unmet = missing_commands()
    if not missing or (not unmet and not can_install()):
        return
    if can_install():
        install(missing)
    elif os.environ.get("CI") == "true":
        raise SetUpError(f"CI=true, and not root: install {' '.join(missing)} first")
    else:
        say(f"missing for tests marked {', '.join(unmet)}, which are skipped. As root:")
        say(f"    apt-get install {' '.join(missing)}")


def missing_commands() -> dict[str, list[str]]:
    """Returns marker -> commands that its tests need and that are not on PATH."""
    absent = {
        need.marker: [command for command in need.commands if shutil.which(command) is None]
        for need in NEEDS
    }
    return {marker: commands for marker, commands in absent.items() if commands}


def can_install() -> bool:
    """Tells whether this process may install Debian packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: Sequence[str]) -> None:
    """Installs Debian packages, waiting for another apt-get that runs.

    Raises:
        CommandError: apt-get failed; its last lines are in the message.
    """
    say(f"installing Debian packages: {' '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    apt_get = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=600"]
    run([*apt_get, "update"], environment=quiet)
    run([*apt_get, "install", "--yes", "--no-install-recommends", *packages], environment=quiet)


def _is_installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    answer = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout == "installed"
