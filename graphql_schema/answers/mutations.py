"""Asking without a stream, and stopping an answer."""

from typing import Annotated

import strawberry

from documents.messages import Message as MessageDocument
from graphql_schema.answers.asking import AskInput, NoAskerError, asked, asker_of, refusal_language
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import Message, message_from
from graphql_schema.errors import (
    InputIssue,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UserErrorCode,
    invalid_input,
    not_found,
    rate_limited,
    refused,
)
from graphql_schema.node import global_id, local_id
from graphql_schema.permissions import SignedIn, Visitor, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable
from graphql_schema.viewers import VisitorViewer
from services.answering.question_refusals import (
    MAX_KEY_CHARACTERS,
    QuestionRefusedError,
    WrongKeyError,
)


@strawberry.type(description="The question is stored and is being answered.")
class AskOnceSuccess:
    """What to follow: with `answerEvents`, or with the subscription `answer`."""

    conversation_id: strawberry.ID = strawberry.field(description="In which conversation.")
    question_id: strawberry.ID = strawberry.field(description="The question's message.")
    message_id: strawberry.ID = strawberry.field(description="The answer's message.")


AskOnceResult = Annotated[
    AskOnceSuccess | InvalidInputError | NotFoundError | RefusedError | RateLimitedError,
    strawberry.union("AskOnceResult", description="The refusals of `ask`, as user errors."),
]


@strawberry.input(description="Which answer to stop.")
class StopAnswerInput:
    """An answer."""

    message_id: strawberry.ID = strawberry.field(description="The answer's message.")


@strawberry.type(description="The answer has ended.")
class StopAnswerSuccess:
    """The answer after the stop."""

    answer: Message = strawberry.field(description="With the text so far; STOPPED, or as it was.")


StopAnswerResult = Annotated[
    StopAnswerSuccess | NotFoundError,
    strawberry.union("StopAnswerResult", description="A finished answer comes back as it is."),
]


@strawberry.type
class AnswerMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Asks as the subscription `ask` does, and returns at once. For networks that"
        " let neither WebSockets nor event streams through.",
        extensions=allowed_for(Visitor, scope=Scope.ASK),
    )
    async def ask_once(self, info: ParlanceInfo, input: AskInput) -> AskOnceResult:
        try:
            asker = await asker_of(info.context, input)
            answer = await asked(info.context, asker, input)
        except NoAskerError as error:
            return invalid_input([InputIssue(path=["input", error.field], message=str(error))])
        except QuestionRefusedError as error:
            return _refusal_of(error, refusal_language(input))
        if answer.question_id is None:
            return not_found("input", "idempotencyKey")
        return AskOnceSuccess(
            conversation_id=global_id("Conversation", answer.conversation_id),
            question_id=global_id("Message", answer.question_id),
            message_id=global_id("Message", answer.id),
        )

    @strawberry.mutation(
        description="Ends an answer at once and keeps its text so far. May be called again.",
        extensions=allowed_for(SignedIn, scope=(Scope.CONVERSATIONS_WRITE, Scope.ASK)),
    )
    async def stop_answer(self, info: ParlanceInfo, input: StopAnswerInput) -> StopAnswerResult:
        viewer = await info.context.viewer()
        visitor_id = None
        if isinstance(viewer, VisitorViewer):
            scope, visitor_id = viewer.scope(), viewer.claims.visitor_id
        else:
            await changeable(info.context, MessageDocument, input.message_id, "agent")
            scope = (await info.context.member()).scope("agent")
        answer_id = local_id(input.message_id, "Message")
        if answer_id is None:
            return not_found("input", "messageId")
        stopped = await info.context.services.stopping.stop(scope, answer_id, visitor_id)
        if stopped is None:
            return not_found("input", "messageId")
        return StopAnswerSuccess(answer=message_from(stopped))


WRONG_KEY = f"needs between 1 and {MAX_KEY_CHARACTERS} characters"

_REFUSAL_CODES = {
    "idempotency_conflict": UserErrorCode.IDEMPOTENCY_CONFLICT,
    "chatbot_inactive": UserErrorCode.CHATBOT_INACTIVE,
    "maintenance": UserErrorCode.MAINTENANCE,
    "conversation_closed": UserErrorCode.CONFLICT,
    "quota_exceeded": UserErrorCode.QUOTA_EXCEEDED,
    "budget_exceeded": UserErrorCode.BUDGET_EXCEEDED,
}


def _refusal_of(
    error: QuestionRefusedError, language: str | None
) -> InvalidInputError | NotFoundError | RateLimitedError | RefusedError:
    if isinstance(error, WrongKeyError):
        return invalid_input([InputIssue(path=["input", "idempotencyKey"], message=WRONG_KEY)])
    if error.code == "invalid_input":
        message = error.said(language)
        return invalid_input([InputIssue(path=["input", "text"], message=message)])
    return refusal_as_error(error, language, of="conversationId")


def refusal_as_error(
    error: QuestionRefusedError, language: str | None, *, of: str
) -> NotFoundError | RateLimitedError | RefusedError:
    """A refusal as a user error; `of` is the input field whose thing was not found."""
    message = error.said(language)
    if error.code == "rate_limited":
        return rate_limited(message, error.retry_at)
    if error.code == "not_found":
        return not_found("input", of)
    return refused(_REFUSAL_CODES[error.code], message, "input", retry_at=error.retry_at)
