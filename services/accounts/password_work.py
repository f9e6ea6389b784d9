"""Where bcrypt runs: threads of its own, with a waiting line of bounded length.

A password takes a fifth of a second of one core. On the threads that everything else shares, a
few sign-ins at once would make name look-ups and files wait, and hundreds would make each other
wait for minutes. Here they wait for each other only, and whoever would have to wait too long is
refused at once. The threads yield to the event loop: the system gives them what it leaves over.
"""

import asyncio
import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

SECONDS_EACH = 0.25
"""About how long one password takes, to tell somebody when to come again."""

NICENESS = 10
"""How far the threads stand back behind the rest of the process, where the system knows of that."""


class TooBusyError(Exception):
    """The waiting line is full.

    Attributes:
        seconds: After how long the line will have become shorter.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many passwords are being checked; try again in {seconds} s")
        self.seconds = seconds


class PasswordWork:
    """Threads for passwords.

    Args:
        threads: How many passwords are worked on at a time; None for one on each core.
        waiting: How many more may wait.
    """

    def __init__(self, threads: int | None = None, waiting: int = 50) -> None:
        self._threads = threads or usable_cores()
        self._waiting = waiting
        self._places = threading.BoundedSemaphore(self._threads + waiting)
        self._pool = ThreadPoolExecutor(self._threads, "passwords", initializer=_stand_back)

    def check_room(self) -> None:
        """Refuse when there is no place now.

        Raises:
            TooBusyError: there is none.
        """
        self._take_place()
        self._places.release()

    async def run(
        self,
        work: Callable[Parameters, Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        """Do a piece of work on one of the threads.

        Raises:
            TooBusyError: all threads are at work and the waiting line is full.
        """
        self._take_place()
        try:
            future = self._pool.submit(work, *args, **kwargs)
        except BaseException:
            self._places.release()
            raise
        # When the work has ended, or was given up before it began: not when its caller has gone.
        future.add_done_callback(self._leave_place)
        return await asyncio.wrap_future(future)

    def _take_place(self) -> None:
        if not self._places.acquire(blocking=False):
            raise TooBusyError(max(1, math.ceil(self._waiting * SECONDS_EACH / self._threads / 2)))

    def _leave_place(self, _done: Future[Result]) -> None:
        self._places.release()


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _stand_back() -> None:
    """Lower the priority of this thread: on Linux each thread has its own."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
