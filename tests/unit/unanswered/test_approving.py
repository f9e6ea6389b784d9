"""All approved answers of a chatbot are in one source, whatever comes in between."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from documents.chatbots import Chatbot
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeSource
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.knowledge.sources import KnowledgeSources
from services.unanswered.approving import ApprovedAnswer, Unanswered
from tests.unit.knowledge.conftest import new_tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

Outcome = TypeVar("Outcome")


class KilledError(Exception):
    """The process ends here."""


class Killed:
    """Transactions of a process that comes to no other."""

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        raise KilledError(callback)


async def new_chatbot() -> Chatbot:
    tenant = await new_tenant()
    chatbot = await tenant.scope.of(Chatbot).get(tenant.chatbot_id)
    assert chatbot is not None
    return chatbot


def unanswered(database: Database) -> Unanswered:
    return Unanswered(database, KnowledgeSources(database))


async def sources_of(chatbot: Chatbot) -> list[KnowledgeSource]:
    return await TenantScope.one(chatbot.client_id).of(KnowledgeSource).find(limit=50)


async def test_who_is_killed_after_the_first_pair_goes_on_with_its_source(
    database: Database,
) -> None:
    chatbot, given = await new_chatbot(), ApprovedAnswer("Any dogs?", "Small ones.")
    with pytest.raises(KilledError):
        await Unanswered(Killed(), KnowledgeSources(database)).approve(chatbot, given)
    [first] = await sources_of(chatbot)
    assert (await unanswered(database).approve(chatbot, given)).id == first.id
    assert [one.id for one in await sources_of(chatbot)] == [first.id]


async def test_first_answers_that_are_approved_at_once_find_together(database: Database) -> None:
    chatbot = await new_chatbot()
    given = [ApprovedAnswer(f"Question {one}?", "Yes.") for one in range(4)]
    await asyncio.gather(*(unanswered(database).approve(chatbot, one) for one in given))
    [source] = await sources_of(chatbot)
    assert sorted(one.question for one in source.qa or []) == [one.question for one in given]


async def test_an_answered_question_that_is_dismissed_later_changes_nothing(
    database: Database,
) -> None:
    chatbot = await new_chatbot()
    first = await unanswered(database).approve(chatbot, ApprovedAnswer("Any dogs?", "No."))
    asked = Message(
        client_id=chatbot.client_id,
        chatbot_id=chatbot.id,
        visitor_id=PydanticObjectId(),
        conversation_id=PydanticObjectId(),
        seq=1,
        sender="visitor",
        status="complete",
        content="any dogs",
    )
    await TenantScope.one(chatbot.client_id).of(Message).insert(asked)
    assert await unanswered(database).dismiss(chatbot, [asked.id]) == 1
    second = await unanswered(database).approve(chatbot, ApprovedAnswer("Any cats?", "Yes."))
    assert second.id == first.id


async def test_a_source_that_was_deleted_is_made_anew_and_then_used(database: Database) -> None:
    chatbot, sources = await new_chatbot(), KnowledgeSources(database)
    first = await unanswered(database).approve(chatbot, ApprovedAnswer("Any dogs?", "No."))
    await sources.delete(TenantScope.one(chatbot.client_id), first.id)
    given = [ApprovedAnswer("Any cats?", "Yes."), ApprovedAnswer("Any birds?", "No.")]
    made = [(await unanswered(database).approve(chatbot, one)).id for one in given]
    assert made == [made[0]] * 2
    assert [one.id for one in await sources_of(chatbot)] == made[:1]
