"""Widget tokens in the hands of clients' own servers: API keys with the scope VISITORS_WRITE."""

import pytest_asyncio

from tests.api.operations import (
    ALL_SCOPES,
    Json,
    KeyOf,
    MakeClient,
    codes,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_key,
    new_slug,
)
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

CREATED = "widgetToken token { id }"
TOKENS = """
query ($id: ID!) { widgetTokens(chatbotId: $id) { edges { node { id revokedAt } } } }
"""
WHO = "{ viewer { visitor { id userId } } }"
LOG = """
query ($id: ID) { auditLog(clientId: $id, first: 20) { edges { node {
  actor action targetType changes { field before after }
} } } }
"""


class Shop:
    """A client with a chatbot."""

    def __init__(self, client_id: str, chatbot_id: str) -> None:
        self.client_id = client_id
        self.chatbot_id = chatbot_id


@pytest_asyncio.fixture
async def shop(admin: GraphQLClient, make_client: MakeClient) -> Shop:
    client_id = await make_client(new_slug())
    return Shop(client_id, await new_chatbot(admin, client_id))


@pytest_asyncio.fixture
async def other_shop(admin: GraphQLClient, make_client: MakeClient) -> Shop:
    client_id = await make_client(new_slug())
    return Shop(client_id, await new_chatbot(admin, client_id))


async def made(key: GraphQLClient, shop: Shop, **more: object) -> Json:
    return await mutate(key, "createWidgetToken", {"chatbotId": shop.chatbot_id, **more}, CREATED)


async def listed(caller: GraphQLClient, shop: Shop) -> dict[str, bool]:
    """Which tokens a chatbot has, and whether each is revoked."""
    found = (await caller.execute(TOKENS, {"id": shop.chatbot_id}))["widgetTokens"]["edges"]
    return {edge["node"]["id"]: edge["node"]["revokedAt"] is not None for edge in found}


async def test_a_key_makes_lists_and_ends_the_tokens_of_its_clients_chatbots(
    server: ServerProcess, shop: Shop, key_of: KeyOf
) -> None:
    key = await key_of(shop.client_id, "VISITORS_WRITE")
    first, second, third = [await made(key, shop, userId="user-17") for _ in range(3)]
    widget = GraphQLClient(server.url, first["widgetToken"], server.url)
    assert (await widget.execute(WHO))["viewer"]["visitor"]["userId"] == "user-17"

    given = {"id": first["token"]["id"]}
    await done(key, "revokeWidgetToken", given, "token { revokedAt }")
    assert await codes(widget, WHO, {}) == ["TOKEN_REVOKED"]
    tokens = [one["token"]["id"] for one in (first, second, third)]
    assert await listed(key, shop) == {tokens[0]: True, tokens[1]: False, tokens[2]: False}
    everything = {"chatbotId": shop.chatbot_id}
    ended = await done(key, "revokeChatbotTokens", everything, "revokedTokens")
    assert ended == {"__typename": "RevokeChatbotTokensSuccess", "revokedTokens": 2}
    assert await listed(key, shop) == dict.fromkeys(tokens, True)
    await widget.close()


async def test_another_clients_chatbot_and_tokens_are_unknown_to_a_key(
    shop: Shop, other_shop: Shop, key_of: KeyOf, admin: GraphQLClient
) -> None:
    key = await key_of(shop.client_id, "VISITORS_WRITE")
    foreign = (await made(admin, other_shop))["token"]["id"]

    refusals = [
        await made(key, other_shop),
        await mutate(key, "revokeWidgetToken", {"id": foreign}, "token { id }"),
        await mutate(
            key, "revokeChatbotTokens", {"chatbotId": other_shop.chatbot_id}, "revokedTokens"
        ),
    ]
    paths = [(one["code"], one["path"]) for one in refusals]
    assert paths == [
        ("NOT_FOUND", ["input", "chatbotId"]),
        ("NOT_FOUND", ["input", "id"]),
        ("NOT_FOUND", ["input", "chatbotId"]),
    ]
    assert await codes(key, TOKENS, {"id": other_shop.chatbot_id}) == ["NOT_FOUND"]
    assert await listed(admin, other_shop) == {foreign: False}


async def test_a_key_without_the_scope_does_nothing_with_tokens(
    shop: Shop, key_of: KeyOf, admin: GraphQLClient
) -> None:
    token = (await made(admin, shop))["token"]["id"]
    key = await key_of(shop.client_id, *[one for one in ALL_SCOPES if one != "VISITORS_WRITE"])
    operations = {
        "createWidgetToken": {"input": {"chatbotId": shop.chatbot_id}},
        "revokeWidgetToken": {"input": {"id": token}},
        "revokeChatbotTokens": {"input": {"chatbotId": shop.chatbot_id}},
    }
    for name, variables in operations.items():
        assert await codes(key, mutation(name), variables) == ["FORBIDDEN"], name
    assert await codes(key, TOKENS, {"id": shop.chatbot_id}) == ["FORBIDDEN"]
    assert await listed(admin, shop) == {token: False}


async def test_what_a_key_did_with_tokens_is_recorded_without_them(
    shop: Shop, admin: GraphQLClient, server: ServerProcess
) -> None:
    secret = (await new_key(admin, shop.client_id, scopes=["VISITORS_WRITE"]))["secret"]
    key = GraphQLClient(server.url, secret)
    token = await made(key, shop, userId="user-17")
    await done(key, "revokeWidgetToken", {"id": token["token"]["id"]}, "token { id }")
    await done(key, "revokeWidgetToken", {"id": token["token"]["id"]}, "token { id }")
    await done(key, "revokeChatbotTokens", {"chatbotId": shop.chatbot_id}, "revokedTokens")
    await key.close()

    edges = (await admin.execute(LOG, {"id": shop.client_id}))["auditLog"]["edges"]
    entries = [edge["node"] for edge in edges if edge["node"]["actor"].startswith("API key Shop")]
    assert [(one["action"], one["targetType"]) for one in reversed(entries)] == [
        ("createWidgetToken", "WidgetToken"),
        ("revokeWidgetToken", "WidgetToken"),
        ("revokeChatbotTokens", "Chatbot"),
    ], "ending an ended token changes nothing"
    assert token["widgetToken"] not in str(entries)
