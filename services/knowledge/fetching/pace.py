"""One request at a time per host, and a pause between two."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from weakref import WeakValueDictionary


class Clock(Protocol):
    """Time, as an object, so that tests need not wait."""

    def now(self) -> float:
        """Seconds since some moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The real one."""

    def now(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See `Clock`."""
        await asyncio.sleep(seconds)


class PacedHost:
    """Who asks a host now, and from when on it may be asked again."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.free_at = 0.0


class Pace:
    """Shared by all runs of a process, so that two sources of one site do not ask it twice."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._hosts: WeakValueDictionary[str, PacedHost] = WeakValueDictionary()

    def host(self, name: str) -> PacedHost:
        """The state of one host; kept as long as somebody holds it."""
        return self._hosts.setdefault(name, PacedHost())

    @asynccontextmanager
    async def turn(self, host: PacedHost, delay_s: float) -> AsyncIterator[None]:
        """Wait for the host to be free, and keep it free for `delay_s` afterwards."""
        async with host.lock:
            await self.until_free(host)
            try:
                yield
            finally:
                host.free_at = max(host.free_at, self._clock.now() + delay_s)

    async def until_free(self, host: PacedHost) -> None:
        """Wait out the pause."""
        pause_s = host.free_at - self._clock.now()
        if pause_s > 0:
            await self._clock.sleep(pause_s)

    def leave_alone(self, host: PacedHost, seconds: float) -> None:
        """Nobody asks the host for so long."""
        host.free_at = max(host.free_at, self._clock.now() + seconds)
