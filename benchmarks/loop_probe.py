"""Sees how long an event loop was held up: a task that wants to run every two milliseconds.

Two looks at each delay. By the clock on the wall it is what the followers of a stream wait, the
machine's other work included. By the CPU time of the loop's thread it is the work that the process
itself did in between, however busy the machine is.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

PROBE_PATH = "/loop-probe"
TICK_S = 0.002


class LoopProbe:
    """The longest delay since it was last asked."""

    def __init__(self) -> None:
        self.wall_s = self.cpu_s = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        wall, cpu = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(TICK_S)
            now_wall, now_cpu = time.perf_counter(), time.thread_time()
            self.wall_s = max(self.wall_s, now_wall - wall - TICK_S)
            self.cpu_s = max(self.cpu_s, now_cpu - cpu)
            wall, cpu = now_wall, now_cpu

    def take(self) -> dict[str, float]:
        """Return the longest delays, and begin anew."""
        seen = {"wall_s": self.wall_s, "cpu_s": self.cpu_s}
        self.wall_s = self.cpu_s = 0.0
        return seen


def watch_loop(application: FastAPI) -> None:
    """Watch the loop that runs the application, and tell at PROBE_PATH."""
    probe = LoopProbe()
    inner = application.router.lifespan_context
    application.add_api_route(PROBE_PATH, probe.take)

    @asynccontextmanager
    async def watched(running: FastAPI) -> AsyncGenerator[None, None]:
        async with inner(running):
            watching = asyncio.create_task(probe.watch())
            try:
                yield
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching

    application.router.lifespan_context = watched
