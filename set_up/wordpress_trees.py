"""WordPress as Debian packs it, for the tests marked `wordpress`: unpacked, never installed.

Three suites of Debian carry three WordPress, from the oldest that the plugin supports to the newest
there is. Each is fetched with package lists of its own, so that the machine's own packages stay as
they are, and kept in the user's cache, outside of the repository. No root is needed.
"""

import os
from pathlib import Path

from set_up.debian_suites import cache, unpack
from set_up.steps import CommandError, SetUpError, say

SUITES = ("bookworm", "trixie", "sid")
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
    return cache() / "wordpress"


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
    say(f"fetching WordPress of Debian {suite}")
    unpack(suite, ["download", "wordpress", THEME, *LIBRARIES], cache_folder() / suite)
