"""Following what happens in a client's conversations, from any event on, across everything.

A follower holds a number and reads the next few events when it has room for them: a slow one costs
no memory and is never waited for. One watcher per process hears from the database whose events were
stored, by whichever process, and wakes the feed of that client; should it fall silent, the feeds
look by themselves.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from contextvars import Context

import structlog

from documents.base import utc_now
from documents.database.driver import operation_deadline
from documents.errors import DatabaseUnavailableError, is_unavailable, reporting_unavailability
from documents.ids import PydanticObjectId
from documents.live_events import KEPT, LiveEvent, events_between, inserted_clients
from documents.tenancy import TenantScope
from services.cancelling import cancel_and_wait, raise_if_cancelled
from services.live.feed import ClientFeed, Follower
from services.live.limits import DEFAULT_LIVE_LIMITS, LiveLimits
from services.live.wanted import Wanted

log = structlog.get_logger()


class CannotGoOnError(LookupError):
    """What came after an event is not known any more: whoever follows must read everything anew."""


class Live:
    """The followers of this process."""

    def __init__(self, limits: LiveLimits = DEFAULT_LIVE_LIMITS) -> None:
        self._limits = limits
        self._feeds: dict[str, tuple[ClientFeed, asyncio.Task[None]]] = {}
        self._wanted = asyncio.Event()
        self._watching = False

    @property
    def followers(self) -> int:
        """How many follow in this process."""
        return sum(len(feed.followers) for feed, _ in self._feeds.values())

    async def follow(
        self, client_id: str, wanted: Wanted, after: PydanticObjectId | None
    ) -> AsyncGenerator[LiveEvent, None]:
        """The events after one, or from now on, without end.

        While the database is away nothing comes; afterwards it goes on where it was.

        Raises:
            CannotGoOnError: the event is unknown or was too long ago, or the client began anew.
        """
        async with self._joined(client_id, wanted) as (feed, follower):
            await feed.started.wait()
            seq = feed.horizon if after is None else await self._seq_of(client_id, after)
            while True:
                raise_if_cancelled()
                follower.news.clear()
                if feed.began_anew:
                    raise CannotGoOnError(client_id)
                seq, page = await self._page(feed, wanted, seq)
                for event in page:
                    yield event
                if not page and seq >= feed.horizon:
                    await follower.news.wait()

    async def run(self) -> None:
        """Wake followers when something is stored, until cancelled."""
        while True:
            await self._wanted.wait()
            try:
                async with aclosing(inserted_clients()) as clients:
                    async for client_id in clients:
                        raise_if_cancelled()
                        self._watching = True
                        self._wake(client_id)
            except Exception as error:
                # The feeds look by themselves meanwhile.
                if not is_unavailable(error):
                    log.exception("live_watch_broken")
            self._watching = False
            raise_if_cancelled()
            await asyncio.sleep(self._limits.pause_s)

    async def close(self) -> None:
        """End all feeds; followers that are left get nothing any more."""
        for _, task in list(self._feeds.values()):
            await cancel_and_wait(task)

    def _wake(self, client_id: str | None) -> None:
        """Wake the feed of a client; None means that anything may have happened."""
        for feed, _ in self._feeds.values():
            if client_id in {None, feed.client_id}:
                feed.wake()

    def _look_s(self) -> float:
        return self._limits.look_s if self._watching else self._limits.look_unwatched_s

    @asynccontextmanager
    async def _joined(
        self, client_id: str, wanted: Wanted
    ) -> AsyncIterator[tuple[ClientFeed, Follower]]:
        self._wanted.set()
        feed, task = self._feeds.get(client_id) or self._begun(client_id)
        if feed.began_anew:
            feed, task = self._begun(client_id)
        follower = Follower(wanted)
        feed.followers.add(follower)
        try:
            yield feed, follower
        finally:
            feed.followers.discard(follower)
            if not feed.followers:
                if self._feeds.get(client_id) == (feed, task):
                    del self._feeds[client_id]
                task.cancel()

    def _begun(self, client_id: str) -> tuple[ClientFeed, asyncio.Task[None]]:
        feed = ClientFeed(client_id, self._limits, self._look_s)
        # A context of its own: the feed outlives the request that first asked for it.
        task = asyncio.create_task(feed.run(), name=f"live {client_id}", context=Context())
        self._feeds[client_id] = feed, task
        return feed, task

    async def _seq_of(self, client_id: str, event_id: PydanticObjectId) -> int:
        """The number of an event.

        Raises:
            CannotGoOnError: see `follow`.
        """
        events = TenantScope.one(client_id).of(LiveEvent)
        while True:
            try:
                with reporting_unavailability(), operation_deadline(self._limits.operation_s):
                    event = await events.get(event_id)
            except DatabaseUnavailableError:
                await self._pause()
                continue
            if event is None or event.created_at <= utc_now() - KEPT:
                raise CannotGoOnError(event_id)
            return event.seq

    async def _page(
        self, feed: ClientFeed, wanted: Wanted, seq: int
    ) -> tuple[int, Sequence[LiveEvent]]:
        """The next events, and how far there are no others."""
        # A visitor's events have an index of their own; others are looked for among all.
        window = self._limits.window if wanted.visitor_id is None else feed.horizon
        until = min(feed.horizon, seq + window)
        if until <= seq:
            return seq, ()
        try:
            with reporting_unavailability(), operation_deadline(self._limits.operation_s):
                found = await events_between(
                    feed.client_id,
                    seq,
                    until,
                    limit=self._limits.page,
                    condition=wanted.condition(),
                )
        except DatabaseUnavailableError:
            await self._pause()
            return seq, ()
        reached = found[-1].seq if len(found) == self._limits.page else until
        return reached, [one for one in found if wanted.includes(one)]

    async def _pause(self) -> None:
        raise_if_cancelled()
        await asyncio.sleep(self._limits.pause_s)
