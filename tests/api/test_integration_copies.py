"""Integrations go to another client as a document, with everything but what is secret."""

import json
from typing import Any

import pytest
import pytest_asyncio

from tests.api.operations import Json, PersonOf, codes, done, mutate
from tests.api.test_usage import Shop, shop
from tests.graphql_clients import GraphQLClient

__all__ = ["shop"]

EXPORT = "query ($id: ID!) { exportIntegrations(clientId: $id) }"
COUNT = "query ($id: ID!) { integrations(clientId: $id) { id } }"
MADE = """
integrations {
  id kind name targetLabel events chatbotIds quietHours { from until } digestMinutes active
  pausedReason
}
"""
ISSUES = "... on InvalidInputError { issues { path message } }"
SECRET = "https://hooks.example.com/T0SECRET/B0SECRET"


@pytest_asyncio.fixture
async def editor(shop: Shop, person_of: PersonOf) -> GraphQLClient:
    return await person_of(shop.slug, "editor")


async def exported(caller: GraphQLClient, client_id: str) -> str:
    found: str = (await caller.execute(EXPORT, {"id": client_id}))["exportIntegrations"]
    return found


async def imported(caller: GraphQLClient, client_id: str, document: str) -> list[Json]:
    given = {"clientId": client_id, "document": document}
    made: list[Json] = (await done(caller, "importIntegrations", given, MADE))["integrations"]
    return made


async def arranged(caller: GraphQLClient, shop: Shop) -> None:
    """A webhook and mails, with all that can be said about them."""
    for target, more in (
        ({"webhookUrl": SECRET}, {"chatbotIds": [shop.chatbot_id]}),
        ({"emails": ["a@example.com", "b@example.com"]}, {"digestMinutes": 60}),
    ):
        given = {
            "clientId": shop.id,
            "name": "Our office",
            "target": target,
            "events": ["HANDOFF_REQUESTED", "MESSAGE_CREATED"],
            "quietHours": {"from": "22:00", "until": "07:00"},
            **more,
        }
        await done(caller, "createIntegration", given, "signingSecret")


async def test_all_but_the_secrets_goes_along(
    admin: GraphQLClient, shop: Shop, editor: GraphQLClient
) -> None:
    await arranged(editor, shop)
    document = await exported(editor, shop.id)
    for secret in ("SECRET", "whsec_", shop.id, shop.chatbot_id, shop.slug):
        assert secret not in document
    says = json.loads(document)
    assert (says["format"], says["version"]) == ("parlance.integrations", 1)
    assert says["integrations"][0]["target"] == "https://hooks.example.com/…"

    webhook, mails = await imported(editor, shop.id, document)
    assert (webhook["kind"], webhook["active"]) == ("WEBHOOK", False)
    assert "updateIntegration" in webhook["pausedReason"]
    assert webhook["chatbotIds"] == [shop.chatbot_id]
    assert webhook["quietHours"] == {"from": "22:00", "until": "07:00"}
    assert (mails["active"], mails["pausedReason"]) == (True, None)
    assert mails["targetLabel"] == "a@example.com, b@example.com"
    assert mails["digestMinutes"] == 60
    assert mails["events"] == ["HANDOFF_REQUESTED", "MESSAGE_CREATED"]
    again = json.loads(await exported(editor, shop.id))["integrations"]
    assert again[3] == says["integrations"][1]
    assert again[2] == {**says["integrations"][0], "target": "(no address yet)", "active": False}


async def test_an_integration_without_its_address_waits_for_it(
    shop: Shop, editor: GraphQLClient
) -> None:
    await arranged(editor, shop)
    webhook, _ = await imported(editor, shop.id, await exported(editor, shop.id))
    on = {"id": webhook["id"], "active": True}
    refused = await mutate(editor, "updateIntegration", on, "integration { active }")
    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", "active"])
    tried = await done(editor, "testIntegration", {"id": webhook["id"]}, "attempt { problem }")
    assert "no address yet" in tried["attempt"]["problem"]
    whole = await done(
        editor,
        "updateIntegration",
        {**on, "target": {"webhookUrl": SECRET}},
        "integration { active pausedReason targetLabel }",
    )
    assert whole["integration"] == {
        "active": True,
        "pausedReason": None,
        "targetLabel": "https://hooks.example.com/…",
    }
    rotated = await done(editor, "rotateIntegrationSecret", {"id": webhook["id"]}, "signingSecret")
    assert rotated["signingSecret"].startswith("whsec_")


def a_document(*integrations: Json, **more: Any) -> str:
    return json.dumps(
        {
            "format": "parlance.integrations",
            "version": 1,
            "integrations": list(integrations),
            **more,
        }
    )


def mails_to(*addresses: str, **more: Any) -> Json:
    return {
        "kind": "EMAIL",
        "name": "Mails",
        "emails": list(addresses),
        "events": ["REPORT_READY"],
        **more,
    }


FINE = mails_to("a@example.com")
WRONG: dict[str, tuple[str, list[str]]] = {
    "a chatbot that there is not": (
        a_document(FINE, mails_to("a@example.com", chatbots=["Nobody"])),
        ["integrations", "1", "chatbots"],
    ),
    "a later version": (a_document(FINE, version=2), ["version"]),
    "a mail to nobody": (a_document(mails_to()), ["integrations", "0", "emails"]),
    "a secret": (
        a_document({**FINE, "signingSecret": "whsec_x"}),
        ["integrations", "0", "signingSecret"],
    ),
    "an event that there is not": (
        a_document({**FINE, "events": ["NOTHING"]}),
        ["integrations", "0", "events", "0"],
    ),
    "half a character": (
        a_document(mails_to("a@example.com", chatbots=["\ud800"])),
        ["integrations", "0", "chatbots", "0"],
    ),
    "mails of a webhook": (
        a_document({**FINE, "kind": "WEBHOOK"}),
        ["integrations", "0", "emails"],
    ),
    "no JSON": ("{", []),
    "no time": (
        a_document({**FINE, "quietHours": {"from": "25:00", "until": "07:00"}}),
        ["integrations", "0", "quietHours", "from"],
    ),
    "of a chatbot": (a_document(FINE, format="parlance.chatbot"), ["format"]),
}


@pytest.mark.parametrize("wrong", sorted(WRONG))
async def test_what_is_wrong_is_said_where_it_stands_and_nothing_is_made(
    wrong: str, shop: Shop, editor: GraphQLClient
) -> None:
    document, path = WRONG[wrong]
    given = {"clientId": shop.id, "document": document}
    refused = await mutate(editor, "importIntegrations", given, MADE, ISSUES)
    assert refused["__typename"] == "InvalidInputError"
    assert refused["issues"][0]["path"] == ["input", "document", *path]
    assert (await editor.execute(COUNT, {"id": shop.id}))["integrations"] == []


async def test_no_client_gets_more_than_it_may(shop: Shop, editor: GraphQLClient) -> None:
    await imported(editor, shop.id, a_document(*[FINE] * 30))
    given = {"clientId": shop.id, "document": a_document(*[FINE] * 21)}
    refused = await mutate(editor, "importIntegrations", given, MADE)
    assert refused["__typename"] == "LimitReachedError"
    assert len((await editor.execute(COUNT, {"id": shop.id}))["integrations"]) == 30
    given["document"] = a_document(*[FINE] * 51)
    refused = await mutate(editor, "importIntegrations", given, MADE)
    assert refused["__typename"] == "LimitReachedError"


async def test_only_operators_bring_in_what_is_told_of_the_whole_platform(
    admin: GraphQLClient, shop: Shop, editor: GraphQLClient
) -> None:
    document = a_document({**FINE, "events": ["SERVER_ERRORS"]})
    given = {"clientId": shop.id, "document": document}
    mutation = (
        "mutation ($input: ImportIntegrationsInput!) { importIntegrations(input: $input)"
        " { __typename } }"
    )
    assert await codes(editor, mutation, {"input": given}) == ["FORBIDDEN"]
    assert len(await imported(admin, shop.id, document)) == 1
