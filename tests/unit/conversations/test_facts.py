"""What a conversation knows of its answers, whoever wrote them and whichever version."""

from typing import Any

import pytest
from beanie import PydanticObjectId

from documents.base import utc_now
from documents.conversations import Conversation
from documents.database.database import Database
from documents.llm_configs import LlmConfig
from documents.messages import Message
from documents.migrations.m0002_conversations_know_answers import migrate
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Visitor, until
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

CITATION = {"number": 1, "source_title": "Hours", "quote": "We open", "score": 1.0}


async def test_a_conversation_knows_who_answered_in_it(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome"), Script("was"))
    first = (await process.ask(visitor)).answer
    await process.follow(visitor, first.id)
    await process.ask(visitor, visitor.question("And?", in_=first.conversation_id))
    await process.generations.drain(10)
    [config] = await LlmConfig.find({"client_id": visitor.client_id}).to_list()

    async def is_known() -> bool:
        found = await visitor.conversation(first.conversation_id)
        return found.llm_config_ids == [config.id]

    await until(is_known)
    assert not (await visitor.conversation(first.conversation_id)).has_citations


async def test_conversations_of_older_versions_learn_it_in_batches(
    visitor: Visitor, database: Database
) -> None:
    model = PydanticObjectId()
    old = [await old_conversation(visitor, database, model, cites=cites) for cites in (True, False)]
    silent = await old_conversation(visitor, database, None, cites=False)
    for _ in range(2):  # it may be run again from its beginning
        await migrate(database.database)
        known = [await visitor.conversation(one) for one in (*old, silent)]
        assert [one.llm_config_ids for one in known] == [[model], [model], []]
        assert [one.has_citations for one in known] == [True, False, False]
        assert [(one.rated_up, one.ratings) for one in known] == [(0, [])] * 3


async def old_conversation(
    visitor: Visitor, database: Database, model: PydanticObjectId | None, *, cites: bool
) -> PydanticObjectId:
    """A conversation as it was stored before."""
    one = Conversation(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=visitor.visitor_id,
        title="Old",
        last_message_at=utc_now(),
    )
    await visitor.scope.of(Conversation).insert(one)
    fields = dict.fromkeys(("llm_config_ids", "has_citations", "rated_up", "rated_down"), "")
    where = {"_id": one.id}
    await database.database["conversations"].update_one(
        where, {"$unset": {**fields, "ratings": ""}}
    )
    await visitor.scope.of(Message).insert(answer_in(one, model, cites=cites))
    return PydanticObjectId(one.id)


def answer_in(
    conversation: Conversation, model: PydanticObjectId | None, *, cites: bool
) -> Message:
    citation: dict[str, Any] = {**CITATION, "start_offset": 0, "end_offset": 7}
    return Message(
        client_id=conversation.client_id,
        conversation_id=conversation.id,
        chatbot_id=conversation.chatbot_id,
        visitor_id=conversation.visitor_id,
        seq=2,
        sender="bot",
        status="complete",
        content="We open at nine.",
        llm_config_id=model,
        citations=[citation] if cites else [],
    )
