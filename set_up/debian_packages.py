"""Debian's packages that some tests need: installed when root, named exactly when not.

A test says with its marker what it needs (`browser`, later others); the same table tells this
step what to install and `tests/machine_needs.py` which tests cannot run here.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from ctypes.util import find_library
from dataclasses import dataclass

from set_up.steps import SetUpError, run, say


@dataclass(frozen=True)
class Need:
    """What the tests with one marker need of the machine."""

    marker: str
    commands: tuple[str, ...]  # each must be on PATH for these tests to run
    libraries: tuple[str, ...]  # and each of these must be found by the loader
    packages: tuple[str, ...]  # what to install so that they are

    def missing(self) -> list[str]:
        """Returns the commands and libraries that this machine does not have."""
        commands = [name for name in self.commands if shutil.which(name) is None]
        return commands + [f"lib{name}" for name in self.libraries if find_library(name) is None]


NEEDS = (
    Need(
        marker="browser",
        commands=("chromium",),
        libraries=("atomic",),  # of the Node that Playwright brings
        packages=("chromium", "fonts-dejavu-core", "libatomic1"),
    ),
    Need(marker="php", commands=("php",), libraries=(), packages=("php-cli",)),
    Need(
        marker="wordpress",
        commands=("chromium", "mariadbd", "php"),
        libraries=(),
        packages=(
            "chromium",
            "gettext",
            "mariadb-server",
            "php-cli",
            "php-curl",
            "php-gd",
            "php-mbstring",
            "php-mysql",
            "php-xml",
            "php-zip",
        ),
    ),
    Need(marker="nginx", commands=("nginx",), libraries=(), packages=("nginx-light",)),
    Need(marker="redis", commands=("redis-server",), libraries=(), packages=("redis-server",)),
    Need(marker="systemd", commands=("systemd-analyze",), libraries=(), packages=("systemd",)),
)


def prepare() -> None:
    """Installs what is missing when it may, else says what is missing and what that means.

    Raises:
        SetUpError: With CI=true, where nothing may be skipped, something cannot be installed.
    """
    if can_install():
        absent = [name for need in NEEDS for name in need.packages if not _is_installed(name)]
        if absent:
            install(absent)
        return
    for need in NEEDS:
        missing = need.missing()
        if not missing:
            continue
        problem = (
            f"{', '.join(missing)} missing: as root, apt-get install {' '.join(need.packages)}"
        )
        if os.environ.get("CI") == "true":
            raise SetUpError(problem)
        say(f"{problem}. Until then tests marked {need.marker} are skipped")


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
