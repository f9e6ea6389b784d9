"""Types and operation of the shape of `ask`, for every server that the benchmarks compare.

The events are the ones of the contract; the source makes each event when it is asked for the next
one, as the event log does, and never waits, so that what is measured is the way of an event from
the source to the socket.
"""

from collections.abc import AsyncGenerator
from enum import Enum

import strawberry

OPERATION = """
subscription Ask($input: AskInput!) {
  ask(input: $input) {
    __typename
    ... on AnswerStarted { seq conversationId questionId messageId }
    ... on AnswerStep { seq step label }
    ... on AnswerDelta { seq text }
    ... on AnswerRestarted { seq reason }
    ... on AnswerCompleted { seq answer { id content status citations { number quote } } }
    ... on AnswerFailed { seq code text retryable }
  }
}
"""

WORDS = (" the", " answer", " to", " your", " question", " is", " in", " chapter", " four", ".")
"""Delta texts, one after the other, about as long as a token."""


@strawberry.enum
class AnswerStepKind(Enum):
    """What the answer is busy with."""

    RETRIEVING = "retrieving"
    THINKING = "thinking"


@strawberry.enum
class MessageStatus(Enum):
    """How far a message is."""

    STREAMING = "streaming"
    COMPLETE = "complete"


@strawberry.type
class Citation:
    """Where a statement comes from."""

    number: int
    quote: str


@strawberry.type
class Message:
    """The finished answer."""

    id: strawberry.ID
    content: str
    status: MessageStatus
    citations: list[Citation]


@strawberry.interface
class AnswerEvent:
    """What every event has."""

    seq: int


@strawberry.type
class AnswerStarted(AnswerEvent):
    """The first event."""

    conversation_id: strawberry.ID
    question_id: strawberry.ID
    message_id: strawberry.ID


@strawberry.type
class AnswerStep(AnswerEvent):
    """The answer is at this step."""

    step: AnswerStepKind
    label: str


@strawberry.type
class AnswerDelta(AnswerEvent):
    """More text."""

    text: str


@strawberry.type
class AnswerRestarted(AnswerEvent):
    """The text so far is void."""

    reason: str


@strawberry.type
class AnswerCompleted(AnswerEvent):
    """The last event."""

    answer: Message


@strawberry.type
class AnswerFailed(AnswerEvent):
    """The last event of an answer that failed."""

    code: str
    text: str
    retryable: bool


@strawberry.input
class AskInput:
    """A question."""

    text: str
    deltas: int


@strawberry.type
class Query:
    """A schema needs one."""

    ready: bool = True


@strawberry.type
class Subscription:
    """The one field that is measured."""

    @strawberry.subscription
    async def ask(self, input: AskInput) -> AsyncGenerator[AnswerEvent, None]:  # noqa: A002
        """Answer with so many deltas, between the events that frame every answer."""
        conversation, question, message = (strawberry.ID(each) for each in ("c1", "q1", "m1"))
        yield AnswerStarted(
            seq=1, conversation_id=conversation, question_id=question, message_id=message
        )
        yield AnswerStep(seq=2, step=AnswerStepKind.THINKING, label="Thinking")
        for index in range(input.deltas):
            yield AnswerDelta(seq=index + 3, text=WORDS[index % len(WORDS)])
        answer = Message(
            id=message,
            content="the answer",
            status=MessageStatus.COMPLETE,
            citations=[Citation(number=1, quote="in chapter four")],
        )
        yield AnswerCompleted(seq=input.deltas + 3, answer=answer)


EVENT_TYPES = (
    AnswerStarted,
    AnswerStep,
    AnswerDelta,
    AnswerRestarted,
    AnswerCompleted,
    AnswerFailed,
)
