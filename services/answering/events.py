"""What a follower of an answer sees, in order, numbered from 1 without a gap.

Only `AnswerRestarted`, and an `AnswerFailed` that ends an answer after a crash, may jump: numbers
that a lost process may have given out are never used again. The text of the answer is the deltas
since the last restart, joined.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from documents.ids import PydanticObjectId

StepKind = Literal["retrieving", "hook", "thinking", "fallback"]
RestartReason = Literal["worker_lost", "log_expired"]
FailureCode = Literal[
    "quota_exceeded",
    "budget_exceeded",
    "rate_limited",
    "chatbot_inactive",
    "maintenance",
    "interrupted",
    "provider_failed",
    "blocked",
    "idempotency_conflict",
    "invalid_input",
    "not_found",
    "conversation_closed",
]


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The question is stored and an answer has begun."""

    seq: int
    conversation_id: PydanticObjectId
    question_id: PydanticObjectId
    message_id: PydanticObjectId


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """What the chatbot is busy with, in the visitor's language."""

    seq: int
    step: StepKind
    label: str


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    """More text."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class AnswerRestarted:
    """Clear the bubble: the text begins anew."""

    seq: int
    reason: RestartReason


@dataclass(frozen=True, slots=True)
class AnswerCompleted:
    """The answer is whole, or was stopped. The message is stored."""

    seq: int
    message_id: PydanticObjectId


@dataclass(frozen=True, slots=True)
class AnswerFailed:
    """There is no (whole) answer, and why, in the visitor's language."""

    seq: int
    code: FailureCode
    text: str
    retryable: bool
    retry_at: datetime | None = None


AnswerEvent = (
    AnswerStarted | AnswerStep | AnswerDelta | AnswerRestarted | AnswerCompleted | AnswerFailed
)
ENDING_EVENTS = (AnswerCompleted, AnswerFailed)
