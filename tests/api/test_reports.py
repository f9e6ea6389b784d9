"""`clientReport`, `chatbotReport` and `llmUsage`: what was asked, told to those who may know."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.answers import asked
from tests.api.operations import (
    OPEN,
    Json,
    KeyOf,
    MakeClient,
    PersonOf,
    VisitorOf,
    codes,
    done,
    new_chatbot,
    new_slug,
)
from tests.api.test_erasure import chatbot_facts
from tests.api.test_usage import Shop, shop
from tests.graphql_clients import GraphQLClient

__all__ = ["shop"]

FIELDS = """
totals { requests successes uniqueVisitors conversations satisfaction answerP95Ms unanswered }
previous { requests satisfaction }
series { date totals { requests } }
byLlm { name llmConfig { id } totals { requests } }
topQuestions { question count lastAskedAt exampleMessageId }
unansweredQuestions { question count }
longestConversations { id messageCount }
visits { count averageSeconds messagesPerVisit activeWidgetTokens }
"""
CLIENT_REPORT = f"""
query ($id: ID!, $period: PeriodInput!, $granularity: Granularity! = DAY) {{
  clientReport(clientId: $id, period: $period, granularity: $granularity) {{
    {FIELDS} client {{ id }} byChatbot {{ name totals {{ requests }} }}
  }}
}}
"""
CHATBOT_REPORT = f"""
query ($id: ID!, $period: PeriodInput!) {{
  chatbotReport(chatbotId: $id, period: $period) {{ {FIELDS} chatbot {{ id }} }}
}}
"""
LLM_USAGE = """
query ($id: ID!, $period: PeriodInput!) {
  llmUsage(clientId: $id, period: $period) { name totals { requests } }
}
"""


def around_today(days: int = 1) -> Json:
    today = datetime.now(UTC).date()
    return {
        "from": str(today - timedelta(days=days)),
        "until": str(today + timedelta(days=days + 1)),
    }


def month_of_today() -> Json:
    first = datetime.now(UTC).date().replace(day=1)
    return {"from": str(first), "until": str((first + timedelta(days=31)).replace(day=1))}


async def report(caller: GraphQLClient, shop: Shop, **more: object) -> Json:
    given = {"id": shop.id, "period": around_today(), **more}
    found: Json = (await caller.execute(CLIENT_REPORT, given))["clientReport"]
    return found


async def test_a_report_tells_what_was_asked(
    admin: GraphQLClient, shop: Shop, person_of: PersonOf, visitor_of: VisitorOf
) -> None:
    second = await new_chatbot(admin, shop.id, name="Second", settings=OPEN)
    one, other = await visitor_of(shop.embed_key), await visitor_of(shop.embed_key)
    at_second = await visitor_of((await chatbot_facts(admin, second))[0])
    conversation = (await asked(one, "When do you open?"))[0]["conversationId"]
    await asked(one, "Do you sell shoes?", conversationId=conversation)
    await asked(other, "when do you  OPEN")
    await asked(at_second, "When do you open?")

    viewer = await person_of(shop.slug, "viewer")
    found = await report(viewer, shop)
    assert found["client"] == {"id": shop.id}
    assert found["totals"]["requests"] == found["totals"]["successes"] == 4
    assert (found["totals"]["conversations"], found["totals"]["uniqueVisitors"]) == (3, 3)
    assert found["previous"] == {"requests": 0, "satisfaction": None}
    assert {one["name"]: one["totals"]["requests"] for one in found["byChatbot"]} == {
        "Helper": 3,
        "Second": 1,
    }
    first = found["topQuestions"][0]
    assert (first["question"], first["count"]) == ("When do you open?", 3)
    assert [one["count"] for one in found["topQuestions"]] == [3, 1]
    assert found["longestConversations"][0] == {"id": conversation, "messageCount": 4}
    assert found["visits"]["count"] == 3
    assert found["visits"]["messagesPerVisit"] == pytest.approx(8 / 3)
    assert found["visits"]["activeWidgetTokens"] == 3

    given = {"id": second, "period": around_today()}
    about_one = (await viewer.execute(CHATBOT_REPORT, given))["chatbotReport"]
    assert about_one["chatbot"] == {"id": second}
    assert about_one["totals"]["requests"] == 1
    assert [one["question"] for one in about_one["topQuestions"]] == ["When do you open?"]
    assert about_one["visits"]["count"] == 1
    given = {"id": shop.id, "period": around_today()}
    [model] = (await viewer.execute(LLM_USAGE, given))["llmUsage"]
    assert model["totals"]["requests"] == 4


async def test_a_month_that_is_kept_is_told_anew_when_something_is_asked(
    admin: GraphQLClient, shop: Shop, visitor_of: VisitorOf
) -> None:
    visitor, month = await visitor_of(shop.embed_key), month_of_today()
    for count in (1, 2):
        await asked(visitor, "When do you open?")
        for granularity in ("DAY", "MONTH"):
            found = await report(admin, shop, period=month, granularity=granularity)
            assert found["totals"]["requests"] == count
            assert sum(one["totals"]["requests"] for one in found["series"]) == count
            assert [one["totals"]["requests"] for one in found["byChatbot"]] == [count]
            assert [one["count"] for one in found["topQuestions"]] == [count]
            assert len(found["longestConversations"]) == count


async def test_what_was_deleted_is_counted_and_not_told(
    admin: GraphQLClient, shop: Shop, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of(shop.embed_key)
    conversation = (await asked(visitor, "My number is 4711."))[0]["conversationId"]
    assert len((await report(admin, shop))["topQuestions"]) == 1
    await done(admin, "deleteConversation", {"id": conversation}, "deletedId")
    found = await report(admin, shop)
    assert found["totals"]["requests"] == 1
    assert found["topQuestions"] == found["unansweredQuestions"] == []
    assert found["longestConversations"] == []


@pytest.mark.parametrize("granularity", ["DAY", "WEEK", "MONTH"])
async def test_a_period_without_anything_is_told_as_such(
    admin: GraphQLClient, shop: Shop, granularity: str
) -> None:
    for period in (
        {"from": "2020-02-01", "until": "2021-02-01"},
        {"from": "2150-02-01", "until": "2150-02-02"},
    ):
        found = await report(admin, shop, period=period, granularity=granularity)
        assert found["totals"]["requests"] == 0
        assert found["totals"]["satisfaction"] is found["totals"]["answerP95Ms"] is None
        assert found["visits"] | {"activeWidgetTokens": 0} == {
            "count": 0,
            "averageSeconds": None,
            "messagesPerVisit": None,
            "activeWidgetTokens": 0,
        }
    backwards = {"from": "2020-02-01", "until": "2020-01-01"}
    given: Json = {"id": shop.id, "period": backwards}
    for query in (CLIENT_REPORT, LLM_USAGE, CHATBOT_REPORT):
        assert await codes(admin, query, given) == ["INVALID_INPUT"]


async def test_reports_are_for_the_clients_own_people_and_servers(
    admin: GraphQLClient, shop: Shop, make_client: MakeClient, person_of: PersonOf, key_of: KeyOf
) -> None:
    other = new_slug()
    await make_client(other)
    stranger = await person_of(other, "owner")
    given: Json = {"id": shop.id, "period": around_today()}
    assert (await stranger.execute(CLIENT_REPORT, given))["clientReport"] is None
    assert await codes(stranger, LLM_USAGE, given) == ["NOT_FOUND"]
    of_chatbot = {**given, "id": shop.chatbot_id}
    assert (await stranger.execute(CHATBOT_REPORT, of_chatbot))["chatbotReport"] is None
    key = await key_of(shop.id, "REPORTS_READ")
    assert await codes(key, LLM_USAGE, given) == []
    assert set(await codes(key, CLIENT_REPORT, given)) == {"FORBIDDEN"}, "what visitors said"
