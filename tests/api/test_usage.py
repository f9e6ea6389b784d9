"""`usage` and `usageUpdates`: what was asked is told exactly, to those who may know."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from documents.ids import PydanticObjectId
from graphql_schema.pagination import cursor_of
from tests.answers import asked, followed, new_key
from tests.api.operations import (
    OPEN,
    Json,
    KeyOf,
    MakeClient,
    PersonOf,
    VisitorOf,
    codes,
    database_of,
    done,
    new_chatbot,
    new_slug,
)
from tests.api.test_erasure import chatbot_facts
from tests.graphql_clients import GraphQLClient, GraphQLFailure
from tests.server_process import ServerProcess
from tests.watching import Stream, cursor_now, watching

FIELDS = """
client { id } quota used reserved resetsAt budget { micros } spent { micros currency }
totals {
  requests successes failures fallbacks inputTokens outputTokens cost { micros } conversations
  uniqueVisitors messagesPerConversation feedbackUp feedbackDown satisfaction unanswered
  firstTokenP50Ms firstTokenP95Ms answerP50Ms answerP95Ms
}
series { date totals { requests } }
"""
USAGE = f"""
query ($client: ID!, $period: PeriodInput, $granularity: Granularity! = DAY) {{
  usage(clientId: $client, period: $period, granularity: $granularity) {{ {FIELDS} }}
}}
"""
USAGE_UPDATES = """
subscription ($client: ID!, $after: String) {
  usageUpdates(clientId: $client, after: $after) {
    cursor clientId usage { used totals { requests successes failures } }
  }
}
"""


class Shop:
    """A client with one chatbot."""

    def __init__(self, slug: str, client_id: str, chatbot_id: str, embed_key: str) -> None:
        self.slug = slug
        self.id = client_id
        self.chatbot_id = chatbot_id
        self.embed_key = embed_key


@pytest.fixture
async def shop(admin: GraphQLClient, make_client: MakeClient) -> Shop:
    slug = new_slug()
    client_id = await make_client(slug)
    chatbot_id = await new_chatbot(admin, client_id, settings=OPEN)
    return Shop(slug, client_id, chatbot_id, (await chatbot_facts(admin, chatbot_id))[0])


async def usage_of(caller: GraphQLClient, shop: Shop, **more: Any) -> Json:
    usage: Json = (await caller.execute(USAGE, {"client": shop.id, **more}))["usage"]
    return usage


@asynccontextmanager
async def usage_updates(caller: GraphQLClient, shop: Shop, after: str) -> AsyncIterator[Stream]:
    async with watching(
        caller, "usageUpdates", USAGE_UPDATES, client=shop.id, after=after
    ) as stream:
        yield stream


async def test_whoever_asks_after_an_answer_finds_it_counted(
    admin: GraphQLClient, shop: Shop, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    viewer = await person_of(shop.slug, "viewer")
    assert (await usage_of(viewer, shop))["totals"]["requests"] == 0
    one, other = await visitor_of(shop.embed_key), await visitor_of(shop.embed_key)
    conversation = (await asked(one, "When do you open?"))[0]["conversationId"]
    await asked(one, "And when do you close?", conversationId=conversation)
    await asked(other, "Do you sell shoes?")

    usage = await usage_of(viewer, shop)
    totals = usage["totals"]
    assert (usage["used"], usage["reserved"], usage["quota"]) == (3, 0, None)
    assert (totals["requests"], totals["successes"], totals["failures"]) == (3, 3, 0)
    assert (totals["conversations"], totals["uniqueVisitors"]) == (2, 2)
    assert totals["messagesPerConversation"] == 3.0
    assert totals["answerP95Ms"] >= totals["answerP50Ms"] >= 0
    assert totals["satisfaction"] is None
    assert sum(point["totals"]["requests"] for point in usage["series"]) == 3
    assert usage["spent"]["micros"] == 0


async def test_refusals_count_as_requests_and_previews_do_not(
    server: ServerProcess, admin: GraphQLClient, shop: Shop, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of(shop.embed_key)
    made = await done(admin, "createPreviewToken", {"chatbotId": shop.chatbot_id}, "widgetToken")
    previewer = GraphQLClient(server.url, made["widgetToken"], origin=server.url)
    await asked(previewer, "How does this look?")
    await previewer.close()
    assert (await asked(visitor, " "))[0]["code"] == "INVALID_INPUT"
    usage = await usage_of(admin, shop)
    assert usage["used"] == 0
    assert (usage["totals"]["requests"], usage["totals"]["failures"]) == (1, 1)


async def test_periods_are_the_clients_days(
    admin: GraphQLClient, shop: Shop, visitor_of: VisitorOf
) -> None:
    given = {"id": shop.id, "timeZone": "Asia/Kolkata"}
    await done(admin, "updateClient", given, "client { id }")
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    usage = await usage_of(admin, shop)
    [today] = [point["date"] for point in usage["series"] if point["totals"]["requests"]]
    assert usage["series"][0]["date"] <= today
    assert usage["resetsAt"].endswith("T18:30:00.000Z"), "midnight there"
    by_month = await usage_of(admin, shop, granularity="MONTH")
    assert [point["totals"]["requests"] for point in by_month["series"]] == [1]
    before = await usage_of(admin, shop, period={"from": "2020-02-01", "until": "2020-03-01"})
    assert (before["totals"]["requests"], before["used"], len(before["series"])) == (0, 1, 29)
    for until in ("2020-02-01", "2020-01-31", "2021-02-03"):
        period = {"from": "2020-02-01", "until": until}
        assert await codes(admin, USAGE, {"client": shop.id, "period": period}) == ["INVALID_INPUT"]
    for since, until in (("0001-01-01", "0001-01-02"), ("9999-12-27", "9999-12-31")):
        for granularity in ("DAY", "WEEK", "MONTH"):
            extreme = {"from": since, "until": until}
            wanted: Json = {"client": shop.id, "period": extreme, "granularity": granularity}
            assert await codes(admin, USAGE, wanted) == ["INVALID_INPUT"]


async def test_a_dashboard_sees_usage_grow(
    shop: Shop, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    viewer, visitor = await person_of(shop.slug, "viewer"), await visitor_of(shop.embed_key)
    start = await cursor_now(viewer, shop.id)
    async with usage_updates(viewer, shop, start) as stream:
        updates = []
        for number in range(1, 4):
            await asked(visitor, "When do you open?")
            updates.append(await stream.next())
            while updates[-1]["usage"]["used"] < number:
                updates.append(await stream.next())
    assert updates[-1]["clientId"] == shop.id
    assert updates[-1]["usage"]["totals"] == {"requests": 3, "successes": 3, "failures": 0}
    for cut, seen in enumerate(updates[:-1]):
        async with usage_updates(viewer, shop, seen["cursor"]) as stream:
            assert (await stream.next())["usage"]["used"] == 3, cut


async def test_updates_come_as_server_sent_events_too(
    shop: Shop, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    viewer = await person_of(shop.slug, "viewer")
    given = {"client": shop.id, "after": await cursor_now(viewer, shop.id)}
    await asked(await visitor_of(shop.embed_key), "When do you open?")
    async with aclosing(viewer.stream(USAGE_UPDATES, given)) as results:
        assert (await anext(results))["usageUpdates"]["usage"]["used"] == 1


async def refused(caller: GraphQLClient, client_id: str, after: str | None) -> list[str | None]:
    async with aclosing(
        caller.subscribe(USAGE_UPDATES, {"client": client_id, "after": after})
    ) as results:
        with pytest.raises(GraphQLFailure) as failure:
            await anext(results)
    return failure.value.codes


async def test_usage_is_for_the_clients_people_and_servers(
    shop: Shop,
    nobody: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
    key_of: KeyOf,
) -> None:
    other_slug = new_slug()
    await make_client(other_slug)
    stranger, visitor = await person_of(other_slug, "owner"), await visitor_of(shop.embed_key)
    assert (await stranger.execute(USAGE, {"client": shop.id}))["usage"] is None
    for caller, code in (
        (stranger, "NOT_FOUND"),
        (visitor, "FORBIDDEN"),
        (nobody, "UNAUTHENTICATED"),
        (await key_of(shop.id, "CONVERSATIONS_READ"), "FORBIDDEN"),
    ):
        assert await refused(caller, shop.id, None) == [code]
    key = await key_of(shop.id, "REPORTS_READ")
    assert (await usage_of(key, shop))["used"] == 0


async def test_a_cursor_that_nobody_knows_is_refused(
    shop: Shop, admin: GraphQLClient, make_client: MakeClient
) -> None:
    foreign = await cursor_now(admin, await make_client())
    for cursor, code in (
        ("nonsense", "INVALID_INPUT"),
        (cursor_of(str(PydanticObjectId())), "CURSOR_EXPIRED"),
        (foreign, "CURSOR_EXPIRED"),
    ):
        assert await refused(admin, shop.id, cursor) == [code]


async def test_a_membership_that_ends_ends_the_updates(
    server: ServerProcess, shop: Shop, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    viewer, visitor = await person_of(shop.slug, "viewer"), await visitor_of(shop.embed_key)
    async with usage_updates(viewer, shop, await cursor_now(viewer, shop.id)) as stream:
        await asked(visitor, "When do you open?")
        await stream.next()
        async with database_of(server) as database:
            gone = {"$pull": {"memberships": {"client_id": shop.slug}}}
            await database.database["users"].update_many({"memberships.client_id": shop.slug}, gone)
        await asked(visitor, "And now?")
        with pytest.raises(GraphQLFailure) as ended:
            await stream.next()
    assert ended.value.codes == ["FORBIDDEN"]


async def test_an_answer_that_is_made_once_more_counts_as_a_question(
    admin: GraphQLClient, shop: Shop, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of(shop.embed_key)
    old = (await asked(visitor, "When do you open?"))[0]["messageId"]
    given = {"messageId": old, "idempotencyKey": new_key()}
    new = (await done(visitor, "regenerateAnswer", given, "messageId"))["messageId"]
    again = (await done(visitor, "regenerateAnswer", given, "messageId"))["messageId"]
    assert again == new != old
    await followed(visitor, new)

    usage = await usage_of(admin, shop)
    assert usage["used"] == 2
    totals = usage["totals"]
    assert (totals["requests"], totals["successes"], totals["conversations"]) == (2, 2, 1)


BY_PARTS = """
query ($client: ID!, $period: PeriodInput) {
  usage(clientId: $client, period: $period) {
    byChatbot { name chatbot { id } totals { requests successes } }
    byLlm { name llmConfig { id name } totals { requests successes fallbacks } }
  }
}
"""


async def test_usage_is_told_by_chatbot_and_by_language_model(
    admin: GraphQLClient, shop: Shop, visitor_of: VisitorOf, key_of: KeyOf
) -> None:
    second = await new_chatbot(admin, shop.id, name="Second", settings=OPEN)
    visitor, other = (
        await visitor_of(shop.embed_key),
        await visitor_of((await chatbot_facts(admin, second))[0]),
    )
    for _ in range(2):
        await asked(visitor, "When do you open?")
    await asked(other, "When do you close?")
    await asked(other, " ")
    await admin.execute(USAGE, {"client": shop.id})
    await done(admin, "deleteChatbot", {"id": second, "confirmName": "Second"}, "deletedId")

    usage = (await admin.execute(BY_PARTS, {"client": shop.id}))["usage"]
    by_chatbot = {one["name"]: one for one in usage["byChatbot"]}
    assert by_chatbot["Helper"]["chatbot"] == {"id": shop.chatbot_id}
    assert by_chatbot["Helper"]["totals"] == {"requests": 2, "successes": 2}
    assert by_chatbot[""] == {
        "name": "",
        "chatbot": None,
        "totals": {"requests": 2, "successes": 1},
    }
    [model] = usage["byLlm"]
    assert model["name"] == model["llmConfig"]["name"]
    assert model["totals"] == {"requests": 3, "successes": 3, "fallbacks": 0}

    key = await key_of(shop.id, "REPORTS_READ")
    refusals = await codes(key, BY_PARTS, {"client": shop.id})
    assert set(refusals) == {"FORBIDDEN"}, "what a scope opens it opens everywhere"
    names = "query ($client: ID!) { usage(clientId: $client) { byLlm { name } } }"
    assert await codes(key, names, {"client": shop.id}) == []
