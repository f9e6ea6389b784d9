"""The event log of a single process.

An answer's events are one list that all followers share. A batch is at most 32 events, and between
two batches the loop gets its turn, so that one stream cannot starve another. A follower holds a
number and never a log: a log that is dropped is freed, however slow its followers are.
"""

import asyncio
from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from operator import attrgetter
from sys import getsizeof

from documents.ids import PydanticObjectId
from services.answering.event_log import LogMissingError, check_goes_on
from services.answering.events import ENDING_EVENTS, AnswerDelta, AnswerEvent

BATCH_EVENTS = 32

EVENT_BYTES = 120
"""What an event weighs beside its text: the object, its number, its place in the list."""

_seq_of = attrgetter("seq")


@dataclass(frozen=True, slots=True)
class KeptLogs:
    """Which logs of ended answers are kept; afterwards followers get the stored text.

    Attributes:
        seconds: how long a log outlives its answer.
        count: how many are kept at most.
        total_bytes: how much memory they may take together.
    """

    seconds: float = 300.0
    count: int = 10_000
    total_bytes: int = 64 * 1024 * 1024


class MemoryEventLog:
    """Logs of the answers that this process generates."""

    def __init__(self, kept: KeptLogs | None = None) -> None:
        self._kept = kept or KeptLogs()
        self._running: dict[PydanticObjectId, _Log] = {}
        self._ended: OrderedDict[PydanticObjectId, _Log] = OrderedDict()
        self._ended_bytes = 0
        self._followers: Counter[PydanticObjectId] = Counter()

    async def close(self) -> None:
        """Nothing: its memory goes with the process."""

    async def open(self, answer_id: PydanticObjectId) -> None:
        """See `EventLog`."""
        self._drop_old()
        if answer_id not in self._running:
            await self.discard(answer_id)
            self._running[answer_id] = _Log()

    async def append(self, answer_id: PydanticObjectId, events: Sequence[AnswerEvent]) -> None:
        """See `EventLog`."""
        log = self._running.get(answer_id)
        if log is None:
            raise LogMissingError(answer_id)
        log.add(events)
        if events and isinstance(events[-1], ENDING_EVENTS):
            self._keep(answer_id, self._running.pop(answer_id))
        log.wake()

    def holds(self, answer_id: PydanticObjectId) -> bool:
        """Whether there is a log of this answer."""
        return answer_id in self._running or answer_id in self._ended

    def last_seq(self, answer_id: PydanticObjectId) -> int:
        """The number of the last event of an answer that is being written; 0 for no such."""
        log = self._running.get(answer_id)
        return log.events[-1].seq if log and log.events else 0

    async def leave(self, answer_id: PydanticObjectId) -> None:
        """See `EventLog`."""
        await self.discard(answer_id)

    async def discard(self, answer_id: PydanticObjectId) -> None:
        """See `EventLog`."""
        if (log := self._running.pop(answer_id, None)) is not None:
            log.wake()
        if (log := self._ended.pop(answer_id, None)) is not None:
            self._ended_bytes -= log.weight

    async def follow(
        self, answer_id: PydanticObjectId, after_seq: int
    ) -> AsyncGenerator[Sequence[AnswerEvent], None]:
        """See `EventLog`."""
        self._followers[answer_id] += 1
        try:
            async with aclosing(self.batches(answer_id, after_seq)) as batches:
                async for batch in batches:
                    yield batch
        finally:
            self._followers[answer_id] -= 1
            if not self._followers[answer_id]:
                del self._followers[answer_id]

    async def batches(
        self, answer_id: PydanticObjectId, after_seq: int
    ) -> AsyncGenerator[Sequence[AnswerEvent], None]:
        """What `follow` gives, for a reader that counts as no follower."""
        while True:
            batch, news = self._look(answer_id, after_seq)
            if batch:
                after_seq = batch[-1].seq
                yield batch
                await asyncio.sleep(0)
            elif news is None:
                return
            else:
                await news.wait()

    async def followers(self, answer_id: PydanticObjectId) -> int:
        """See `EventLog`."""
        return self._followers[answer_id]

    def _look(
        self, answer_id: PydanticObjectId, after_seq: int
    ) -> tuple[Sequence[AnswerEvent], asyncio.Event | None]:
        """The next events, or what to wait for, or neither after the ending event.

        Raises:
            LogMissingError: see `follow`.
        """
        running = self._running.get(answer_id)
        log = running or self._ended.get(answer_id)
        if log is None:
            raise LogMissingError(answer_id)
        batch = log.after(after_seq)
        if not batch and running is None and log.events[-1].seq != after_seq:
            raise LogMissingError(answer_id)
        return batch, running.news if running else None

    def _keep(self, answer_id: PydanticObjectId, log: "_Log") -> None:
        log.ended_at = asyncio.get_running_loop().time()
        self._ended[answer_id] = log
        self._ended_bytes += log.weight
        self._drop_old()

    def _drop_old(self) -> None:
        """Drop logs of ended answers, those that ended first before the others."""
        horizon = asyncio.get_running_loop().time() - self._kept.seconds
        while self._ended:
            oldest = next(iter(self._ended.values()))
            if (
                oldest.ended_at > horizon
                and len(self._ended) <= self._kept.count
                and self._ended_bytes <= self._kept.total_bytes
            ):
                return
            self._ended.popitem(last=False)
            self._ended_bytes -= oldest.weight


class _Log:
    __slots__ = ("ended_at", "events", "news", "weight")

    def __init__(self) -> None:
        self.events: list[AnswerEvent] = []
        self.news = asyncio.Event()
        self.ended_at = 0.0
        self.weight = 0

    def add(self, events: Sequence[AnswerEvent]) -> None:
        self.events.extend(events)
        for event in events:
            self.weight += EVENT_BYTES
            if isinstance(event, AnswerDelta):
                self.weight += getsizeof(event.text)

    def wake(self) -> None:
        """Wake those who wait now; who comes later looks before waiting."""
        self.news.set()
        self.news.clear()

    def after(self, seq: int) -> Sequence[AnswerEvent]:
        """At most a batch of the events after a number.

        Raises:
            LogMissingError: the event after it was given out by a process that is gone.
        """
        index = bisect_right(self.events, seq, key=_seq_of)
        batch = self.events[index : index + BATCH_EVENTS]
        check_goes_on(batch, seq)
        return batch
