"""Another answer to the same question."""

from typing import Annotated

import strawberry

from documents.messages import Message as MessageDocument
from graphql_schema.answers.asking import begun, seen_answer
from graphql_schema.answers.mutations import WRONG_KEY, refusal_as_error
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import (
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UserErrorCode,
    not_found,
    refused,
)
from graphql_schema.loading import OwnedId
from graphql_schema.node import global_id
from graphql_schema.permissions import Visitor, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.viewers import VisitorViewer
from services.answering.accepting import Asker
from services.answering.question_refusals import QuestionRefusedError, WrongKeyError
from services.answering.regenerating import OnceMore

ONE_MESSAGE = 1
"""The answer; the question is there already."""


@strawberry.input(description="Which answer to replace.")
class RegenerateAnswerInput:
    """An answer, and a key for the wish."""

    message_id: strawberry.ID = strawberry.field(
        description="The answer's message. If it is still running, it is stopped first."
    )
    idempotency_key: strawberry.ID = strawberry.field(
        description="Chosen by the caller, new for each wish, at most 200 characters."
    )


@strawberry.type(description="A new answer is being made; the old one stays.")
class RegenerateAnswerSuccess:
    """What to follow, with the subscription `answer` or with `answerEvents`."""

    conversation_id: strawberry.ID = strawberry.field(description="In which conversation.")
    question_id: strawberry.ID = strawberry.field(description="The question's message.")
    message_id: strawberry.ID = strawberry.field(description="The new answer's message.")


RegenerateAnswerResult = Annotated[
    RegenerateAnswerSuccess | NotFoundError | RefusedError | RateLimitedError,
    strawberry.union(
        "RegenerateAnswerResult", description="The new answer; the same key gives the same one."
    ),
]


@strawberry.type
class RegenerateMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes another answer to the same question and keeps the old one. It counts"
        " as a question.",
        extensions=allowed_for(Visitor, scope=Scope.ASK),
    )
    async def regenerate_answer(
        self, info: ParlanceInfo, input: RegenerateAnswerInput
    ) -> RegenerateAnswerResult:
        found = await _old_answer(info.context, input.message_id)
        if found is None:
            return not_found("input", "messageId")
        asker, old = found
        wanted = OnceMore(asker, old.id, input.idempotency_key)
        regenerating = info.context.services.regenerating
        try:
            answer = await begun(
                info.context,
                asker,
                lambda admit: regenerating.regenerate(wanted, admit),
                messages=ONE_MESSAGE,
            )
        except WrongKeyError:
            return refused(UserErrorCode.INVALID_INPUT, WRONG_KEY, "input", "idempotencyKey")
        except QuestionRefusedError as error:
            conversation = OwnedId(asker.client_id, old.conversation_id)
            talk = await info.context.loaders.conversation_by_id.load(conversation)
            return refusal_as_error(error, talk.language if talk else None, of="messageId")
        if answer.question_id is None:
            return not_found("input", "messageId")
        return RegenerateAnswerSuccess(
            conversation_id=global_id("Conversation", answer.conversation_id),
            question_id=global_id("Message", answer.question_id),
            message_id=global_id("Message", answer.id),
        )


async def _old_answer(
    context: RequestContext, message_id: str
) -> tuple[Asker, MessageDocument] | None:
    """The answer that is to be replaced, and whose it is; None if the caller has none like it."""
    _, old = await seen_answer(context, message_id)
    if old is None:
        return None
    viewer = await context.viewer()
    preview_until = (
        viewer.claims.preview_until if isinstance(viewer, VisitorViewer) else old.preview_until
    )
    return Asker(old.client_id, old.chatbot_id, old.visitor_id, preview_until), old
