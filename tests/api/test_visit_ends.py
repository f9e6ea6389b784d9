"""Visits: how they last, end, begin again, and how many there may be."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.database.database import Database
from documents.database.preparation import prepare_documents
from documents.ids import PydanticObjectId
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from documents.visits import Visit
from graphql_schema.node import global_id
from services.visits.stays import Stays, TooManyVisitsError
from tests.answers import asked
from tests.api.operations import (
    ROLES,
    UNKNOWN_OBJECT_ID,
    Json,
    Listing,
    MakeClient,
    PersonOf,
    VisitorOf,
    check_paging,
    check_people_only,
    codes,
    database_of,
    new_chatbot,
    new_slug,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

EMBED_KEY = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
VISITS = """
query ($id: ID!, $active: Boolean) {
  visits(chatbotId: $id, active: $active) {
    totalCount
    edges {
      node {
        id origin startedAt lastActivityAt endedAt messageCount chatbot { id } visitor { id }
      }
    }
  }
}
"""
IDLE = timedelta(minutes=30)


@pytest_asyncio.fixture
async def database(server: ServerProcess) -> AsyncGenerator[Database, None]:
    async with database_of(server) as opened:
        await prepare_documents(opened, DOCUMENT_CLASSES)
        yield opened


@pytest.fixture
def slug() -> str:
    return new_slug()


@pytest_asyncio.fixture
async def chatbot(admin: GraphQLClient, make_client: MakeClient, slug: str) -> str:
    return await new_chatbot(admin, await make_client(slug))


@pytest_asyncio.fixture
async def embed_key(admin: GraphQLClient, chatbot: str) -> str:
    return str((await admin.execute(EMBED_KEY, {"id": chatbot}))["chatbot"]["embedKey"])


async def visits(caller: GraphQLClient, chatbot: str, active: bool | None = None) -> list[Json]:
    found = (await caller.execute(VISITS, {"id": chatbot, "active": active}))["visits"]
    assert found["totalCount"] == len(found["edges"])
    return [edge["node"] for edge in found["edges"]]


async def let_pass(database: Database, slug: str, time: timedelta) -> None:
    """As if the last sign of every visitor of a client were so long ago."""
    await database.database["visits"].update_many(
        {"client_id": slug}, {"$set": {"last_activity_at": utc_now() - time}}
    )


async def test_visit_begins_with_the_widget_and_counts_messages(
    server: ServerProcess, admin: GraphQLClient, visitor_of: VisitorOf, chatbot: str, embed_key: str
) -> None:
    visitor = await visitor_of(embed_key)
    [begun] = await visits(admin, chatbot)
    assert (begun["origin"], begun["endedAt"], begun["messageCount"]) == (server.url, None, 0)
    assert begun["chatbot"]["id"] == chatbot
    key = secrets.token_hex(8)
    await asked(visitor, "Hello?", key)
    await asked(visitor, "Hello?", key)  # goes on with the same answer

    [after] = await visits(admin, chatbot, active=True)
    assert after["id"] == begun["id"]
    assert after["messageCount"] == 2
    assert after["lastActivityAt"] > begun["lastActivityAt"]
    assert await visits(admin, chatbot, active=False) == []


async def test_visit_ends_after_half_an_hour_without_a_sign(
    admin: GraphQLClient,
    visitor_of: VisitorOf,
    database: Database,
    slug: str,
    chatbot: str,
    embed_key: str,
) -> None:
    await visitor_of(embed_key)
    await let_pass(database, slug, IDLE - timedelta(minutes=1))
    assert len(await visits(admin, chatbot, active=True)) == 1
    await let_pass(database, slug, IDLE)

    async with asyncio.timeout(60):  # the server looks by itself
        while not (await visits(admin, chatbot))[0]["endedAt"]:  # noqa: ASYNC110
            await asyncio.sleep(0.2)

    assert len(await visits(admin, chatbot, active=False)) == 1
    assert await visits(admin, chatbot, active=True) == []


async def test_asking_after_the_end_begins_the_next_visit_silently(
    admin: GraphQLClient,
    visitor_of: VisitorOf,
    database: Database,
    slug: str,
    chatbot: str,
    embed_key: str,
) -> None:
    visitor = await visitor_of(embed_key)
    await asked(visitor, "Hello?")
    await let_pass(database, slug, IDLE)

    events = await asked(visitor, "Still there?")

    assert events[-1]["__typename"] == "AnswerCompleted"
    second, first = await visits(admin, chatbot)
    assert second["id"] != first["id"]
    assert (second["visitor"], second["origin"]) == (first["visitor"], first["origin"])
    assert (second["messageCount"], first["messageCount"]) == (2, 2)
    await asked(visitor, "And now?")
    assert [one["messageCount"] for one in await visits(admin, chatbot)] == [4, 2]


async def test_two_tabs_at_once_begin_one_visit(
    admin: GraphQLClient,
    visitor_of: VisitorOf,
    database: Database,
    slug: str,
    chatbot: str,
    embed_key: str,
) -> None:
    visitor = await visitor_of(embed_key)
    await database.database["visits"].update_many(
        {"client_id": slug}, {"$set": {"ended_at": utc_now()}}
    )
    await asyncio.gather(*(asked(visitor, f"Question {number}") for number in range(4)))
    assert [one["messageCount"] for one in await visits(admin, chatbot)] == [8, 0]


def a_visit(client_id: str, chatbot_id: PydanticObjectId, **more: Any) -> Visit:
    now = utc_now()
    return Visit(
        client_id=client_id,
        chatbot_id=chatbot_id,
        visitor_id=PydanticObjectId(),
        origin="https://shop.example",
        started_at=now,
        **{"last_activity_at": now, **more},
    )


async def tried(stays: Stays, visit: Visit) -> bool:
    try:
        await stays.begin(visit)
    except TooManyVisitsError:
        return False
    return True


async def test_race_for_the_last_places_ends_at_the_limit(database: Database) -> None:
    stays, client_id, chatbot_id = Stays(most_at_once=5, idle=IDLE), new_slug(), PydanticObjectId()
    visits_of_chatbot = TenantScope.one(client_id).of(Visit)

    wins = await asyncio.gather(*(tried(stays, a_visit(client_id, chatbot_id)) for _ in range(20)))

    stored = await visits_of_chatbot.count({}, limit=100)
    assert stored == sum(wins) <= 5
    while await tried(stays, a_visit(client_id, chatbot_id)):
        stored += 1
    assert stored == 5
    assert await tried(stays, a_visit(client_id, PydanticObjectId())), "another chatbot has room"


async def test_idle_visits_make_room(database: Database) -> None:
    stays, client_id, chatbot_id = Stays(most_at_once=5, idle=IDLE), new_slug(), PydanticObjectId()
    for _ in range(5):
        assert await tried(stays, a_visit(client_id, chatbot_id))
    assert not await tried(stays, a_visit(client_id, chatbot_id))
    await let_pass(database, client_id, IDLE)
    assert await tried(stays, a_visit(client_id, chatbot_id))
    assert await stays.end_idle() >= 0


async def test_full_chatbot_says_so_and_keeps_nothing(
    visitor_of: VisitorOf, database: Database, slug: str, embed_key: str, server: ServerProcess
) -> None:
    await visitor_of(embed_key)
    [first] = await TenantScope.one(slug).of(Visit).find({}, limit=2)
    await (
        TenantScope.one(slug)
        .of(Visit)
        .insert_many([a_visit(slug, first.chatbot_id) for _ in range(999)])
    )
    page = GraphQLClient(server.url, origin=server.url)
    document = """mutation ($key: String!) { startVisit(input: {embedKey: $key}) {
      __typename ... on LimitReachedError { code limit message } } }"""
    result = (await page.execute(document, {"key": embed_key}))["startVisit"]
    await page.close()
    assert (result["code"], result["limit"]) == ("LIMIT_REACHED", 1000)
    assert await database.database["visitors"].count_documents({"client_id": slug}) == 1
    assert await database.database["visits"].count_documents({"client_id": slug}) == 1000


async def test_visits_are_paged(
    admin: GraphQLClient, visitor_of: VisitorOf, chatbot: str, embed_key: str
) -> None:
    async def add() -> str:
        await visitor_of(embed_key)
        return str((await visits(admin, chatbot))[0]["id"])

    oldest_first = [await add() for _ in range(3)]
    listing = Listing(admin, "visits", ", $chatbotId: ID!", chatbotId=chatbot)
    await check_paging(listing, oldest_first, add)


async def test_visits_are_seen_by_members_and_nobody_else(
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
    nobody: GraphQLClient,
    slug: str,
    chatbot: str,
    embed_key: str,
) -> None:
    visitor = await visitor_of(embed_key)
    for role in (*ROLES, "viewer"):
        assert len(await visits(await person_of(slug, role), chatbot)) == 1
    await check_people_only({"visits": (VISITS, {"id": chatbot})}, nobody, visitor)
    other_slug = new_slug()
    await make_client(other_slug)
    foreigner = await person_of(other_slug, "owner")
    unknown = global_id("Chatbot", PydanticObjectId(UNKNOWN_OBJECT_ID))
    for id_ in (chatbot, unknown, "demo"):
        assert await codes(foreigner, VISITS, {"id": id_}) == ["NOT_FOUND"]
