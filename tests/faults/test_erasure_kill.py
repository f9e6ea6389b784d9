"""A server is killed while it erases: the next one goes on by itself to the end."""

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from documents.base import utc_now
from documents.conversations import Conversation
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
    visitor = visitor_of_demo()
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


async def test_retention_that_is_killed_is_finished_after_the_restart(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data folder", PARLANCE_RETENTION_LOOK_SECONDS="1")
    try:
        await asyncio.to_thread(server.start)
        async with database_of(server) as database:
            collections = database.database
            await collections["conversations"].insert_many(old_conversations(300))
            async for one in collections["conversations"].find({}, {"_id": 1}):
                said = messages_of(visitor_of_demo(), 100)
                for seq, message in enumerate(said):
                    message |= {"conversation_id": one["_id"], "seq": seq}
                await collections["messages"].insert_many(said, ordered=False)
            kept = {"$set": {"retention_days": 30}}
            await collections["clients"].update_one({"client_id": "demo"}, kept)
            while not await collections["pending_erasures"].find_one({}):
                pass
            server.kill()

        await asyncio.to_thread(server.start)
        async with database_of(server) as database:
            collections = database.database

            async def is_over() -> bool:
                names = ("conversations", "messages", "pending_erasures")
                return not any([await collections[name].find_one({}) for name in names])

            await until(is_over)
    finally:
        await asyncio.to_thread(server.stop)


def visitor_of_demo() -> Visitor:
    now = utc_now()
    return Visitor(client_id="demo", first_seen_at=now, last_seen_at=now)


def old_conversations(count: int) -> list[Json]:
    long_ago = utc_now() - timedelta(days=100)
    return [
        encoded(
            Conversation(
                client_id="demo",
                chatbot_id=PydanticObjectId(),
                visitor_id=PydanticObjectId(),
                title="When do you open?",
                created_at=long_ago,
                last_message_at=long_ago,
            )
        )
        for _ in range(count)
    ]
