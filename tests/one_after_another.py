"""Runs tests of a heavy kind one at a time, whichever worker of pytest-xdist they are on.

A pytest plugin (`-p tests.one_after_another`). Two browsers, or two databases killed at random
moments, would make each other miss their deadlines on two cores. xdist's own answer, `loadgroup`,
hangs for ever when a worker dies; a lock beside the stealing scheduler does not, and the worker
that waits loses its other tests to the one that works.
"""

import fcntl
import os
from collections.abc import Generator
from pathlib import Path

import pytest

HEAVY = ("wordpress", "browser", "faults")

_TESTS = Path(__file__).parent


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outside of pytest-timeout: waiting is not running
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Holds the lock for the whole of a heavy test, its fixtures included."""
    if not any(item.get_closest_marker(marker) for marker in HEAVY):
        return (yield)
    folder = os.open(_TESTS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        return (yield)
    finally:
        os.close(folder)
