"""WordPress as Debian packs it, for the tests marked `wordpress`: unpacked, never installed.

Three suites of Debian carry three WordPress, from the oldest that the plugin supports to the newest
there is. Each is fetched with package lists of its own, so that the machine's own packages stay as
they are, and kept in the user's cache, outside of the repository. No root is needed.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from set_up.steps import CommandError, SetUpError, run, say

SUITES = ("bookworm", "trixie", "sid")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LIBRARIES = (
    "libjs-cropper",
    "libjs-jquery-ui",
    "libjs-lodash",
    "libjs-underscore",
    "libphp-phpmailer",
    "php-getid3",
)
"""What the package's links point to."""

THEME = "wordpress-theme-twentytwentythree"


def cache_folder() -> Path:
    """Where the trees of all checkouts of this user are."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "parlance" / "wordpress"


def tree_of(suite: str) -> Path:
    """The folder with the wp-settings.php of a suite's WordPress."""
    return cache_folder() / suite / "usr" / "share" / "wordpress"


def missing_trees() -> list[str]:
    """The suites whose WordPress is not here yet."""
    return [suite for suite in SUITES if not (tree_of(suite) / "wp-settings.php").exists()]


def prepare() -> None:
    """Fetches the trees that are missing.

    Raises:
        SetUpError: With CI=true, where nothing may be skipped, one cannot be fetched.
    """
    for suite in missing_trees():
        try:
            _fetch(suite)
        except (CommandError, OSError) as error:
            if os.environ.get("CI") == "true":
                raise SetUpError(
                    f"WordPress of Debian {suite} cannot be fetched: {error}"
                ) from error
            say(f"no WordPress of Debian {suite}: tests marked wordpress are skipped ({error})")


def _fetch(suite: str) -> None:
    if shutil.which("apt-get") is None:
        raise OSError("this is no Debian: apt-get is missing")
    say(f"fetching WordPress of Debian {suite}")
    target = cache_folder() / suite
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        work = Path(folder)
        for archive in _downloaded(suite, work):
            run(["dpkg-deb", "--extract", str(archive), str(work / "root")])
        _turn_links_inward(work / "root")
        shutil.rmtree(target, ignore_errors=True)
        (work / "root").rename(target)


def _downloaded(suite: str, work: Path) -> list[Path]:
    """The packages as files."""
    for name in ("lists/partial", "cache/archives/partial", "packages"):
        (work / name).mkdir(parents=True)
    (work / "status").touch()
    source = f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n"
    (work / "sources.list").write_text(source)
    apt_get = ["apt-get", "-q", *_options(work)]
    run([*apt_get, "update"])
    command = ["bash", "-c", 'cd "$0" && exec "$@"', str(work / "packages"), *apt_get]
    run([*command, "download", "wordpress", THEME, *LIBRARIES])
    return sorted((work / "packages").glob("*.deb"))


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
