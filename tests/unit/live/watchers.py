"""Followers and changes in tests of live events: each `Live` stands for a server process."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.live_events import LIVE_EVENT_KINDS, LiveEvent, LiveEventKind
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.live.feed import ClientFeed
from services.live.following import Live
from services.live.limits import LiveLimits
from services.live.publishing import News, publish
from services.live.wanted import Wanted

PATIENCE_SECONDS = 20.0
QUICK = LiveLimits(page=3, window=7, hole_s=0.2, look_s=0.5, look_unwatched_s=0.05, pause_s=0.05)
EVERYTHING = Wanted(kinds=tuple(kind for kind in LIVE_EVENT_KINDS if kind != "nothing"))


@dataclass(frozen=True)
class Tenant:
    """A client of the test's own with one chatbot."""

    database: Database
    client_id: str
    chatbot_id: PydanticObjectId

    @classmethod
    def new(cls, database: Database) -> "Tenant":
        return cls(database, f"client-{uuid4().hex[:8]}", PydanticObjectId())

    async def happened(
        self,
        kind: LiveEventKind = "answer_created",
        *,
        visitor_id: PydanticObjectId | None = None,
        conversation_id: PydanticObjectId | None = None,
        chatbot_id: PydanticObjectId | None = None,
    ) -> PydanticObjectId:
        """Something happened; the id of the message, by which a test knows it again."""
        message_id = PydanticObjectId()
        news = News(kind, chatbot_id or self.chatbot_id, visitor_id, conversation_id, message_id)
        await self.database.run_transaction(
            lambda session: publish(self.client_id, news, session=session)
        )
        return message_id


@asynccontextmanager
async def process(limits: LiveLimits = QUICK, *, watching: bool = True) -> AsyncIterator[Live]:
    """A server process as far as following is concerned."""
    live = Live(limits)
    watch = asyncio.create_task(live.run()) if watching else None
    try:
        yield live
    finally:
        await live.close()
        if watch is not None:
            watch.cancel()
            await asyncio.wait((watch,))


class Watcher:
    """One follower, read event by event."""

    def __init__(self, events: AsyncGenerator[LiveEvent, None]) -> None:
        self._events = events

    async def next(self, count: int = 1) -> list[LiveEvent]:
        """So many more events; it fails rather than hang."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return [await anext(self._events) for _ in range(count)]

    async def next_messages(self, count: int = 1) -> Sequence[PydanticObjectId | None]:
        """Likewise, by what `happened` gave."""
        return [one.message_id for one in await self.next(count)]


@asynccontextmanager
async def following(
    live: Live,
    tenant: Tenant,
    wanted: Wanted = EVERYTHING,
    after: PydanticObjectId | None = None,
) -> AsyncIterator[Watcher]:
    """A follower that is there when the block begins."""
    async with aclosing(live.follow(tenant.client_id, wanted, after)) as events:
        if after is not None:
            yield Watcher(events)
            return
        before = live.followers
        first = asyncio.ensure_future(anext(events))
        await until(lambda: live.followers > before and feed_of(live, tenant).started.is_set())
        try:
            yield Watcher(_with_first(first, events))
        finally:
            first.cancel()
            await asyncio.wait((first,))


def feed_of(live: Live, tenant: Tenant) -> ClientFeed:
    return live._feeds[tenant.client_id][0]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so that nobody announces."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def _with_first(
    first: "asyncio.Future[LiveEvent]", events: AsyncGenerator[LiveEvent, None]
) -> AsyncGenerator[LiveEvent, None]:
    yield await first
    async for event in events:
        yield event


async def taking_a_number(tenant: Tenant, session: WriteSession, seq: int) -> PydanticObjectId:
    """Store an event under a number that was taken before."""
    message_id = PydanticObjectId()
    event = LiveEvent(
        client_id=tenant.client_id, seq=seq, kind="answer_created", message_id=message_id
    )
    await TenantScope.one(tenant.client_id).of(LiveEvent).insert(event, session=session)
    return message_id
