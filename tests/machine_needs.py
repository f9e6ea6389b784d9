"""Skips the tests whose marker needs a program that this machine does not have, and says which.

A pytest plugin (`-p tests.machine_needs`), so that a person without root still gets a useful run.
With CI=true nothing is skipped: the test then fails on the missing program itself.
"""

import os

import pytest

from set_up.debian_packages import NEEDS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that cannot run here as skipped, with the command that would mend it."""
    if os.environ.get("CI") == "true":
        return
    for need in NEEDS:
        missing = need.missing()
        if not missing:
            continue
        reason = f"{', '.join(missing)} missing: apt-get install {' '.join(need.packages)}"
        for item in items:
            if item.get_closest_marker(need.marker) is not None:
                item.add_marker(pytest.mark.skip(reason=reason))
