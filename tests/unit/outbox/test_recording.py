"""What happens leaves one entry, exactly when it happens, with ids and not a word that was said."""

import asyncio
from typing import Any

import pytest
from beanie import PydanticObjectId

from documents.base import utc_now
from documents.conversations import Conversation
from documents.database.database import Database
from documents.erasure import erase_visitors
from documents.messages import Message
from documents.outbox_entries import OutboxEntry
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.conversations.rating import Rater, Ratings, Said
from services.outbox.recording import Happening, record

pytestmark = pytest.mark.asyncio(loop_scope="session")

AT_ONCE = 20


class UndoneError(Exception):
    """Ends a transaction without a trace."""


def a_happening(client_id: str, key: str = "quota/80", **fields: Any) -> Happening:
    return Happening(client_id, "quota.threshold", key, facts={"percent": 80}, **fields)


def new_client_id() -> str:
    return f"outbox-{PydanticObjectId()}"


async def entries_of(client_id: str) -> list[OutboxEntry]:
    return await TenantScope.one(client_id).of(OutboxEntry).find({}, sort=[("_id", 1)], limit=100)


async def test_an_entry_exists_exactly_when_its_transaction_does(database: Database) -> None:
    client_id, happens = new_client_id(), True

    async def change(session: WriteSession) -> None:
        await record(a_happening(client_id), session)
        if not happens:
            raise UndoneError

    happens = False
    with pytest.raises(UndoneError):
        await database.run_transaction(change)
    assert await entries_of(client_id) == []
    happens = True
    await database.run_transaction(change)

    (entry,) = await entries_of(client_id)
    assert (entry.kind, entry.facts) == ("quota.threshold", {"percent": 80})


async def test_what_many_record_at_once_is_one_entry(database: Database) -> None:
    client_id = new_client_id()

    async def in_a_transaction(session: WriteSession) -> None:
        await record(a_happening(client_id), session)

    await asyncio.gather(
        *(record(a_happening(client_id)) for _ in range(AT_ONCE)),
        *(database.run_transaction(in_a_transaction) for _ in range(AT_ONCE)),
    )
    assert len(await entries_of(client_id)) == 1


async def test_two_clients_have_their_own(database: Database) -> None:
    one, other = new_client_id(), new_client_id()
    await record(a_happening(one))
    await record(a_happening(other))
    assert len(await entries_of(one)) == len(await entries_of(other)) == 1


async def test_a_preview_is_told_to_nobody(database: Database) -> None:
    client_id = new_client_id()
    await record(a_happening(client_id, in_preview=True))
    assert await entries_of(client_id) == []


async def test_what_happened_to_a_visitor_goes_with_the_visitor(database: Database) -> None:
    client_id, visitor_id = new_client_id(), PydanticObjectId()
    await record(a_happening(client_id, visitor_id=visitor_id))
    await record(a_happening(client_id, "other", visitor_id=PydanticObjectId()))
    await erase_visitors(client_id, [visitor_id])
    assert [one.key for one in await entries_of(client_id)] == ["other"]


async def rated_answer(client_id: str) -> tuple[Rater, Message]:
    rater = Rater(client_id, PydanticObjectId(), PydanticObjectId())
    scope = TenantScope.one(client_id)
    ids = {"chatbot_id": rater.chatbot_id, "visitor_id": rater.visitor_id}
    conversation = Conversation(
        client_id=client_id,
        title="t",
        language="en",
        message_count=2,
        last_message_at=utc_now(),
        opening_key="k",
        **ids,
    )
    await scope.of(Conversation).insert(conversation)
    answer = Message(
        client_id=client_id,
        conversation_id=conversation.id,
        seq=2,
        sender="bot",
        status="complete",
        content="Yes.",
        **ids,
    )
    return rater, await scope.of(Message).insert(answer)


async def test_a_bad_rating_is_told_once_however_often_it_changes(database: Database) -> None:
    client_id = new_client_id()
    rater, answer = await rated_answer(client_id)
    ratings = Ratings(database)
    said = (Said("up"), Said("down", "No help."), Said("up"), Said("down"), Said(None))
    told = []
    for one in said:
        await ratings.rate(rater, answer.id, one)
        told.append([entry.kind for entry in await entries_of(client_id)])

    assert told == [[], *[["feedback.negative"]] * 4]
    (entry,) = await entries_of(client_id)
    assert entry.message_id == answer.id
    assert "No help." not in entry.model_dump_json()
