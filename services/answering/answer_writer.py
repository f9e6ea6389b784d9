"""Writes one answer: numbers its events, keeps its text, and stores both about once a second.

The number of an event is given out only while it is below a ceiling that is stored already. So a
process that dies leaves a number behind that nobody can have seen yet, and the next one goes on
above it.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from documents.base import utc_now
from documents.errors import DatabaseUnavailableError, reporting_unavailability
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.event_log import EventLog
from services.answering.events import AnswerDelta, AnswerEvent

STORE_INTERVAL_SECONDS = 1.0
LEASE = timedelta(seconds=10)
"""How long an answer counts as being worked on after the last sign of life."""

CEILING_BLOCK = 4096
"""How many event numbers are reserved at once."""

FINAL_STORE_PATIENCE_SECONDS = 120.0
"""How long the end of an answer waits for a database that went away."""

Event = TypeVar("Event", bound=AnswerEvent)
log = structlog.get_logger()


class LeaseLostError(Exception):
    """Somebody else works on this answer now, or it was ended or erased meanwhile."""


class AnswerWriter:
    """The one writer of an answer in this process."""

    def __init__(
        self,
        answer: Message,
        *,
        owner: str,
        event_log: EventLog,
        last_seq: int,
        on_stop: Callable[[], None],
    ) -> None:
        """Write events after `last_seq`; `on_stop` is called when the visitor wants no more."""
        self.answer = answer
        self.text = ""
        self._owner = owner
        self._log = event_log
        self._seq = last_seq
        self._ceiling = answer.stream.seq_ceiling if answer.stream else 0
        self._stored_text = ""
        self._on_stop = on_stop

    @property
    def last_seq(self) -> int:
        """The highest number given out."""
        return self._seq

    async def event(self, make: Callable[[int], AnswerEvent]) -> None:
        """Publish the event that `make` builds from its number."""
        await self._log.append(self.answer.id, [make(await self._next_seq())])

    async def delta(self, text: str) -> None:
        """Publish more text."""
        if text:
            self.text += text
            await self._log.append(self.answer.id, [AnswerDelta(await self._next_seq(), text)])

    async def restart(self, make: Callable[[int], AnswerEvent]) -> None:
        """Publish a restart: the text begins anew."""
        self.text = ""
        await self.event(make)

    async def keep_storing(self) -> None:
        """Store text, ceiling and lease about once a second until cancelled.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
        """
        while True:
            await asyncio.sleep(STORE_INTERVAL_SECONDS)
            try:
                await self.store()
            except DatabaseUnavailableError:
                log.warning("answer_not_stored", answer_id=str(self.answer.id))

    async def store(self) -> None:
        """Store the text so far, keep the lease, and raise the ceiling.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            DatabaseUnavailableError: the database cannot be reached now; try again.
        """
        text = self.text
        changes: dict[str, Any] = {"stream.lease_until": utc_now() + LEASE}
        if text != self._stored_text:
            changes["content"] = text
        ceiling = max(self._ceiling, self._seq + CEILING_BLOCK)
        changes["stream.seq_ceiling"] = ceiling
        stored = await self._update({"$set": changes})
        self._stored_text, self._ceiling = text, ceiling
        if stored.stop_requested_at is not None:
            self._on_stop()

    async def finish(self, fields: dict[str, Any], make: Callable[[int], AnswerEvent]) -> None:
        """Store the end of the answer, then publish it; in this order, so that it is true.

        Waits up to two minutes for a database that went away.

        Raises:
            LeaseLostError: the answer is no longer ours to write.
            DatabaseUnavailableError: the database stayed away.
        """
        seq = await self._next_seq()
        changes = {
            "content": self.text,
            "stream.lease_until": None,
            "stream.owner": None,
            "stream.last_seq": seq,
            "stream.seq_ceiling": max(self._ceiling, seq),
            **fields,
        }
        async with asyncio.timeout(FINAL_STORE_PATIENCE_SECONDS):
            await self._until_stored({"$set": changes})
        await self._log.append(self.answer.id, [make(seq)])

    async def hand_over(self) -> None:
        """Store how far the answer got and let go of the lease, for the next process."""
        await self._update(
            {
                "$set": {
                    "content": self.text,
                    "stream.lease_until": utc_now(),
                    "stream.owner": None,
                    "stream.seq_ceiling": self._seq,
                }
            }
        )

    async def _until_stored(self, update: dict[str, Any]) -> None:
        pause = 0.1
        while True:
            try:
                await self._update(update)
            except DatabaseUnavailableError:
                log.warning("answer_end_not_stored", answer_id=str(self.answer.id))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                return

    async def _update(self, update: dict[str, Any]) -> Message:
        mine = {"_id": self.answer.id, "status": "streaming", "stream.owner": self._owner}
        scope = TenantScope.one(self.answer.client_id)
        with reporting_unavailability():
            stored = await scope.of(Message).update_one(mine, update)
        if stored is None:
            raise LeaseLostError(self.answer.id)
        return stored

    async def _next_seq(self) -> int:
        """The next number, once it is sure that no successor can use it too."""
        while self._seq >= self._ceiling:
            try:
                await self.store()
            except DatabaseUnavailableError:
                await asyncio.sleep(STORE_INTERVAL_SECONDS)
        self._seq += 1
        return self._seq
