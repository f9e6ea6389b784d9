"""The kernel's timers end a process that has closed its ears, also without the application."""

import os
import signal
import time
from typing import Any

from services.hooks.sandbox.inside.kernel.timers import Deadlines

FAR = 1000.0


def ended_by(clocks: dict[str, float], *, busy: bool) -> int:
    """The signal that ends a child with these clocks; it ignores all signals it can."""
    pid = os.fork()
    if pid == 0:
        _be_deaf(clocks, busy=busy)
    _, status = os.waitpid(pid, 0)
    return os.WTERMSIG(status)


def _be_deaf(clocks: dict[str, float], *, busy: bool) -> None:
    try:
        deadlines = Deadlines(signal.SIGUSR2)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        given: Any = {"cpu_tell": FAR, "wall_tell": FAR, "cpu": FAR, "wall": FAR, **clocks}
        deadlines.start(**given)
        while busy:
            pass
        time.sleep(FAR)
    finally:
        os._exit(0)


def test_a_process_that_computes_is_killed_by_its_cpu() -> None:
    assert ended_by({"cpu": 0.1}, busy=True) == signal.SIGKILL


def test_a_process_that_sleeps_is_killed_by_the_wall_clock() -> None:
    assert ended_by({"wall": 0.1}, busy=False) == signal.SIGKILL
