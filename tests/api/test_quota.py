"""What a visitor, a server and a dashboard see of a client's quota and budget."""

from datetime import UTC, datetime

import pytest

from tests.answers import asked, new_key
from tests.api.operations import (
    OPEN,
    Json,
    MakeClient,
    VisitorOf,
    done,
    mutate,
    new_chatbot,
    new_slug,
)
from tests.api.test_erasure import chatbot_facts
from tests.graphql_clients import GraphQLClient

USAGE = """
query ($client: ID!) {
  usage(clientId: $client) {
    quota used reserved resetsAt budget { micros currency } spent { micros currency }
    totals { requests successes failures }
  }
}
"""
ASK = """
subscription ($input: AskInput!) {
  ask(input: $input) {
    __typename
    ... on AnswerFailed { code text retryable retryAt }
    ... on AnswerStarted { messageId }
  }
}
"""
REFUSAL = "... on RefusedError { retryAt }"
ASK_ONCE = f"""
mutation ($input: AskInput!) {{
  result: askOnce(input: $input) {{ __typename ... on UserError {{ code }} {REFUSAL} }}
}}
"""


class Tenant:
    """A client with a chatbot and a visitor of it."""

    def __init__(self, client_id: str, visitor: GraphQLClient) -> None:
        self.id = client_id
        self.visitor = visitor


@pytest.fixture
async def tenant(admin: GraphQLClient, make_client: MakeClient, visitor_of: VisitorOf) -> Tenant:
    client_id = await make_client(new_slug())
    chatbot = await new_chatbot(admin, client_id, settings=OPEN)
    return Tenant(client_id, await visitor_of((await chatbot_facts(admin, chatbot))[0]))


async def limited(admin: GraphQLClient, tenant: Tenant, **limits: object) -> None:
    await done(admin, "updateClient", {"id": tenant.id, **limits}, "client { id }")


async def usage_of(admin: GraphQLClient, tenant: Tenant) -> Json:
    usage: Json = (await admin.execute(USAGE, {"client": tenant.id}))["usage"]
    return usage


async def events_of(tenant: Tenant, text: str) -> list[Json]:
    given = {"text": text, "idempotencyKey": new_key()}
    return [data["ask"] async for data in tenant.visitor.subscribe(ASK, {"input": given})]


async def test_a_used_up_quota_is_told_in_the_visitors_language_until_it_is_raised(
    admin: GraphQLClient, tenant: Tenant
) -> None:
    await limited(admin, tenant, monthlyQuota=1, timeZone="Asia/Kolkata")
    first = await events_of(tenant, "Wann habt ihr am Samstag geöffnet?")
    refused = await events_of(tenant, "Und wann habt ihr am Sonntag geöffnet?")

    usage = await usage_of(admin, tenant)
    assert (usage["quota"], usage["used"], usage["reserved"]) == (1, 1, 0)
    assert usage["totals"] == {"requests": 2, "successes": 1, "failures": 1}
    [refusal] = refused
    assert refusal["code"] == "QUOTA_EXCEEDED"
    assert refusal["retryAt"] == usage["resetsAt"]
    assert refusal["retryAt"].endswith("T18:30:00.000Z"), "midnight there"
    assert refusal["retryable"] is False
    assert "Limit" in refusal["text"]
    assert "1. " in refusal["text"], "the first of a month, as Germans write it"
    assert datetime.fromisoformat(refusal["retryAt"]) > datetime.now(UTC)

    once_more = {"messageId": first[0]["messageId"], "idempotencyKey": new_key()}
    one_more = {"text": "And on Sundays?", "idempotencyKey": new_key()}
    for result in (
        await mutate(tenant.visitor, "regenerateAnswer", once_more, "messageId", REFUSAL),
        (await tenant.visitor.execute(ASK_ONCE, {"input": one_more}))["result"],
    ):
        assert (result["__typename"], result["code"]) == ("RefusedError", "QUOTA_EXCEEDED")
        assert result["retryAt"] == usage["resetsAt"]

    await limited(admin, tenant, monthlyQuota=2)
    assert (await asked(tenant.visitor, "And now?"))[-1]["__typename"] == "AnswerCompleted"
    assert (await usage_of(admin, tenant))["used"] == 2


async def test_what_is_free_is_answered_whatever_the_budget(
    admin: GraphQLClient, tenant: Tenant
) -> None:
    await limited(admin, tenant, budget={"micros": 0, "currency": "EUR"})
    assert (await asked(tenant.visitor, "Hello?"))[-1]["__typename"] == "AnswerCompleted"
    usage = await usage_of(admin, tenant)
    assert usage["budget"] == usage["spent"] == {"micros": 0, "currency": "EUR"}


async def test_a_budget_that_cannot_hold_one_answer_lets_no_model_be_asked(
    admin: GraphQLClient, tenant: Tenant, visitor_of: VisitorOf
) -> None:
    config = await done(
        admin,
        "createLlmConfig",
        {
            "clientId": tenant.id,
            "name": "Dear",
            "provider": "OPENAI",
            "model": "dear",
            "apiKey": "sk-never-used",
            "outputCostPer1kTokens": "1",
            "maxTokens": 1000,
        },
        "llmConfig { id }",
    )
    chatbot = await new_chatbot(
        admin, tenant.id, settings={"defaultLlmId": config["llmConfig"]["id"], **OPEN}
    )
    await limited(admin, tenant, budget={"micros": 999_999, "currency": "USD"})
    visitor = await visitor_of((await chatbot_facts(admin, chatbot))[0])
    ending = (await asked(visitor, "How much is the fish?"))[-1]
    assert ending["code"] == "BUDGET_EXCEEDED"
    assert "all it may this month" in ending["text"]
    usage = await usage_of(admin, tenant)
    assert (usage["used"], usage["reserved"], usage["spent"]["micros"]) == (0, 0, 0)
