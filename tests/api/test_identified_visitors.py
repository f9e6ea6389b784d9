"""Visitors whom the client's own backend signs in."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import pytest_asyncio

from documents.base import utc_now
from tests.api.operations import Json, MakeClient, database_of, done, mutate, new_chatbot, new_slug
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

STARTED = "widgetToken visitorId conversation { id title status } chatbot { name }"
ROTATE = """
mutation ($input: RotateClientSigningKeyInput!) {
  rotateClientSigningKey(input: $input) {
    ... on RotateClientSigningKeySuccess { secret signingKey { keyId } }
    ... on UserError { code message }
  }
}
"""
VISITOR = "{ viewer { visitor { id userId userEmail language } } }"
EMBED_KEY = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"


@dataclass
class Shop:
    """A client with a chatbot and a backend that signs."""

    slug: str
    client_id: str
    chatbot_id: str
    embed_key: str
    secret: str
    key_id: str

    def vouch(self, user_id: str = "user-17", kid: str | None = None, **changed: Any) -> str:
        claims = {
            "client_id": self.slug,
            "user_id": user_id,
            "exp": utc_now() + timedelta(minutes=10),
            **changed,
        }
        return jwt.encode(claims, self.secret, "HS256", headers={"kid": kid} if kid else None)


MakeShop = Callable[[], Awaitable[Shop]]


@pytest_asyncio.fixture
async def make_shop(admin: GraphQLClient, make_client: MakeClient) -> MakeShop:
    async def make() -> Shop:
        slug = new_slug()
        client_id = await make_client(slug)
        chatbot_id = await new_chatbot(admin, client_id)
        embed_key = (await admin.execute(EMBED_KEY, {"id": chatbot_id}))["chatbot"]["embedKey"]
        rotated = await admin.execute(ROTATE, {"input": {"clientId": client_id}})
        made = rotated["rotateClientSigningKey"]
        key_id = made["signingKey"]["keyId"]
        return Shop(slug, client_id, chatbot_id, embed_key, made["secret"], key_id)

    return make


@pytest_asyncio.fixture
async def page(server: ServerProcess) -> AsyncGenerator[GraphQLClient, None]:
    """A page without a token."""
    made = GraphQLClient(server.url, origin=server.url)
    yield made
    await made.close()


async def start(page: GraphQLClient, shop: Shop, token: str | None, **more: Any) -> Json:
    given = {"embedKey": shop.embed_key, "identityToken": token, **more}
    return await mutate(page, "startVisit", given, STARTED)


async def ask(server: ServerProcess, widget_token: str, text: str, key: str) -> str:
    """The id of the conversation in which a question was asked."""
    visitor = GraphQLClient(server.url, widget_token, server.url)
    try:
        given = {"text": text, "idempotencyKey": key}
        document = (
            "mutation ($input: AskInput!) { askOnce(input: $input) {"
            " ... on AskOnceSuccess { conversationId } ... on UserError { code message } } }"
        )
        return str((await visitor.execute(document, {"input": given}))["askOnce"]["conversationId"])
    finally:
        await visitor.close()


async def test_same_person_is_the_same_visitor_on_every_device(
    server: ServerProcess, page: GraphQLClient, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    phone = await start(page, shop, shop.vouch(user_email="anna@example.com"), language="de")
    assert phone["conversation"] is None
    first = await ask(server, phone["widgetToken"], "When do you open?", "q-1")
    second = await ask(server, phone["widgetToken"], "And on Sunday?", "q-2")
    assert first != second

    laptop = await start(page, shop, shop.vouch(kid=shop.key_id))

    assert laptop["visitorId"] == phone["visitorId"]
    assert laptop["conversation"]["id"] == second, "the latest open one"
    who = GraphQLClient(server.url, laptop["widgetToken"], server.url)
    seen = (await who.execute(VISITOR))["viewer"]["visitor"]
    await who.close()
    assert seen == {
        "id": phone["visitorId"],
        "userId": "user-17",
        "userEmail": "anna@example.com",
        "language": "DE",
    }


async def test_many_devices_at_once_make_one_visitor(
    page: GraphQLClient, make_shop: MakeShop, server: ServerProcess
) -> None:
    shop = await make_shop()
    started = await asyncio.gather(*(start(page, shop, shop.vouch("crowd")) for _ in range(8)))
    assert len({one["visitorId"] for one in started}) == 1
    async with database_of(server) as database:
        stored = await database.database["visitors"].count_documents({"client_id": shop.slug})
    assert stored == 1


async def test_other_people_and_strangers_are_other_visitors(
    server: ServerProcess, page: GraphQLClient, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    anna = await start(page, shop, shop.vouch("anna"))
    await ask(server, anna["widgetToken"], "A private matter", "q-1")
    for other in (await start(page, shop, shop.vouch("bert")), await start(page, shop, None)):
        assert other["visitorId"] != anna["visitorId"]
        assert other["conversation"] is None


async def test_closed_conversations_are_not_gone_on_with(
    server: ServerProcess, page: GraphQLClient, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    before = await start(page, shop, shop.vouch())
    await ask(server, before["widgetToken"], "Hello", "q-1")
    async with database_of(server) as database:
        await database.database["conversations"].update_many(
            {"client_id": shop.slug}, {"$set": {"status": "closed"}}
        )
    assert (await start(page, shop, shop.vouch()))["conversation"] is None


async def test_client_cannot_vouch_for_the_visitors_of_another(
    page: GraphQLClient, make_shop: MakeShop
) -> None:
    shop, other = await make_shop(), await make_shop()
    await start(page, shop, shop.vouch("anna"))
    own_claims = other.vouch("anna")
    forged_claims = other.vouch("anna", client_id=shop.slug)
    stolen_kid = other.vouch("anna", kid=shop.key_id, client_id=shop.slug)
    for token in (own_claims, forged_claims, stolen_kid):
        result = await start(page, shop, token)
        assert (result["code"], result["path"]) == (
            "IDENTITY_REJECTED",
            ["input", "identityToken"],
        )


async def test_same_user_id_of_two_clients_is_two_visitors(
    page: GraphQLClient, make_shop: MakeShop
) -> None:
    shop, other = await make_shop(), await make_shop()
    ours = await start(page, shop, shop.vouch("anna"))
    theirs = await start(page, other, other.vouch("anna"))
    assert ours["visitorId"] != theirs["visitorId"]


async def test_rejected_identity_makes_no_visitor_and_says_what_is_wrong(
    page: GraphQLClient, make_shop: MakeShop, server: ServerProcess
) -> None:
    shop = await make_shop()
    late = shop.vouch(exp=utc_now() - timedelta(minutes=5))
    assert "expired" in (await start(page, shop, late))["message"]
    far = shop.vouch(exp=utc_now() + timedelta(hours=2))
    assert "60 minutes" in (await start(page, shop, far))["message"]
    for nothing in ("", "user-17", '{"user_id": "user-17"}'):
        assert (await start(page, shop, nothing))["code"] == "IDENTITY_REJECTED"
    async with database_of(server) as database:
        for name in ("visitors", "visits", "widget_tokens"):
            assert await database.database[name].count_documents({"client_id": shop.slug}) == 0


async def test_retired_key_vouches_for_nobody_and_the_next_one_does(
    page: GraphQLClient, make_shop: MakeShop, admin: GraphQLClient
) -> None:
    shop = await make_shop()
    old = shop.vouch()
    given = {"clientId": shop.client_id, "retireKeyId": shop.key_id}
    made = await done(
        admin, "rotateClientSigningKey", given, "secret signingKey { keyId lastUsedAt }"
    )
    assert (await start(page, shop, old))["code"] == "IDENTITY_REJECTED"
    shop.secret, shop.key_id = made["secret"], made["signingKey"]["keyId"]
    assert (await start(page, shop, shop.vouch()))["visitorId"]
    keys = (
        await admin.execute(
            "query ($id: ID!) { client(id: $id) { signingKeys { keyId lastUsedAt } } }",
            {"id": shop.client_id},
        )
    )["client"]["signingKeys"]
    used = {one["keyId"]: one["lastUsedAt"] for one in keys}
    assert used[shop.key_id] is not None, "people see which key is in use"
