"""The event log of a single process.

An answer's events are one list that all followers share. A batch is at most 32 events, and between
two batches the loop gets its turn, so that one stream cannot starve another.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence

from documents.ids import PydanticObjectId
from services.answering.event_log import LogMissingError
from services.answering.events import ENDING_EVENTS, AnswerEvent, AnswerRestarted

BATCH_EVENTS = 32
KEPT_SECONDS = 300.0
"""How long a log outlives its answer; afterwards followers get the stored text."""

KEPT_LOGS = 10_000


class _Log:
    __slots__ = ("discarded", "ended_at", "events", "news")

    def __init__(self) -> None:
        self.events: list[AnswerEvent] = []
        self.news: asyncio.Future[None] | None = None
        self.ended_at: float | None = None
        self.discarded = False

    def wake(self) -> None:
        if self.news is not None and not self.news.done():
            self.news.set_result(None)
        self.news = None

    async def wait(self) -> None:
        if self.news is None:
            self.news = asyncio.get_running_loop().create_future()
        await asyncio.shield(self.news)

    def index_after(self, seq: int) -> int:
        """Where the first event after `seq` stands; numbers only ever grow."""
        if not self.events:
            return 0
        first = self.events[0].seq
        index = max(0, min(seq - first + 1, len(self.events)))
        while index > 0 and self.events[index - 1].seq > seq:
            index -= 1
        return index


class MemoryEventLog:
    """Logs of the answers that this process generates."""

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._logs: OrderedDict[PydanticObjectId, _Log] = OrderedDict()

    async def open(self, answer_id: PydanticObjectId) -> None:
        """See `EventLog`."""
        self._forget_old()
        self._logs.setdefault(answer_id, _Log())

    async def append(self, answer_id: PydanticObjectId, events: Sequence[AnswerEvent]) -> None:
        """See `EventLog`."""
        log = self._logs.get(answer_id)
        if log is None:
            raise LogMissingError(answer_id)
        log.events.extend(events)
        if events and isinstance(events[-1], ENDING_EVENTS):
            log.ended_at = asyncio.get_running_loop().time()
        log.wake()

    async def discard(self, answer_id: PydanticObjectId) -> None:
        """See `EventLog`."""
        log = self._logs.pop(answer_id, None)
        if log is not None:
            log.discarded = True
            log.wake()

    async def follow(
        self, answer_id: PydanticObjectId, after_seq: int
    ) -> AsyncGenerator[Sequence[AnswerEvent], None]:
        """See `EventLog`."""
        log = self._logs.get(answer_id)
        if log is None:
            raise LogMissingError(answer_id)
        index = log.index_after(after_seq)
        _check_reach(log, index, after_seq)
        while True:
            if log.discarded:
                raise LogMissingError(answer_id)
            if index == len(log.events):
                if log.ended_at is not None:
                    return
                await log.wait()
                continue
            batch = log.events[index : index + BATCH_EVENTS]
            index += len(batch)
            yield batch
            await asyncio.sleep(0)

    def _forget_old(self) -> None:
        """Drop logs whose answers ended long ago, oldest first."""
        horizon = asyncio.get_running_loop().time() - self._kept_seconds
        for answer_id, log in list(self._logs.items()):
            full = len(self._logs) > KEPT_LOGS
            if log.ended_at is None:
                continue
            if log.ended_at > horizon and not full:
                break
            del self._logs[answer_id]


def _check_reach(log: _Log, index: int, after_seq: int) -> None:
    """Refuse a position from which the next event would be missing.

    Raises:
        LogMissingError: the event after `after_seq` was given out by a process that is gone.
    """
    if index < len(log.events):
        first = log.events[index]
        if first.seq != after_seq + 1 and not isinstance(first, (AnswerRestarted, *ENDING_EVENTS)):
            raise LogMissingError(after_seq)
