"""How far one client's events can be read without a gap, and who waits for which of them.

One feed per client and process, while it has followers: an event is looked at once here, however
many follow, and wakes only those whom it concerns.
"""

import asyncio
from collections.abc import Callable, Iterator
from time import monotonic

import structlog

from documents.database.driver import operation_deadline
from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.live_events import (
    FOR_ALL_VISITORS,
    LiveEvent,
    close_numbers,
    events_between,
    last_number,
)
from services.cancelling import raise_if_cancelled
from services.live.limits import LiveLimits
from services.live.settling import settled
from services.live.wanted import Wanted

EVENTS_AT_ONCE = 500

log = structlog.get_logger()


class Follower:
    """Somebody who waits; holds a wish and no events."""

    __slots__ = ("news", "wanted")

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.news = asyncio.Event()


class Followers:
    """Those who wait for events of a client, by the visitor whose events they want."""

    def __init__(self) -> None:
        self._by_visitor: dict[PydanticObjectId | None, set[Follower]] = {}

    def __len__(self) -> int:
        return sum(len(some) for some in self._by_visitor.values())

    def __iter__(self) -> Iterator[Follower]:
        return (one for some in self._by_visitor.values() for one in some)

    def add(self, follower: Follower) -> None:
        """Let somebody wait."""
        self._by_visitor.setdefault(follower.wanted.visitor_id, set()).add(follower)

    def discard(self, follower: Follower) -> None:
        """Let somebody go."""
        some = self._by_visitor.get(follower.wanted.visitor_id, set())
        some.discard(follower)
        if not some:
            self._by_visitor.pop(follower.wanted.visitor_id, None)

    def concerned(self, event: LiveEvent) -> Iterator[Follower]:
        """Who may want an event; of ten thousand open widgets two or three."""
        if event.visitor_id is None and event.kind in FOR_ALL_VISITORS:
            yield from self
            return
        for visitor_id in {event.visitor_id, None}:
            yield from self._by_visitor.get(visitor_id, ())


class ClientFeed:
    """The events of one client."""

    def __init__(self, client_id: str, limits: LiveLimits, look_s: Callable[[], float]) -> None:
        """`look_s` tells how long to wait at most before looking without being woken."""
        self.client_id = client_id
        self.followers = Followers()
        self.started = asyncio.Event()
        self.began_anew = False
        self.horizon = 0
        self._limits = limits
        self._look_s = look_s
        self._woken = asyncio.Event()
        self._hole_since: float | None = None

    def wake(self) -> None:
        """There may be news."""
        self._woken.set()

    async def run(self) -> None:
        """Look for news until cancelled, or until the client's events began anew."""
        woken = False
        while not self.began_anew:
            pause = self._limits.pause_s
            try:
                with operation_deadline(self._limits.operation_s):
                    pause = await self._looked(woken=woken)
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("live_feed_failed", client_id=self.client_id)
            raise_if_cancelled()
            woken = await self._woken_within(pause)

    async def _looked(self, *, woken: bool) -> float:
        """Look once; how long to wait at most before the next look."""
        if not self.started.is_set():
            await self._start()
        elif not woken:
            await self._check_begun_anew()
        while await self._advanced():
            raise_if_cancelled()
        if self._hole_since is None:
            return self._look_s()
        return self._limits.hole_s / 2

    async def _start(self) -> None:
        """Begin after what has happened; no earlier number can get an event any more."""
        self.horizon = await settled(self.client_id)
        self.started.set()

    async def _check_begun_anew(self) -> None:
        """A client that was deleted and made again counts from 1: nobody can go on with that."""
        if await last_number(self.client_id) < self.horizon:
            self.began_anew = True
            for one in self.followers:
                one.news.set()

    async def _advanced(self) -> bool:
        """Go on over what follows without a hole; whether there may be more."""
        found = await events_between(self.client_id, self.horizon, None, limit=EVENTS_AT_ONCE)
        reached = self.horizon
        for event in found:
            if event.seq != reached + 1:
                break
            reached = event.seq
            self._tell(event)
        moved, self.horizon = reached > self.horizon, reached
        after_hole = next((one.seq for one in found if one.seq > reached), None)
        if after_hole is None:
            self._hole_since = None
            return len(found) == EVENTS_AT_ONCE
        if moved or self._hole_since is None:
            self._hole_since = monotonic()
        if monotonic() - self._hole_since < self._limits.hole_s:
            return False
        last = min(after_hole - 1, reached + self._limits.hole_numbers)
        await close_numbers(self.client_id, range(reached + 1, last + 1))
        self._hole_since = None
        return True

    def _tell(self, event: LiveEvent) -> None:
        for one in self.followers.concerned(event):
            if not one.news.is_set() and one.wanted.includes(event):
                one.news.set()

    async def _woken_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True
