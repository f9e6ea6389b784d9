"""Storing something unless it is there: who comes second changes nothing, and no more is hidden."""

import asyncio
from uuid import uuid4

import pytest

from documents.database.database import Database
from documents.duplicates import DuplicateError, duplicates_reported
from documents.hook_states import HookState
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope

pytestmark = pytest.mark.asyncio(loop_scope="session")


def a_state(client_id: str, conversation_id: PydanticObjectId) -> HookState:
    return HookState(
        client_id=client_id,
        chatbot_id=PydanticObjectId(),
        visitor_id=PydanticObjectId(),
        conversation_id=conversation_id,
    )


async def test_of_many_at_once_one_is_stored(database: Database) -> None:
    client_id, conversation_id = f"client-{uuid4().hex[:8]}", PydanticObjectId()
    states = TenantScope.one(client_id).of(HookState)
    wanted = [a_state(client_id, conversation_id) for _ in range(20)]
    await asyncio.gather(*(states.insert_unless_there(one, "conversation_id") for one in wanted))
    [stored] = await states.find({}, limit=30)
    assert stored.id in {one.id for one in wanted}


async def test_what_another_index_refuses_is_told(database: Database) -> None:
    client_id = f"client-{uuid4().hex[:8]}"
    states = TenantScope.one(client_id).of(HookState)
    first = a_state(client_id, PydanticObjectId())
    await states.insert_unless_there(first, "conversation_id")
    other = a_state(client_id, PydanticObjectId()).model_copy(update={"id": first.id})
    with pytest.raises(DuplicateError), duplicates_reported():
        await states.insert_unless_there(other, "conversation_id")
