"""The seam to the event log: where a generation writes and from where followers read.

One log per answer, kept for a while after its end. A follower holds a position, never a queue: a
slow one costs no memory and is never waited for.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from documents.errors import DatabaseUnavailableError
from documents.ids import PydanticObjectId
from services.answering.events import ENDING_EVENTS, AnswerEvent, AnswerRestarted


class LogMissingError(LookupError):
    """There is no log of this answer here, or none that can give the event after a number."""


class LogSilentError(LogMissingError):
    """The log has not ended, and nothing has come for a while: perhaps nobody writes it any more.

    A process may die, or lose the answer, after the end was stored and before it was told here.
    """


class LogUnavailableError(DatabaseUnavailableError):
    """The log cannot be read just now. Nothing is lost: try again."""


def check_goes_on(batch: Sequence[AnswerEvent], after_seq: int) -> None:
    """See that each of these events is the one after the one before.

    Raises:
        LogMissingError: one between was given out by a process that is gone.
    """
    for event in batch:
        may_jump = isinstance(event, (AnswerRestarted, *ENDING_EVENTS))
        if event.seq != after_seq + 1 and not may_jump:
            raise LogMissingError(after_seq)
        after_seq = event.seq


class EventLog(Protocol):
    """Events of answers, readable from any number on by any number of followers."""

    async def open(self, answer_id: PydanticObjectId) -> None:
        """Begin the log of an answer, so that followers find it before its first event."""
        ...

    async def append(self, answer_id: PydanticObjectId, events: Sequence[AnswerEvent]) -> None:
        """Add events; the log ends with an `AnswerCompleted` or `AnswerFailed`.

        Raises:
            LogMissingError: the log was never opened, or is gone.
        """
        ...

    async def leave(self, answer_id: PydanticObjectId) -> None:
        """Write no more: the answer was left, or lost, to another process.

        Followers go on with what that one writes, or get `LogMissingError`.
        """
        ...

    async def discard(self, answer_id: PydanticObjectId) -> None:
        """Forget an answer, whoever works on it; its followers get `LogMissingError`."""
        ...

    async def followers(self, answer_id: PydanticObjectId) -> int:
        """How many follow an answer now, as far as this process can know; 1 if it cannot."""
        ...

    def follow(
        self, answer_id: PydanticObjectId, after_seq: int
    ) -> AsyncGenerator[Sequence[AnswerEvent], None]:
        """Batches of events after a number, as they come, up to the ending one.

        Returns without an event only if `after_seq` is the number of the ending one.

        Raises:
            LogMissingError: there is no log here that can give the next event.
        """
        ...
