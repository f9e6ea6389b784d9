"""Who watches goes on without a gap: on another server of the installation, and after a kill."""

import asyncio

import pytest

from tests.answers import asked
from tests.api.operations import OPEN, done, new_chatbot, new_slug
from tests.api.test_erasure import chatbot_facts
from tests.conftest import signed_in
from tests.faults.test_server_kill import (
    MakeVisitor,
    Pair,
    servers,
    started,
    visitor_of_chatbot,
)
from tests.graphql_clients import GraphQLClient
from tests.watching import conversation_events

__all__ = ["servers", "visitor_of_chatbot"]

pytestmark = pytest.mark.faults

USAGE = "query ($id: ID!) { usage(clientId: $id) { used totals { requests conversations } } }"


async def test_watching_and_counting_go_on_on_another_server_and_after_a_kill(
    servers: Pair,
    visitor_of_chatbot: MakeVisitor,
) -> None:
    await started(servers.one, servers.other)
    admin = await signed_in(servers.one.url, servers.one.admin_email, servers.one.admin_password)
    given = {"slug": new_slug(), "name": "A client"}
    client_id = (await done(admin, "createClient", given, "client { id }"))["client"]["id"]
    embed_key, _ = await chatbot_facts(admin, await new_chatbot(admin, client_id, settings=OPEN))
    visitor = await visitor_of_chatbot(servers.one, embed_key)
    there = GraphQLClient(servers.other.url, admin.token)

    async with conversation_events(there, client_id) as stream:
        conversation = (await asked(visitor, "When do you open?"))[0]["conversationId"]
        seen = await stream.many(4)
    servers.other.kill()
    await asked(visitor, "And when do you close?", conversationId=conversation)
    await asyncio.to_thread(servers.other.start)
    await asked(visitor, "And on Sundays?", conversationId=conversation)

    async with conversation_events(admin, client_id, seen[0]["cursor"]) as stream:
        whole = [seen[0], *await stream.many(9)]
    cursors = [event["cursor"] for event in whole]
    assert cursors[:4] == [event["cursor"] for event in seen]
    for caller in (admin, there):
        for cut in range(9):
            async with conversation_events(caller, client_id, cursors[cut]) as stream:
                rest = [event["cursor"] for event in await stream.many(9 - cut)]
            assert rest == cursors[cut + 1 :]
        counted = {"used": 3, "totals": {"requests": 3, "conversations": 1}}
        assert (await caller.execute(USAGE, {"id": client_id}))["usage"] == counted
    await admin.close()
    await there.close()
