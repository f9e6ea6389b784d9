"""The events of an answer stream. See the contract's comments for what may follow what."""

from datetime import datetime
from enum import Enum

import strawberry

from documents.messages import Message as MessageDocument
from documents.tenancy import TenantScope
from graphql_schema.conversations.types import AnswerStepKind, Message, message_from
from graphql_schema.enum_values import described
from graphql_schema.errors import NotFoundInListError
from graphql_schema.node import global_id
from services.answering import events


@strawberry.enum(description="Why the text begins anew.")
class AnswerRestartReason(Enum):
    """Values are the services' names."""

    WORKER_LOST = described(
        "worker_lost", "The process that wrote the answer ended; another one begins it anew."
    )
    LOG_EXPIRED = described(
        "log_expired", "The single events are gone; the whole text follows at once."
    )


@strawberry.enum(description="Why there is no (whole) answer.")
class AnswerFailureCode(Enum):
    """Values are the services' names."""

    QUOTA_EXCEEDED = described(
        "quota_exceeded", "The client's questions of this month are used up."
    )
    BUDGET_EXCEEDED = described("budget_exceeded", "The client's money of this month is used up.")
    RATE_LIMITED = described(
        "rate_limited", "Too many questions in a short time; `retryAt` says when to go on."
    )
    CHATBOT_INACTIVE = described("chatbot_inactive", "The chatbot is switched off.")
    MAINTENANCE = described("maintenance", "Answers are paused for maintenance.")
    INTERRUPTED = described(
        "interrupted",
        "The process that wrote the answer ended and the text could not be gone on with.",
    )
    PROVIDER_FAILED = described("provider_failed", "No language model gave an answer.")
    BLOCKED = described("blocked", "The client's own rules refused the question or the answer.")
    IDEMPOTENCY_CONFLICT = described(
        "idempotency_conflict", "This `idempotencyKey` was used for another question."
    )
    INVALID_INPUT = described(
        "invalid_input", "The question cannot be asked like this; `text` says why."
    )
    NOT_FOUND = described("not_found", "There is no such conversation or answer for the caller.")
    CONVERSATION_CLOSED = described(
        "conversation_closed", "The conversation takes no more questions."
    )


@strawberry.interface(description="One event of an answer.")
class AnswerEvent:
    """What all events have."""

    seq: int = strawberry.field(
        description="Gapless from 1; only a restart, or a failure after a crash, may jump."
    )


@strawberry.type(description="The question is stored and an answer has begun.")
class AnswerStarted(AnswerEvent):
    """The first event."""

    conversation_id: strawberry.ID = strawberry.field(description="In which conversation.")
    question_id: strawberry.ID = strawberry.field(description="The question's message.")
    message_id: strawberry.ID = strawberry.field(description="The answer's message.")


@strawberry.type(description="What the chatbot is busy with.")
class AnswerStep(AnswerEvent):
    """A step."""

    step: AnswerStepKind = strawberry.field(description="Which step.")
    label: str = strawberry.field(description="The step in the visitor's language.")


@strawberry.type(description="More text.")
class AnswerDelta(AnswerEvent):
    """Text."""

    text: str = strawberry.field(description="To be appended.")


@strawberry.type(description="Clear the bubble: the text begins anew.")
class AnswerRestarted(AnswerEvent):
    """A restart."""

    reason: AnswerRestartReason = strawberry.field(description="Why.")


@strawberry.type(description="The answer is whole, or was stopped. The last event.")
class AnswerCompleted(AnswerEvent):
    """The end."""

    answer: Message = strawberry.field(description="The stored message.")


@strawberry.type(description="There is no (whole) answer. The last event.")
class AnswerFailed(AnswerEvent):
    """The end."""

    code: AnswerFailureCode = strawberry.field(description="Why, for programs.")
    text: str = strawberry.field(description="Why, in the visitor's language.")
    retryable: bool = strawberry.field(description="Whether asking again may help.")
    retry_at: datetime | None = strawberry.field(description="When it may help.", default=None)


async def event_from(event: events.AnswerEvent, scope: TenantScope) -> AnswerEvent:
    """The public form of an event."""
    if isinstance(event, events.AnswerDelta):
        return AnswerDelta(seq=event.seq, text=event.text)
    if isinstance(event, events.AnswerCompleted):
        message = await scope.of(MessageDocument).get(event.message_id)
        if message is None:
            raise NotFoundInListError
        return AnswerCompleted(seq=event.seq, answer=message_from(message))
    return _plain_event_from(event)


def _plain_event_from(event: events.AnswerEvent) -> AnswerEvent:
    if isinstance(event, events.AnswerStarted):
        return AnswerStarted(
            seq=event.seq,
            conversation_id=global_id("Conversation", event.conversation_id),
            question_id=global_id("Message", event.question_id),
            message_id=global_id("Message", event.message_id),
        )
    if isinstance(event, events.AnswerStep):
        return AnswerStep(seq=event.seq, step=AnswerStepKind(event.step), label=event.label)
    if isinstance(event, events.AnswerRestarted):
        return AnswerRestarted(seq=event.seq, reason=AnswerRestartReason(event.reason))
    if not isinstance(event, events.AnswerFailed):
        raise TypeError(type(event).__name__)
    return AnswerFailed(
        seq=event.seq,
        code=AnswerFailureCode(event.code),
        text=event.text,
        retryable=event.retryable,
        retry_at=event.retry_at,
    )
