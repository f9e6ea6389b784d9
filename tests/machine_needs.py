"""Skips the tests whose marker needs a program that this machine does not have, and says which.

A pytest plugin (`-p tests.machine_needs`), so that a person without root still gets a useful run.
With CI=true nothing is skipped: the test then fails on the missing program itself.
"""

import os

import pytest

from set_up.debian_packages import NEEDS, missing_commands


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that cannot run here as skipped, with the command that would mend it."""
    if os.environ.get("CI") == "true":
        return
    for marker, commands in missing_commands().items():
        packages = " ".join(next(need.packages for need in NEEDS if need.marker == marker))
        reason = f"{', '.join(commands)} is missing: apt-get install {packages}"
        for item in items:
            if item.get_closest_marker(marker) is not None:
                item.add_marker(pytest.mark.skip(reason=reason))
