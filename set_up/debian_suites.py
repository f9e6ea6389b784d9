"""Packages of other suites of Debian: fetched and unpacked into the user's cache, never installed.

Each suite has package lists of its own here, so that the machine's own packages stay as they are.
No root is needed.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from set_up.steps import run

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def cache() -> Path:
    """What all checkouts of this user share."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "parlance"


def unpack(suite: str, command: Sequence[str], target: Path) -> None:
    """Puts what apt-get downloads for a suite under a folder, which it replaces.

    Args:
        suite: Of Debian, by its code name.
        command: For apt-get: `download` with packages, or `install --download-only` with those
            that are to come with everything they need.
        target: A folder; it is there only when it is whole.

    Raises:
        CommandError: apt-get or dpkg-deb failed.
        OSError: This is no Debian.
    """
    if shutil.which("apt-get") is None:
        raise OSError("this is no Debian: apt-get is missing")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        work = Path(folder)
        for archive in _downloaded(suite, command, work):
            run(["dpkg-deb", "--extract", str(archive), str(work / "root")])
        _turn_links_inward(work / "root")
        shutil.rmtree(target, ignore_errors=True)
        (work / "root").rename(target)


def _downloaded(suite: str, command: Sequence[str], work: Path) -> list[Path]:
    """The packages as files."""
    for name in ("lists/partial", "cache/archives/partial", "packages"):
        (work / name).mkdir(parents=True)
    (work / "status").touch()
    source = f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n"
    (work / "sources.list").write_text(source)
    apt_get = ["apt-get", "-q", *_options(work)]
    run([*apt_get, "update"])
    in_folder = ["bash", "-c", 'cd "$0" && exec "$@"', str(work / "packages")]
    run([*in_folder, *apt_get, *command])
    return sorted(work.rglob("*.deb"))


def _mirror() -> str:
    """Where this machine gets its own Debian packages from."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for address in listed.split():
        if address.rstrip("/").endswith("/debian"):
            return address
    raise OSError("no source of Debian packages is set up: `apt-get update` first")


def _options(work: Path) -> list[str]:
    values = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "",
    }
    return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]


def _turn_links_inward(root: Path) -> None:
    """Points links to /usr/... at the same place within the unpacked tree."""
    for folder, folders, files in os.walk(root):
        for path in (Path(folder) / name for name in (*folders, *files)):
            if path.is_symlink() and path.readlink().is_absolute():
                target = root / path.readlink().relative_to("/")
                path.unlink()
                if target.exists():
                    path.symlink_to(os.path.relpath(target, path.parent))
