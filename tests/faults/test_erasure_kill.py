"""A server is killed while it erases a visitor: the next one goes on by itself to the end."""

import asyncio
import secrets

import httpx
import pytest

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.tenancy import encoded
from documents.visitors import Visitor
from graphql_schema.node import global_id
from tests.api.operations import Json, database_of, mutation
from tests.conftest import signed_in
from tests.server_process import ServerProcess
from tests.unit.answering.processes import until

pytestmark = pytest.mark.faults

MANY = 60_000
"""Messages: seconds of work, so that the middle of it is not missed."""


def messages_of(visitor: Visitor, count: int) -> list[Json]:
    now = utc_now()
    return [
        {
            "client_id": visitor.client_id,
            "visitor_id": visitor.id,
            "conversation_id": PydanticObjectId(),
            "seq": 1,
            "content": secrets.token_hex(8),
            "created_at": now,
        }
        for _ in range(count)
    ]


async def test_an_erasure_that_is_killed_is_finished_after_the_restart(
    own_server: ServerProcess,
) -> None:
    await asyncio.to_thread(own_server.start)
    now = utc_now()
    visitor = Visitor(client_id="demo", first_seen_at=now, last_seen_at=now)
    async with database_of(own_server) as database:
        await database.database["visitors"].insert_one(encoded(visitor))
        messages = database.database["messages"]
        await messages.insert_many(messages_of(visitor, MANY), ordered=False)
        admin = await signed_in(own_server.url, own_server.admin_email, own_server.admin_password)
        given = {"input": {"visitorId": global_id("Visitor", visitor.id)}}
        erasing = asyncio.create_task(admin.send(mutation("eraseVisitor"), given))
        while await messages.count_documents({"visitor_id": visitor.id}) == MANY:
            assert not erasing.done()
        own_server.kill()
        with pytest.raises(httpx.TransportError):
            await erasing
        await admin.close()

    await asyncio.to_thread(own_server.start)
    async with database_of(own_server) as database:
        messages = database.database["messages"]
        entries = database.database["pending_erasures"]
        assert await database.database["visitors"].find_one({"_id": visitor.id}) is None

        async def is_over() -> bool:
            return await entries.find_one({"erased_at": {"$ne": None}}) is not None

        await until(is_over)
        assert await messages.find_one({"visitor_id": visitor.id}) is None
