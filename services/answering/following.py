"""Following an answer from any event on: while it grows, after its end, and across a restart."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from time import monotonic

from documents.database.driver import operation_deadline
from documents.errors import DatabaseUnavailableError, reporting_unavailability
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.event_log import (
    EventLog,
    LogMissingError,
    LogSilentError,
    LogUnavailableError,
)
from services.answering.events import AnswerEvent
from services.answering.failures import failure
from services.answering.generation import failed
from services.answering.limits import DEFAULT_LIMITS, Limits
from services.answering.replay import replay
from services.cancelling import raise_if_cancelled

FIRST_LOOK_SECONDS = 0.05
LONGEST_LOOK_SECONDS = 1.0
"""How often a follower looks for an answer that no log here has: soon at first, then seldom."""


class AnswerGoneError(LookupError):
    """The answer was deleted, or never was this visitor's."""


class Following:
    """Reads answers for followers."""

    def __init__(self, event_log: EventLog, limits: Limits = DEFAULT_LIMITS) -> None:
        self._log = event_log
        self._limits = limits

    async def follow(
        self, scope: TenantScope, answer_id: PydanticObjectId, after_seq: int
    ) -> AsyncGenerator[Sequence[AnswerEvent], None]:
        """Batches of events after `after_seq` up to the ending one.

        Ends without an event only for whoever has the ending one already.

        Raises:
            AnswerGoneError: there is no such answer in the scope.
            DatabaseUnavailableError: the answer is not in the log, and the database stayed away.
            LogUnavailableError: another process writes the answer, and its log cannot be read now.
        """
        seq, vigil = max(0, after_seq), None
        while True:
            try:
                async with aclosing(self._log.follow(answer_id, seq)) as batches:
                    async for batch in batches:
                        seq, vigil = batch[-1].seq, None
                        yield batch
            except (LogMissingError, LogUnavailableError) as problem:
                vigil = vigil or _Vigil(self._limits)
                rest = await vigil.look(scope, answer_id, seq)
                if rest is None and isinstance(problem, LogUnavailableError):
                    raise
                if rest is None and isinstance(problem, LogSilentError):
                    continue
            else:
                return
            if rest is not None:
                if rest:
                    yield rest
                return
            await vigil.pause()


class _Vigil:
    """The time in which a follower waits for an answer that is in no log here.

    Somebody works on it as long as its lease keeps changing. Only that is looked at, not the time
    in it: clocks differ.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pause = FIRST_LOOK_SECONDS
        self._answered_at = self._alive_at = monotonic()
        self._lease: datetime | None = None

    async def look(
        self, scope: TenantScope, answer_id: PydanticObjectId, after_seq: int
    ) -> Sequence[AnswerEvent] | None:
        """The rest of the stream, if there is nothing more to wait for."""
        answer = await self._stored(scope, answer_id)
        if answer is None:
            return None
        if answer.status != "streaming":
            return replay(answer, after_seq)
        lease = answer.stream.lease_until if answer.stream else None
        if lease != self._lease:
            self._lease, self._alive_at = lease, monotonic()
        if monotonic() - self._alive_at < self._limits.takeover_s:
            return None
        # Above whatever the answer's next owner may give out next, so that no number is used twice.
        beyond = answer.stream.seq_ceiling if answer.stream else after_seq
        return [failed(max(beyond, after_seq) + 1, failure("interrupted", None))]

    async def pause(self) -> None:
        """Until the next look."""
        raise_if_cancelled()
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_LOOK_SECONDS)

    async def _stored(self, scope: TenantScope, answer_id: PydanticObjectId) -> Message | None:
        """The answer; None while the database cannot be asked."""
        try:
            with reporting_unavailability(), operation_deadline(self._limits.operation_s):
                answer = await scope.of(Message).find_one({"_id": answer_id, "sender": "bot"})
        except DatabaseUnavailableError:
            if monotonic() - self._answered_at > self._limits.database_patience_s:
                raise
            return None
        if answer is None:
            raise AnswerGoneError(answer_id)
        self._answered_at = monotonic()
        return answer
