"""Renaming, closing and deleting conversations, by visitors and by people."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from documents.database.database import Database
from tests.answers import asked
from tests.api.operations import (
    Json,
    PersonOf,
    VisitorOf,
    codes,
    database_of,
    done,
    mutate,
    mutation,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess
from tests.watching import visit_events

CONVERSATION = "query ($id: ID!) { conversation(id: $id) { title status messageCount } }"
LIST = "{ conversations(first: 5) { totalCount edges { node { id title status } } } }"
CHANGES: dict[str, Json] = {
    "renameConversation": {"title": "Another"},
    "closeConversation": {},
    "deleteConversation": {},
}


@pytest_asyncio.fixture
async def database(server: ServerProcess) -> AsyncGenerator[Database, None]:
    async with database_of(server) as found:
        yield found


async def entries(database: Database, action: str) -> int:
    return await database.database["audit_log"].count_documents({"action": action})


async def test_a_visitor_renames_closes_and_deletes_the_visitors_own(
    visitor_of: VisitorOf, database: Database
) -> None:
    visitor, other = await visitor_of(), await visitor_of()
    id_ = (await asked(visitor, "When do you <b>open</b>?"))[0]["conversationId"]
    shown = (await visitor.execute(CONVERSATION, {"id": id_}))["conversation"]
    assert shown == {"title": "When do you open ?", "status": "OPEN", "messageCount": 2}
    for name, more in CHANGES.items():
        foreign = await mutate(other, name, {"id": id_, **more}, "__typename")
        assert foreign["__typename"] == "NotFoundError"

    before = [await entries(database, name) for name in CHANGES]
    async with visit_events(visitor) as second_tab:
        given = {"id": id_, "title": "  Opening hours "}
        for _ in range(2):
            renamed = await done(visitor, "renameConversation", given, "conversation { title }")
            assert renamed["conversation"]["title"] == "Opening hours"
        for _ in range(2):
            closed = await done(visitor, "closeConversation", {"id": id_}, "conversation {status}")
            assert closed["conversation"]["status"] == "CLOSED"
        ended = await asked(visitor, "And on Sunday?", conversationId=id_)
        assert ended[-1]["code"] == "CONVERSATION_CLOSED"
        gone = await done(visitor, "deleteConversation", {"id": id_}, "deletedId")
        assert gone["deletedId"] == id_
        told = await second_tab.many(2)
    assert [one["kind"] for one in told] == ["CONVERSATION_RENAMED", "CONVERSATION_DELETED"]
    assert (await visitor.execute(CONVERSATION, {"id": id_}))["conversation"] is None
    assert (await visitor.execute(LIST))["conversations"]["edges"] == []
    again = await mutate(visitor, "deleteConversation", {"id": id_}, "deletedId")
    assert again["code"] == "NOT_FOUND"
    assert [await entries(database, name) for name in CHANGES] == before


async def test_people_change_conversations_as_their_role_allows(
    visitor_of: VisitorOf, person_of: PersonOf, database: Database
) -> None:
    visitor = await visitor_of()
    id_ = (await asked(visitor, "My name is Zebedee"))[0]["conversationId"]
    viewer, agent, editor = [await person_of("demo", one) for one in ("viewer", "agent", "editor")]
    for name, more in CHANGES.items():
        given = {"input": {"id": id_, **more}}
        assert await codes(viewer, mutation(name), given) == ["FORBIDDEN"]
    assert await codes(agent, mutation("deleteConversation"), {"input": {"id": id_}}) == [
        "FORBIDDEN"
    ]
    before = [await entries(database, name) for name in CHANGES]
    titled = {"id": id_, "title": "A visitor called Zebedee"}
    for _ in range(2):
        await done(agent, "renameConversation", titled, "conversation { id }")
        await done(agent, "closeConversation", {"id": id_}, "conversation { id }")
    await done(editor, "deleteConversation", {"id": id_}, "deletedId")
    after = [await entries(database, name) for name in CHANGES]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]
    log = database.database["audit_log"]
    assert await log.count_documents({"changes.after": {"$regex": "Zebedee"}}) == 0
    assert await log.count_documents({"changes.before": {"$regex": "Zebedee"}}) == 0


async def test_a_title_that_is_none_is_refused(visitor_of: VisitorOf) -> None:
    visitor = await visitor_of()
    id_ = (await asked(visitor, "When do you open?"))[0]["conversationId"]
    for title in ("", "  ", "x" * 201, "two\nlines", "a\x00b"):
        given = {"id": id_, "title": title}
        refused = await mutate(visitor, "renameConversation", given, "__typename")
        assert refused["code"] == "INVALID_INPUT", title
        assert refused["path"] == ["input", "title"]


async def test_lists_are_filtered_by_what_the_answers_are_like(
    visitor_of: VisitorOf, admin: GraphQLClient
) -> None:
    visitor = await visitor_of()
    id_ = (await asked(visitor, "What is Parlance?"))[0]["conversationId"]
    [mine] = (await visitor.execute(LIST))["conversations"]["edges"]
    assert mine["node"]["id"] == id_
    listing = (
        "query ($filter: ConversationFilter) { conversations(filter: $filter)"
        " { edges { node { id visitor { id } } } } }"
    )
    found = await admin.execute(listing, {"filter": {"statuses": ["OPEN"]}})
    [node] = [one["node"] for one in found["conversations"]["edges"] if one["node"]["id"] == id_]
    own = {"visitorId": node["visitor"]["id"]}
    for more, is_there in (
        ({"hasCitations": True}, True),
        ({"hasCitations": False}, False),
        ({"languages": ["EN"]}, True),
        ({"statuses": ["CLOSED"]}, False),
    ):
        filtered = await admin.execute(listing, {"filter": {**own, **more}})
        assert bool(filtered["conversations"]["edges"]) is is_there, more


async def test_a_visitor_rates_the_visitors_own_answers(
    visitor_of: VisitorOf, admin: GraphQLClient
) -> None:
    visitor, other = await visitor_of(), await visitor_of()
    events = await asked(visitor, "What is Parlance?")
    answer = {"messageId": events[0]["messageId"]}
    fields = "answer { feedback { rating comment } }"
    down = {**answer, "rating": "DOWN", "comment": "Too short."}
    for _ in range(2):
        rated = await done(visitor, "rateAnswer", down, fields)
        assert rated["answer"]["feedback"] == {"rating": "DOWN", "comment": "Too short."}
    kept = await done(visitor, "rateAnswer", {**answer, "rating": "DOWN"}, fields)
    assert kept["answer"]["feedback"]["comment"] == "Too short."
    cleared = {**answer, "rating": "DOWN", "comment": None}
    rated = await done(visitor, "rateAnswer", cleared, fields)
    assert rated["answer"]["feedback"] == {"rating": "DOWN", "comment": None}
    found = await mutate(other, "rateAnswer", {**answer, "rating": "UP"}, "__typename")
    assert found["code"] == "NOT_FOUND"
    assert await codes(admin, mutation("rateAnswer"), {"input": down}) == ["FORBIDDEN"]
    listing = (
        "query ($filter: ConversationFilter) { conversations(filter: $filter) { edges { node { id"
        " messages(last: 1) { edges { node { feedback { rating } } } } } } } }"
    )
    rows = (await admin.execute(listing, {"filter": {"rating": "DOWN"}}))["conversations"]["edges"]
    [mine] = [one["node"] for one in rows if one["node"]["id"] == events[0]["conversationId"]]
    assert mine["messages"]["edges"][0]["node"]["feedback"] == {"rating": "DOWN"}
    taken_back = await done(visitor, "rateAnswer", answer, fields)
    assert taken_back["answer"]["feedback"] is None
    rows = (await admin.execute(listing, {"filter": {"rating": "DOWN"}}))["conversations"]["edges"]
    assert events[0]["conversationId"] not in [one["node"]["id"] for one in rows]
