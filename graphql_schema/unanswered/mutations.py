"""Answering what nothing answered, and leaving out what needs no answer."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.ids import PydanticObjectId
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    ConflictError,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    not_found,
)
from graphql_schema.knowledge.types import KnowledgeSource, source_from
from graphql_schema.node import local_id
from graphql_schema.permissions import Person
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable
from services.refusals import UnknownTargetError
from services.unanswered.approving import ApprovedAnswer


@strawberry.input(description="An answer that is to be known from now on.")
class ApproveAnswerInput:
    """A pair."""

    chatbot_id: strawberry.ID = strawberry.field(description="To which chatbot.")
    question: str = strawberry.field(
        description="1 to 1,000 characters; stored for good, so"
        " without anything that tells who asked."
    )
    answer: str = strawberry.field(description="1 to 10,000 characters, plain or Markdown.")
    also_asked: list[str] | None = strawberry.field(
        description="Other wordings that lead to the same answer, at most 20; stored likewise.",
        default=None,
    )
    question_ids: list[strawberry.ID] | None = strawberry.field(
        description="The messages of the questions that it answers, at most 100: they leave the"
        " list, and come back when they are asked again and nothing answers them.",
        default=None,
    )


@strawberry.type(description="Visitors are answered by it from now on.")
class ApproveAnswerSuccess:
    """A source."""

    source: KnowledgeSource = strawberry.field(
        description="The source of questions and answers that holds it."
    )


ApproveAnswerResult = Annotated[
    ApproveAnswerSuccess | InvalidInputError | NotFoundError | LimitReachedError | ConflictError,
    strawberry.union("ApproveAnswerResult", description="The source, or why there is none."),
]


@strawberry.input(description="Questions that need no answer.")
class DismissQuestionsInput:
    """Questions."""

    chatbot_id: strawberry.ID = strawberry.field(description="Of which chatbot.")
    question_ids: list[strawberry.ID] = strawberry.field(
        description="Their messages, 1 to 100; they leave the list for good, in whichever capitals"
        " and signs they are asked."
    )


@strawberry.type(description="The questions are not listed any more.")
class DismissQuestionsSuccess:
    """A receipt."""

    dismissed: int = strawberry.field(description="How many different questions.")


DismissQuestionsResult = Annotated[
    DismissQuestionsSuccess | InvalidInputError | NotFoundError,
    strawberry.union("DismissQuestionsResult", description="How many, or why none."),
]


@strawberry.type
class UnansweredMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes a question with its answer part of what a chatbot knows. The same"
        " question gets the new answer. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.KNOWLEDGE_WRITE),
    )
    async def approve_answer(
        self, info: ParlanceInfo, input: ApproveAnswerInput
    ) -> ApproveAnswerResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        given = ApprovedAnswer(
            question=input.question,
            answer=input.answer,
            also_asked=input.also_asked or (),
            settled=_messages(input.question_ids or ()),
        )
        source = await info.context.services.unanswered.approve(chatbot, given)
        return ApproveAnswerSuccess(source=source_from(source))

    @strawberry.mutation(
        description="Leaves questions out of the list of unanswered ones. Editors and owners.",
        extensions=audited_for(Person, scope=Scope.KNOWLEDGE_WRITE),
    )
    async def dismiss_questions(
        self, info: ParlanceInfo, input: DismissQuestionsInput
    ) -> DismissQuestionsResult:
        chatbot = await changeable(info.context, ChatbotDocument, input.chatbot_id, "editor")
        if chatbot is None:
            return not_found("input", "chatbotId")
        count = await info.context.services.unanswered.dismiss(
            chatbot, _messages(input.question_ids)
        )
        return DismissQuestionsSuccess(dismissed=count)


def _messages(public_ids: Sequence[strawberry.ID]) -> list[PydanticObjectId]:
    """The messages that are named.

    Raises:
        UnknownTargetError: one of them cannot be a message's.
    """
    found = [local_id(one, "Message") for one in public_ids]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        raise UnknownTargetError("input", "questionIds")
    return known
