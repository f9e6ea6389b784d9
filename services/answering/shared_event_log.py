"""The event log of several processes: each answer is a Redis stream whose entries are its events.

The process that works on an answer writes its own log in memory, as a single process does, and
copies it to Redis as it grows. So Redis never holds an answer up, and when it goes away the copy
catches up with it later from what is in memory. Who follows in the same process reads there, who
follows in another one reads the stream. The number of an event is the number of its entry, which
Redis lets only rise: what a process writes that lost its answer to another is refused.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from contextvars import Context
from dataclasses import dataclass
from time import monotonic

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError, ResponseError

from documents.ids import PydanticObjectId
from services.answering.answer_news import AnswerNews, channel_of
from services.answering.event_json import event_from_json, event_to_json
from services.answering.event_log import (
    LogMissingError,
    LogSilentError,
    LogUnavailableError,
    check_goes_on,
)
from services.answering.events import ENDING_EVENTS, AnswerEvent
from services.answering.memory_event_log import BATCH_EVENTS, MemoryEventLog
from services.cancelling import cancel_and_wait, raise_if_cancelled

EVENT = b"e"
"""The field of an entry that holds the event."""

RETRIES = 2
RETRY_SECONDS = 0.05

BEGINNING = "0-1"
"""The number of a stream's first entry, below that of any event: there is a log, perhaps empty."""

Entries = list[tuple[bytes, dict[bytes, bytes]]]
"""Numbers and fields, as Redis gives them."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SharedLogTimes:
    """In seconds.

    Attributes:
        running: how long the log of an answer may last that nobody ends.
        ended: how long a log outlives its answer.
        look: how often a follower looks without news.
        silence: after how long without an event a follower asks whether the answer lives.
        window: the least between two writes of an answer; what comes meanwhile goes together.
        pause: before Redis is tried again.
        closing: how long a process that ends waits for what is still to be copied.
        answer: how long Redis may take for one command.
    """

    running: int = 3 * 3600
    ended: int = 300
    look: float = 1.0
    silence: float = 5.0
    window: float = 0.02
    pause: float = 0.5
    closing: float = 2.0
    answer: float = 3.0


def connect_redis(url: str, times: SharedLogTimes | None = None) -> Redis:
    """The client for a Redis at `redis://` or `rediss://`. It connects when it is first used.

    Raises:
        ValueError: it is no such address.
    """
    seconds = (times or SharedLogTimes()).answer
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=64,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        # A connection that Redis has closed meanwhile is made anew. What was written twice is
        # refused the second time, see `_Copy.write`.
        retry=Retry(ConstantBackoff(RETRY_SECONDS), RETRIES),
    )
    return Redis.from_pool(pool)


class SharedEventLog:
    """Logs of answers that any process may follow."""

    def __init__(self, redis: Redis, times: SharedLogTimes | None = None) -> None:
        self._redis = redis
        self._times = times or SharedLogTimes()
        self._local = MemoryEventLog()
        self._news = AnswerNews(redis)
        self._copying: dict[PydanticObjectId, asyncio.Task[None]] = {}
        self._copies: dict[PydanticObjectId, _Copy] = {}

    async def close(self) -> None:
        """Copy what is left, for a short time, and hang up."""
        if self._copying:
            await asyncio.wait(self._copying.values(), timeout=self._times.closing)
        for task in list(self._copying.values()):
            await cancel_and_wait(task)
        await self._news.close()
        await self._redis.aclose()

    async def open(self, answer_id: PydanticObjectId) -> None:
        """See `EventLog`."""
        await self._local.open(answer_id)
        if answer_id not in self._copying:
            # A context of its own: no deadline of the request that asked.
            task = asyncio.create_task(
                self._copy(answer_id), name=f"copy of {answer_id}", context=Context()
            )
            self._copying[answer_id] = task
            task.add_done_callback(lambda _: self._forget_copy(answer_id))

    async def append(self, answer_id: PydanticObjectId, events: Sequence[AnswerEvent]) -> None:
        """See `EventLog`."""
        await self._local.append(answer_id, events)

    async def leave(self, answer_id: PydanticObjectId) -> None:
        """See `EventLog`. The stream stays: whoever takes the answer over goes on in it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._times.closing):
                await self._copied(answer_id)
        await self._local.leave(answer_id)

    async def discard(self, answer_id: PydanticObjectId) -> None:
        """See `EventLog`. What Redis cannot be told now it forgets by itself after a while."""
        await self._local.discard(answer_id)
        if (task := self._copying.get(answer_id)) is not None:
            await cancel_and_wait(task)
        try:
            # In this order: a copy that another process begins anew meanwhile is either deleted
            # here, or finds that the answer is discarded.
            await self._redis.set(_discarded(answer_id), b"", ex=self._times.running)
            await self._redis.delete(_key(answer_id))
            await self._redis.publish(channel_of(answer_id), b"")
        except RedisError as error:
            log.warning("shared_log_not_discarded", problem=type(error).__name__)

    async def follow(
        self, answer_id: PydanticObjectId, after_seq: int
    ) -> AsyncGenerator[Sequence[AnswerEvent], None]:
        """See `EventLog`.

        Raises:
            LogUnavailableError: the answer is no answer of this process, and Redis is away.
        """
        here = self._local.holds(answer_id)
        source = self._local.follow if here else self._follow_stream
        async with aclosing(source(answer_id, after_seq)) as batches:
            async for batch in batches:
                yield batch

    async def followers(self, answer_id: PydanticObjectId) -> int:
        """See `EventLog`. Those in other processes are who listens for news of it there."""
        here = await self._local.followers(answer_id)
        try:
            [(_, elsewhere)] = await self._redis.pubsub_numsub(channel_of(answer_id))
        except RedisError:
            return 1
        return here + int(elsewhere)

    async def _copied(self, answer_id: PydanticObjectId) -> None:
        """Wait until followers elsewhere have what followers here have."""

        def is_behind() -> bool:
            copy = self._copies.get(answer_id)
            return copy is not None and copy.seq < self._local.last_seq(answer_id)

        while is_behind():  # noqa: ASYNC110 - Redis tells when it does
            await asyncio.sleep(self._times.window)

    def _forget_copy(self, answer_id: PydanticObjectId) -> None:
        self._copying.pop(answer_id, None)
        self._copies.pop(answer_id, None)

    async def _follow_stream(
        self, answer_id: PydanticObjectId, after_seq: int
    ) -> AsyncGenerator[Sequence[AnswerEvent], None]:
        try:
            async with self._news.of(answer_id) as news:
                heard_at = monotonic()
                while True:
                    news.clear()
                    batch = await self._read(answer_id, after_seq)
                    if batch:
                        after_seq, heard_at = batch[-1].seq, monotonic()
                        yield batch
                        if isinstance(batch[-1], ENDING_EVENTS):
                            return
                    elif await self._has_ended(answer_id, after_seq):
                        return
                    elif monotonic() - heard_at > self._times.silence:
                        raise LogSilentError(answer_id)
                    else:
                        raise_if_cancelled()
                        with suppress(TimeoutError):
                            await asyncio.wait_for(news.wait(), self._times.look)
        except RedisError as error:
            raise LogUnavailableError(type(error).__name__) from error

    async def _read(self, answer_id: PydanticObjectId, after_seq: int) -> Sequence[AnswerEvent]:
        """At most a batch of the events after a number.

        Raises:
            LogMissingError: the event after it is not there, and others are.
        """
        found: Entries = await self._redis.xrange(  # type: ignore[assignment]
            _key(answer_id), min=f"{after_seq + 1}-0", count=BATCH_EVENTS
        )
        batch = [event_from_json(fields[EVENT]) for _, fields in found]
        check_goes_on(batch, after_seq)
        return batch

    async def _has_ended(self, answer_id: PydanticObjectId, after_seq: int) -> bool:
        """Whether the last event was read already; False while more may come.

        Raises:
            LogMissingError: there is no log, or it ended before this number.
        """
        last: Entries = await self._redis.xrevrange(  # type: ignore[assignment]
            _key(answer_id), count=1
        )
        if not last:
            raise LogMissingError(answer_id)
        [(_, fields)] = last
        event = event_from_json(fields[EVENT]) if EVENT in fields else None
        if not isinstance(event, ENDING_EVENTS):
            return False
        if event.seq > after_seq:
            return False  # it came between the two questions
        if event.seq < after_seq:
            raise LogMissingError(answer_id)
        return True

    async def _copy(self, answer_id: PydanticObjectId) -> None:
        """Copy the log of an answer from memory to Redis until it has ended or is gone."""
        self._copies[answer_id] = copy = _Copy(self._redis, answer_id, self._times)
        while True:
            try:
                await copy.begin()
                async with aclosing(self._local.batches(answer_id, copy.seq)) as batches:
                    async for batch in batches:
                        await copy.write(batch)
                        if len(batch) < BATCH_EVENTS:
                            await asyncio.sleep(self._times.window)
                await copy.end()
            except LogMissingError:
                return
            except _StreamGoneError:
                continue
            except RedisError as error:
                log.warning("shared_log_behind", problem=type(error).__name__)
                raise_if_cancelled()
                await asyncio.sleep(self._times.pause)
            else:
                return


class _StreamGoneError(Exception):
    """Redis has forgotten the stream: it was started anew, or short of memory."""


class _Copy:
    """One answer's stream, as far as it was written from here."""

    def __init__(self, redis: Redis, answer_id: PydanticObjectId, times: SharedLogTimes) -> None:
        self.seq = 0
        self._redis = redis
        self._answer_id = answer_id
        self._key = _key(answer_id)
        self._times = times

    async def begin(self) -> None:
        """Let followers know that there is a log; from its first event on, if it is new.

        Raises:
            LogMissingError: the answer was discarded, by whichever process.
        """
        with suppress(ResponseError):  # it is there already
            await self._redis.xadd(self._key, {b"begun": b""}, id=BEGINNING)
            self.seq = 0
        await self._redis.expire(self._key, self._times.running)
        if await self._redis.exists(_discarded(self._answer_id)):
            await self._redis.delete(self._key)
            raise LogMissingError(self._answer_id)
        await self._tell()

    async def write(self, events: Sequence[AnswerEvent]) -> None:
        """Add events, but for those that are there.

        Raises:
            _StreamGoneError: there is no such stream any more.
        """
        # All or nothing: an event that Redis has no room for must not be left out before others.
        async with self._redis.pipeline(transaction=True) as pipeline:
            for event in events:
                pipeline.xadd(
                    self._key, {EVENT: event_to_json(event)}, id=f"{event.seq}-0", nomkstream=True
                )
            pipeline.publish(channel_of(self._answer_id), b"")
            written = await pipeline.execute(raise_on_error=False)
        for result in written[:-1]:
            if result is None:
                raise _StreamGoneError
            if isinstance(result, ResponseError) and "smaller" in str(result):
                continue  # written before, though we were not told, or another process is beyond it
            if isinstance(result, Exception):
                raise result
        self.seq = events[-1].seq

    async def end(self) -> None:
        """Keep the log of an ended answer for a while."""
        await self._redis.expire(self._key, self._times.ended)
        await self._tell()

    async def _tell(self) -> None:
        await self._redis.publish(channel_of(self._answer_id), b"")


def _key(answer_id: PydanticObjectId) -> str:
    return f"parlance:answer:{answer_id}"


def _discarded(answer_id: PydanticObjectId) -> str:
    """Says that an answer's log is not to come back; for as long as one may be written."""
    return f"parlance:discarded:{answer_id}"
