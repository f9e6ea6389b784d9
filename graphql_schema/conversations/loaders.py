"""Loaders of visitors, conversations and messages."""

from collections.abc import Sequence
from typing import NamedTuple

from strawberry.dataloader import DataLoader

from documents.conversations import Conversation
from documents.grouping import first_of_each
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.visitors import Visitor
from graphql_schema.loading import MOST_AT_ONCE, ByIdLoader

MOST_ANSWERS = 21
"""Of one question; a list of alternatives has 20 at most, and the one it is asked of besides."""


class VisitorByIdLoader(ByIdLoader[Visitor]):
    """Visitors by their ids."""

    document_class = Visitor


class ConversationByIdLoader(ByIdLoader[Conversation]):
    """Conversations by their ids."""

    document_class = Conversation


class AskedIn(NamedTuple):
    """A question, its conversation, and the client whose they must be."""

    client_id: str
    conversation_id: PydanticObjectId
    question_id: PydanticObjectId


class AnswersByQuestionIdLoader(DataLoader[AskedIn, list[Message]]):
    """The newest answers to questions, by the questions' ids."""

    def __init__(self) -> None:
        super().__init__(load_fn=self._found, max_batch_size=MOST_AT_ONCE)

    async def _found(self, keys: list[AskedIn]) -> Sequence[list[Message]]:
        answers = TenantScope.many([key.client_id for key in keys]).of(Message)
        asked = {
            "conversation_id": {"$in": list({key.conversation_id for key in keys})},
            "question_id": {"$in": [key.question_id for key in keys]},
        }
        found = await first_of_each(
            Message,
            answers.condition(asked),
            by="question_id",
            sort=[("seq", -1)],
            limit=MOST_ANSWERS,
        )
        return [[one for one in found[key.question_id] if _is_asked_in(one, key)] for key in keys]


def _is_asked_in(answer: Message, key: AskedIn) -> bool:
    return (answer.client_id, answer.conversation_id) == (key.client_id, key.conversation_id)
