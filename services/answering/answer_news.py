"""Wakes those who follow an answer that another process writes, by Redis' publish and subscribe.

One connection a process, and a channel for each answer that somebody follows here. News hold
nothing: whoever is woken reads the log from where they are. News that get lost with a connection
delay a follower until the next look and lose nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from documents.ids import PydanticObjectId
from services.cancelling import cancel_and_wait, raise_if_cancelled

LISTENING_SECONDS = 5.0
"""How long one wait for news lasts."""

PAUSE_SECONDS = 0.5
"""Before Redis is listened to again when it went away."""

log = structlog.get_logger()


def channel_of(answer_id: PydanticObjectId) -> str:
    """Where it is told that the log of an answer has grown, or is gone."""
    return f"parlance:news:{answer_id}"


class AnswerNews:
    """The answers that are followed here."""

    def __init__(self, redis: Redis) -> None:
        self._pubsub: PubSub = redis.pubsub(ignore_subscribe_messages=True)
        self._followers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._somebody_follows = asyncio.Event()
        self._changing = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def of(self, answer_id: PydanticObjectId) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever there is news of an answer.

        Raises:
            RedisError: Redis cannot be reached.
        """
        channel, news = channel_of(answer_id), asyncio.Event()
        await self._join(channel, news)
        try:
            yield news
        finally:
            await self._leave(channel, news)

    async def close(self) -> None:
        """Listen no more."""
        if self._listening is not None:
            await cancel_and_wait(self._listening)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _join(self, channel: str, news: asyncio.Event) -> None:
        async with self._changing:
            if channel not in self._followers:
                await self._pubsub.subscribe(channel)
            self._followers[channel].add(news)
            self._somebody_follows.set()
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="answer news")

    async def _leave(self, channel: str, news: asyncio.Event) -> None:
        async with self._changing:
            self._followers[channel].discard(news)
            if self._followers[channel]:
                return
            del self._followers[channel]
            if not self._followers:
                self._somebody_follows.clear()
            try:
                await self._pubsub.unsubscribe(channel)
            except RedisError:
                return  # nobody is subscribed to a server that is gone

    async def _listen(self) -> None:
        while True:
            await self._somebody_follows.wait()
            try:
                message = await self._pubsub.get_message(timeout=LISTENING_SECONDS)
            except (RedisError, RuntimeError):
                # RuntimeError: the last follower has left at this moment.
                self._wake_all()
                raise_if_cancelled()
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                if message is not None:
                    self._wake(message["channel"].decode())

    def _wake(self, channel: str) -> None:
        for news in self._followers.get(channel, ()):
            news.set()

    def _wake_all(self) -> None:
        for channel in self._followers:
            self._wake(channel)
