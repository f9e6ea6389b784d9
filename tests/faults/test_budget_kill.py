"""A server is killed while answers take from a budget: what it reserved is settled by the next one.

Time budget: 40 seconds.
"""

import asyncio
from contextlib import aclosing

import pytest

from tests.administration import DEMO_CLIENT, Administrator
from tests.answers import asking, followed, new_key, text_of
from tests.api.operations import Json, done
from tests.conftest import START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = pytest.mark.faults
WORDS = ["Rome ", "was ", "not."]
A_UNIT = 1_000_000
STANDING = """
query ($id: ID!) { usage(clientId: $id) { used reserved budget { micros } spent { micros } } }
"""


async def standing(admin: GraphQLClient, client_id: str) -> Json:
    usage: Json = (await admin.execute(STANDING, {"id": client_id}))["usage"]
    return usage


async def test_what_a_killed_server_reserved_is_settled_once_by_its_successor(
    own_server: ServerProcess,
) -> None:
    await asyncio.to_thread(own_server.start)
    killed, whole = Dictation(WORDS), Dictation(WORDS)
    whole.say_the_rest()
    async with model_that_says(killed, whole) as model:
        admin = await signed_in(own_server.url, own_server.admin_email, own_server.admin_password)
        chatbot = await Administrator(admin).chatbot_asking(
            "OPENAI_COMPATIBLE", f"{model.url}/v1", outputCostPer1kTokens="1", maxTokens=1000
        )
        client_id = (await admin.execute(DEMO_CLIENT))["client"]["id"]
        budget = {"micros": A_UNIT, "currency": "USD"}
        await done(admin, "updateClient", {"id": client_id, "budget": budget}, "client { id }")
        visitor = GraphQLClient(own_server.url, origin=own_server.url)
        started = (await visitor.execute(START_VISIT, {"key": chatbot}))["startVisit"]
        visitor.token = started["widgetToken"]

        events: list[Json] = []
        async with aclosing(asking(visitor, "Was it?", new_key())) as stream:
            killed.say_next()
            while not text_of(events):
                events.append(await anext(stream))
            assert (await standing(admin, client_id))["reserved"] == 1
            refusals = [event async for event in asking(visitor, "And this?", new_key())]
            await asyncio.to_thread(own_server.kill)
        assert refusals[-1]["code"] == "BUDGET_EXCEEDED", "all of it is reserved"

        await asyncio.to_thread(own_server.start)
        resumed = await followed(visitor, events[0]["messageId"])
        assert text_of(resumed) == "".join(WORDS)
        usage = await standing(admin, client_id)
        assert (usage["used"], usage["reserved"]) == (1, 0)
        assert 0 < usage["spent"]["micros"] < A_UNIT // 100, "one bill, of a few tokens"
        assert len(model.requests) == 2
        await visitor.close()
        await admin.close()
