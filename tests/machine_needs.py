"""Skips the tests whose marker needs a program that this machine does not have, and says which.

A pytest plugin (`-p tests.machine_needs`), so that a person without root still gets a useful run.
With CI=true nothing is skipped: the test then fails on the missing program itself.
"""

import os

import pytest

from set_up.debian_packages import NEEDS
from set_up.wordpress_trees import missing_trees


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that cannot run here as skipped, with the command that would mend it."""
    if os.environ.get("CI") == "true":
        return
    for need in NEEDS:
        missing = need.missing()
        if missing:
            reason = f"{', '.join(missing)} missing: apt-get install {' '.join(need.packages)}"
            _skip(items, need.marker, reason)
    if trees := missing_trees():
        _skip(items, "wordpress", f"WordPress of Debian {', '.join(trees)} was not fetched")


def _skip(items: list[pytest.Item], marker: str, reason: str) -> None:
    for item in items:
        if item.get_closest_marker(marker) is not None:
            item.add_marker(pytest.mark.skip(reason=reason))
