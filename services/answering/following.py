"""Following an answer from any event on: while it grows, after its end, and across a restart."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from documents.errors import DatabaseUnavailableError, reporting_unavailability
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.event_log import EventLog, LogMissingError
from services.answering.events import (
    AnswerCompleted,
    AnswerDelta,
    AnswerEvent,
    AnswerFailed,
    AnswerRestarted,
)
from services.answering.phrases import phrase

LOOK_INTERVAL_SECONDS = 0.25
"""How often a follower looks for an answer whose process went away."""

TAKEOVER_PATIENCE_SECONDS = 60.0
"""How long a follower waits for another process to take an answer over."""


class AnswerGoneError(LookupError):
    """The answer was deleted, or never was this visitor's."""


class Following:
    """Reads answers for followers."""

    def __init__(self, event_log: EventLog) -> None:
        self._log = event_log

    async def follow(
        self, scope: TenantScope, answer_id: PydanticObjectId, after_seq: int
    ) -> AsyncGenerator[Sequence[AnswerEvent], None]:
        """Batches of events after `after_seq` up to the ending one.

        Raises:
            AnswerGoneError: there is no such answer in the scope.
        """
        waited = 0.0
        while True:
            try:
                async for batch in self._log.follow(answer_id, after_seq):
                    waited = 0.0
                    after_seq = batch[-1].seq
                    yield batch
            except LogMissingError:
                answer = await _stored(scope, answer_id)
            else:
                return
            if answer is not None and answer.status != "streaming":
                for event in replay(answer, after_seq):
                    yield [event]
                return
            if waited >= TAKEOVER_PATIENCE_SECONDS:
                yield [_given_up(after_seq)]
                return
            waited += LOOK_INTERVAL_SECONDS
            await asyncio.sleep(LOOK_INTERVAL_SECONDS)


async def _stored(scope: TenantScope, answer_id: PydanticObjectId) -> Message | None:
    """The answer; None while the database cannot be asked."""
    try:
        with reporting_unavailability():
            answer = await scope.of(Message).find_one({"_id": answer_id, "sender": "bot"})
    except DatabaseUnavailableError:
        return None
    if answer is None:
        raise AnswerGoneError(answer_id)
    return answer


def replay(answer: Message, after_seq: int) -> list[AnswerEvent]:
    """The events of an ended answer whose log is gone: restart, whole text, last event.

    They take the numbers after the last one of the stream, the same each time, so that a follower
    that is cut off in the middle of the replay goes on in it.
    """
    last = answer.stream.last_seq or 0 if answer.stream else 0
    if after_seq == last > 0:
        return []
    events: list[AnswerEvent] = [AnswerRestarted(last + 1, "log_expired")]
    if answer.content:
        events.append(AnswerDelta(last + 2, answer.content))
    events.append(_last_event(answer, last + 3))
    return [event for event in events if event.seq > after_seq]


def _last_event(answer: Message, seq: int) -> AnswerEvent:
    failure = answer.stream.failure if answer.stream else None
    if answer.status != "failed" or failure is None:
        return AnswerCompleted(seq, answer.id)
    code = failure.code
    return AnswerFailed(seq, code, failure.text, failure.retryable, failure.retry_at)  # type: ignore[arg-type]


def _given_up(after_seq: int) -> AnswerFailed:
    return AnswerFailed(after_seq + 1, "interrupted", phrase("interrupted", None), retryable=True)
