"""Writes one answer: numbers its events, keeps its text, and stores both about once a second.

The number of an event is given out only while it is below a ceiling that is stored already. So a
process that dies leaves a number behind that nobody can have seen yet, and the next one goes on
above it.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from documents.database.driver import operation_deadline
from documents.errors import DatabaseUnavailableError, reporting_unavailability
from documents.messages import Message
from services.answering.event_log import EventLog
from services.answering.events import AnswerDelta, AnswerEvent
from services.answering.leases import Lease, LeaseLostError
from services.answering.limits import Limits
from services.answering.telling import tell_end
from services.answering.whole_characters import WholeCharacters
from services.cancelling import raise_if_cancelled
from services.conversations.words import message_words

EVENTS_PER_TURN = 32
"""After so many deltas the event loop gets its turn, also when the model never waits."""

QUICK_CHARACTERS = 4_000
"""A text of this length is made into words in a millisecond or two, without a thread's help."""

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0

log = structlog.get_logger()


async def words_of(answer: Message, text: str) -> list[str]:
    """The words by which an answer with this text is found; nobody looks for a preview's."""
    if answer.preview_until is not None:
        return []
    if len(text) <= QUICK_CHARACTERS:
        return message_words(text)
    return await asyncio.to_thread(message_words, text)


class TurnOverError(Exception):
    """A turn that was ended wants to go on, because its provider cannot be closed for instance."""


class AnswerWriter:
    """The one writer of an answer in this process."""

    def __init__(
        self,
        answer: Message,
        lease: Lease,
        event_log: EventLog,
        limits: Limits,
        *,
        last_seq: int,
        on_stop: Callable[[], None],
    ) -> None:
        """Write events after `last_seq`; `on_stop` is called when the visitor wants no more."""
        self.answer = answer
        self._lease = lease
        self._log = event_log
        self._limits = limits
        self._on_stop = on_stop
        self._seq = last_seq
        self._ceiling = answer.stream.seq_ceiling if answer.stream else 0
        self._characters = WholeCharacters()
        self._text = ""
        self._fresh: list[str] = []
        self._stored_text: str | None = ""
        # Two writes on two connections may arrive in either order.
        self._one_write = asyncio.Lock()
        self._closed = False
        self._end_published = False

    @property
    def text(self) -> str:
        """The text so far."""
        if self._fresh:
            self._text += "".join(self._fresh)
            self._fresh.clear()
        return self._text

    @property
    def end_published(self) -> bool:
        """Whether followers got the last event."""
        return self._end_published

    async def event(self, make: Callable[[int], AnswerEvent]) -> None:
        """Publish the event that `make` builds from its number.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            TurnOverError: the turn was ended.
        """
        seq = await self._next_seq()
        await self._log.append(self.answer.id, [make(seq)])

    async def delta(self, piece: str) -> None:
        """Publish more text.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            TurnOverError: the turn was ended.
        """
        text = self._characters.of(piece)
        if not text:
            return
        # The number first: a turn that is stopped while it waits for one must not leave text
        # behind that no event carries.
        seq = await self._next_seq()
        self._fresh.append(text)
        await self._log.append(self.answer.id, [AnswerDelta(seq, text)])
        if seq % EVENTS_PER_TURN == 0:
            await asyncio.sleep(0)

    async def keep_storing(self) -> None:
        """Store text, ceiling and lease about once a second until cancelled.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
        """
        while True:
            await asyncio.sleep(self._limits.store_interval_s)
            raise_if_cancelled()
            try:
                await self.store()
            except LeaseLostError:
                raise
            except DatabaseUnavailableError:
                log.warning("answer_not_stored")
            except Exception:
                # The answer goes on; if this lasts, the lease lapses and somebody else tries.
                log.exception("answer_not_storable")

    async def store(self) -> None:
        """Store the text so far, keep the lease, and raise the ceiling.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            DatabaseUnavailableError: the database cannot be reached now; try again.
        """
        async with self._one_write:
            text, changes = self.text, {}
            if text != self._stored_text:
                changes["content"] = text
            self._stored_text = None  # unknown until there is an answer
            ceiling = self._seq + self._limits.ceiling_block
            stop_requested = await self._lease.renew(changes, ceiling=ceiling)
            self._stored_text = text
            self._ceiling = max(self._ceiling, ceiling)
        if stop_requested:
            self._on_stop()

    async def finish(self, fields: Mapping[str, Any], make: Callable[[int], AnswerEvent]) -> None:
        """Store the end of the answer, then publish it; in this order, so that it is true.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            TimeoutError: the database stayed away for `final_store_s`.
        """
        async with asyncio.timeout(self._limits.final_store_s):
            self.close()
            seq = await self._next_seq(of_the_end=True)
            text, words = self.text, await words_of(self.answer, self.text)
            ended = await self._until_ended(seq, {"content": text, "words": words, **fields})
        await self._log.append(self.answer.id, [make(seq)])
        self._end_published = True
        await self._tell_end(ended)

    async def hand_over(self) -> None:
        """Store how far the answer got and let go of the lease, for the next process.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            DatabaseUnavailableError: the database cannot be reached now.
        """
        self.close()
        async with self._one_write:
            await self._lease.let_go({"content": self.text, "stream.seq_ceiling": self._seq})

    def close(self) -> None:
        """Take no more from the turn; what is left is to `finish` or to `hand_over`."""
        self._closed = True

    async def _tell_end(self, ended: Message) -> None:
        """Followers of the answer have its end; now those who watch the conversation."""
        try:
            with reporting_unavailability(), operation_deadline(self._limits.operation_s):
                await tell_end(ended)
        except DatabaseUnavailableError:
            log.warning("answer_end_not_told")  # somebody else will

    async def _until_ended(self, seq: int, changes: Mapping[str, Any]) -> Message:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                async with self._one_write:
                    return await self._lease.end(seq, changes)
            except DatabaseUnavailableError:
                log.warning("answer_end_not_stored")
                raise_if_cancelled()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _next_seq(self, *, of_the_end: bool = False) -> int:
        """The next number, once it is sure that no successor can use it too."""
        while self._seq >= self._ceiling:
            raise_if_cancelled()
            try:
                await self.store()
            except DatabaseUnavailableError:
                await asyncio.sleep(self._limits.store_interval_s)
        if self._closed and not of_the_end:
            raise TurnOverError(self.answer.id)
        self._seq += 1
        return self._seq
