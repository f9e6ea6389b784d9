"""The oldest and the newest PHP that the plugin supports, for the tests marked `wordpress`.

Two suites of Debian carry them, with every library they need, down to the C library: the machine's
own may be too new or too old for them. So each is started by its own dynamic linker, from a script
that stands for the command `php`.

What cannot be fetched is told and left out, and the tests run on the machine's own PHP alone; with
CI=true it fails the set-up.
"""

import os
import shutil
from pathlib import Path

from set_up.debian_suites import cache, unpack
from set_up.steps import CommandError, SetUpError, say

SUITES = {"7.4": "bullseye", "8.4": "trixie"}
EXTENSIONS = {
    "7.4": ("json", "mysqlnd", "mysqli", "mbstring", "curl", "xml", "dom", "zip", "tokenizer"),
    "8.4": ("mysqlnd", "mysqli", "mbstring", "curl", "xml", "dom", "zip", "tokenizer"),
}
"""What WordPress wants; from 8.0 on JSON is part of PHP itself."""

PACKAGES = ("cli", "curl", "mbstring", "mysql", "xml", "zip")
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
START = """#!/bin/sh
# PHP with the libraries of its own suite of Debian.
exec {linker} --library-path {libraries} {php} -n -d extension_dir={modules} {extensions} "$@"
"""


def command_of(version: str) -> Path:
    """The script that stands for `php`."""
    return cache() / "php" / version / "php"


def fetched_versions() -> list[str]:
    """Those that are here."""
    return [version for version in SUITES if command_of(version).exists()]


def prepare() -> None:
    """Fetches those that are missing.

    Raises:
        SetUpError: With CI=true, where nothing may be left out, one cannot be fetched.
    """
    for version in SUITES.keys() - fetched_versions():
        try:
            _fetch(version)
        except (CommandError, OSError, LookupError) as error:
            if os.environ.get("CI") == "true":
                raise SetUpError(f"PHP {version} cannot be fetched: {error}") from error
            say(f"no PHP {version}: the plugin is not tested on it ({error})")


def _fetch(version: str) -> None:
    say(f"fetching PHP {version} of Debian {SUITES[version]}")
    packages = [f"php{version}-{name}" for name in PACKAGES]
    whole = ["install", "--yes", "--download-only", "--no-install-recommends", *packages]
    root = command_of(version).parent / "root"
    unpack(SUITES[version], whole, root)
    shutil.rmtree(root / "usr" / "share", ignore_errors=True)
    script = command_of(version)
    script.write_text(_start(version, root))
    script.chmod(0o755)


def _start(version: str, root: Path) -> str:
    folders = [root / one for one in LIBRARIES]
    linkers = [path for folder in folders for path in folder.glob("ld-*.so*") if path.is_file()]
    modules = list((root / "usr" / "lib" / "php").glob("20*"))
    if not linkers or not modules:
        raise LookupError("its packages hold other files than expected")
    return START.format(
        linker=linkers[0],
        libraries=":".join(str(one) for one in folders),
        php=root / "usr" / "bin" / f"php{version}",
        modules=modules[0],
        extensions=" ".join(f"-d extension={one}" for one in EXTENSIONS[version]),
    )
