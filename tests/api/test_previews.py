"""Previews: the draft in a widget, for those who work on it, and nothing that counts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from graphql_schema.node import local_id
from services.sealing.tokens import fingerprint
from tests.answers import asked, kinds_of
from tests.api.conftest import DASHBOARD
from tests.api.operations import (
    MALFORMED_IDS,
    MAY_EDIT,
    ROLES,
    Json,
    MakeClient,
    PersonOf,
    VisitorOf,
    codes,
    database_of,
    done,
    mutate,
    mutation,
    new_chatbot,
    new_slug,
)
from tests.api.test_visits import start
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess
from tests.watching import cursor_now, visit_events

CREATED = "widgetToken expiresAt"
LISTS = """query ($client: ID!, $chatbot: ID!) {
  conversations(clientId: $client) { totalCount edges { node { id } } }
  chatbot(id: $chatbot) { conversations { totalCount edges { node { id } } } }
  visits(chatbotId: $chatbot) { totalCount }
  widgetTokens(chatbotId: $chatbot) { totalCount }
}"""
LOG = """query ($id: ID!) { auditLog(clientId: $id) { edges { node {
  action targetType changes { field before after }
} } } }"""
TRACE = "query ($id: ID!) { node(id: $id) { ... on Message { llm { name } trace { step } } } }"
OWN = "{ conversations { edges { node { id messageCount } } } }"


@pytest.fixture
def slug() -> str:
    return new_slug()


@pytest_asyncio.fixture
async def client_id(make_client: MakeClient, slug: str) -> str:
    return await make_client(slug)


@pytest_asyncio.fixture
async def chatbot_id(admin: GraphQLClient, client_id: str) -> str:
    """A chatbot whose draft is quite another than what visitors see."""
    chatbot_id = await new_chatbot(admin, client_id)
    await edited(admin, chatbot_id, name="Draft", primaryColor="#000000")
    return chatbot_id


async def edited(admin: GraphQLClient, chatbot_id: str, **settings: Any) -> None:
    given = {"id": chatbot_id, "settings": settings}
    await done(admin, "updateChatbot", given, "chatbot { id }")


async def embed_key_of(admin: GraphQLClient, chatbot_id: str) -> str:
    document = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"
    return str((await admin.execute(document, {"id": chatbot_id}))["chatbot"]["embedKey"])


async def token_of(who: GraphQLClient, chatbot_id: str) -> str:
    made = await done(who, "createPreviewToken", {"chatbotId": chatbot_id}, CREATED)
    return str(made["widgetToken"])


@asynccontextmanager
async def previewing(
    server: ServerProcess, token: str, origin: str | None = None
) -> AsyncGenerator[GraphQLClient, None]:
    caller = GraphQLClient(server.url, token, origin or server.url)
    yield caller
    await caller.close()


async def test_the_widget_gets_the_draft_and_visitors_do_not(
    server: ServerProcess, admin: GraphQLClient, chatbot_id: str
) -> None:
    texts = [{"language": "FR", "welcomeMessage": "Bonjour"}]
    await edited(admin, chatbot_id, languages=["EN", "FR"], texts=texts)
    embed_key, token = await embed_key_of(admin, chatbot_id), await token_of(admin, chatbot_id)
    given = {"previewToken": token, "language": "fr"}
    shown = await start(server, embed_key, server.url, **given)
    assert shown["__typename"] == "StartVisitSuccess", shown
    assert shown["widgetToken"] == token
    assert shown["conversation"] is None
    chatbot = shown["chatbot"]
    assert (chatbot["name"], chatbot["active"], chatbot["version"]) == ("Draft", True, 1)
    assert chatbot["languages"] == ["EN", "FR"]
    assert chatbot["texts"]["welcomeMessage"] == "Bonjour"
    ordinary = await start(server, embed_key, server.url, language="fr")
    assert (ordinary["chatbot"]["name"], ordinary["chatbot"]["languages"]) == ("Helper", ["EN"])

    await edited(admin, chatbot_id, name="Edited again")
    shown = await start(server, embed_key, server.url, **given)
    assert shown["chatbot"]["name"] == "Edited again"


async def test_the_draft_answers(
    server: ServerProcess, admin: GraphQLClient, client_id: str, chatbot_id: str
) -> None:
    config = {"clientId": client_id, "name": "Drafted", "provider": "LOCAL", "model": "extractive"}
    made = await done(admin, "createLlmConfig", config, "llmConfig { id }")
    # It knows nothing, and what was published would refuse without asking a model.
    await edited(admin, chatbot_id, defaultLlmId=made["llmConfig"]["id"], knowledgeMode="OPEN")
    async with previewing(server, await token_of(admin, chatbot_id)) as preview:
        first = await asked(preview, "When do you open?")
        assert kinds_of(first)[-1] == "AnswerCompleted", first
        going_on = {"conversationId": first[0]["conversationId"]}
        second = await asked(preview, "And on Sundays?", **going_on)
        assert kinds_of(second)[-1] == "AnswerCompleted", second
        own = (await preview.execute(OWN))["conversations"]["edges"]
        conversation = {"id": first[0]["conversationId"], "messageCount": 4}
        assert [one["node"] for one in own] == [conversation]
    answer = (await admin.execute(TRACE, {"id": second[0]["messageId"]}))["node"]
    assert answer["llm"] == {"name": "Drafted"}
    assert [one["step"] for one in answer["trace"]] == ["RETRIEVING", "THINKING"]


async def test_an_open_preview_hears_of_what_is_published_and_still_shows_the_draft(
    server: ServerProcess, admin: GraphQLClient, chatbot_id: str, slug: str
) -> None:
    embed_key, token = await embed_key_of(admin, chatbot_id), await token_of(admin, chatbot_id)
    await start(server, embed_key, server.url, previewToken=token)
    async with previewing(server, token) as preview:
        before = await cursor_now(preview)
        await asked(preview, "Who hears of this?")
        await done(admin, "publishChatbot", {"id": chatbot_id}, "version { number }")
        await edited(admin, chatbot_id, name="Edited again")
        async with visit_events(preview, before) as stream:
            event = await stream.next()
    assert event["kind"] == "CONFIGURATION_PUBLISHED"
    assert event["chatbot"] == {"name": "Edited again", "version": 2}
    async with database_of(server) as database:
        told = await database.database["live_events"].distinct("kind", {"client_id": slug})
    assert set(told) - {"nothing"} == {"chatbot_published"}


async def test_a_preview_counts_nowhere_and_is_deleted_after_a_day(
    server: ServerProcess,
    admin: GraphQLClient,
    visitor_of: VisitorOf,
    slug: str,
    client_id: str,
    chatbot_id: str,
) -> None:
    visitor = await visitor_of(await embed_key_of(admin, chatbot_id))
    real = (await asked(visitor, "When do you open?"))[0]["conversationId"]
    async with previewing(server, await token_of(admin, chatbot_id)) as preview:
        await asked(preview, "When do you open?")
    listed = {"totalCount": 1, "edges": [{"node": {"id": real}}]}
    lists = await admin.execute(LISTS, {"client": client_id, "chatbot": chatbot_id})
    assert lists == {
        "conversations": listed,
        "chatbot": {"conversations": listed},
        "visits": {"totalCount": 1},
        "widgetTokens": {"totalCount": 1},
    }

    entries = (await admin.execute(LOG, {"id": client_id}))["auditLog"]["edges"]
    last = entries[0]["node"]
    assert (last["action"], last["targetType"]) == ("createPreviewToken", "WidgetToken")
    hidden = {"field": "tokenHash", "before": None, "after": None}
    assert hidden in last["changes"]

    now, day = datetime.now(UTC), timedelta(hours=24)
    async with database_of(server) as database:
        for name, previews in (("visitors", 1), ("conversations", 1), ("messages", 2)):
            collection = database.database[name]
            marked = {"client_id": slug, "preview_until": {"$type": "date"}}
            found = await collection.find(marked).to_list()
            assert len(found) == previews
            assert await collection.count_documents({"client_id": slug}) > previews
            for one in found:
                assert now + day < one["preview_until"] < now + day + timedelta(minutes=15)
        assert await database.database["visits"].count_documents({"client_id": slug}) == 1


async def test_the_database_deletes_previews_and_nothing_else(server: ServerProcess) -> None:
    """MongoDB's own task, which comes round once a minute: too long to wait for here."""
    async with database_of(server) as database:
        for name in ("visitors", "conversations", "messages"):
            index = (await database.database[name].index_information())["preview"]
            assert index["expireAfterSeconds"] == 0
            assert index["key"] == [("preview_until", 1)]
            assert index["partialFilterExpression"] == {"preview_until": {"$type": "date"}}


async def test_a_chatbot_can_be_previewed_before_it_is_switched_on(
    server: ServerProcess, admin: GraphQLClient, slug: str, chatbot_id: str
) -> None:
    given = {"id": chatbot_id, "active": False}
    await done(admin, "updateChatbot", given, "chatbot { id }")
    embed_key, token = await embed_key_of(admin, chatbot_id), await token_of(admin, chatbot_id)
    async with previewing(server, token) as preview:
        shown = await start(server, embed_key, server.url, previewToken=token)
        assert shown["chatbot"]["active"] is True
        assert (await start(server, embed_key, server.url))["code"] == "CHATBOT_INACTIVE"
        assert kinds_of(await asked(preview, "When do you open?"))[-1] == "AnswerCompleted"

        async with database_of(server) as database:
            clients = database.database["clients"]
            await clients.update_one({"client_id": slug}, {"$set": {"active": False}})
        refusal = await start(server, embed_key, server.url, previewToken=token)
        assert refusal["code"] == "CHATBOT_INACTIVE"
        (failed,) = await asked(preview, "When do you open?")
        assert failed["code"] == "CHATBOT_INACTIVE"


async def test_a_preview_ends_after_fifteen_minutes_for_good(
    server: ServerProcess, admin: GraphQLClient, nobody: GraphQLClient, chatbot_id: str
) -> None:
    embed_key = await embed_key_of(admin, chatbot_id)
    made = await done(admin, "createPreviewToken", {"chatbotId": chatbot_id}, CREATED)
    left = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    token = made["widgetToken"]
    given = {"widgetToken": token}
    refusal = await mutate(nobody, "refreshWidgetToken", given, "widgetToken")
    assert refusal["code"] == "INVALID_TOKEN"

    async with previewing(server, token) as preview:
        assert await codes(preview, OWN, {}) == []
        async with database_of(server) as database:
            past = datetime.now(UTC) - timedelta(seconds=1)
            await database.database["widget_tokens"].update_one(
                {"token_hash": fingerprint(token)}, {"$set": {"expires_at": past}}
            )
        assert await codes(preview, OWN, {}) == ["TOKEN_EXPIRED"]
    shown = await start(server, embed_key, server.url, previewToken=token)
    assert (shown["code"], shown["path"]) == ("INVALID_TOKEN", ["input", "previewToken"])
    assert (await mutate(nobody, "refreshWidgetToken", given, "widgetToken"))["code"] == (
        "INVALID_TOKEN"
    )


async def test_revoking_a_chatbots_tokens_ends_its_previews(
    server: ServerProcess, admin: GraphQLClient, chatbot_id: str
) -> None:
    embed_key, token = await embed_key_of(admin, chatbot_id), await token_of(admin, chatbot_id)
    ended = await done(admin, "revokeChatbotTokens", {"chatbotId": chatbot_id}, "revokedTokens")
    assert ended["revokedTokens"] == 1
    async with previewing(server, token) as preview:
        assert await codes(preview, OWN, {}) == ["TOKEN_REVOKED"]
    shown = await start(server, embed_key, server.url, previewToken=token)
    assert shown["code"] == "INVALID_TOKEN"


async def test_only_a_preview_token_of_the_same_chatbot_opens_its_draft(
    server: ServerProcess,
    admin: GraphQLClient,
    client_id: str,
    chatbot_id: str,
    visitor_of: VisitorOf,
) -> None:
    embed_key = await embed_key_of(admin, chatbot_id)
    sibling = await token_of(admin, await new_chatbot(admin, client_id))
    ordinary = (await visitor_of(embed_key)).token
    for token in (sibling, ordinary, admin.token, "", "nonsense", "x" * 10_000):
        shown = await start(server, embed_key, server.url, previewToken=token)
        assert (shown["__typename"], shown["code"]) == ("RefusedError", "INVALID_TOKEN")
    first, second = [await token_of(admin, chatbot_id) for _ in range(2)]
    async with previewing(server, first) as one, previewing(server, second) as other:
        await asked(one, "When do you open?")
        assert (await other.execute(OWN))["conversations"]["edges"] == []


async def test_in_production_dashboards_and_the_chatbots_own_pages_show_previews(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    admin = production_admin
    client = {"slug": new_slug(), "name": "A", "domain": "shop.example"}
    made = await done(admin, "createClient", client, "client { id }")
    chatbot_id = await new_chatbot(admin, made["client"]["id"])
    embed_key, token = await embed_key_of(admin, chatbot_id), await token_of(admin, chatbot_id)
    for origin in (DASHBOARD, production.url, "https://shop.example"):
        shown = await start(production, embed_key, origin, previewToken=token)
        assert shown["__typename"] == "StartVisitSuccess", (origin, shown)
        async with previewing(production, token, origin) as preview:
            assert kinds_of(await asked(preview, "Hello?"))[-1] == "AnswerCompleted"
    other = {"slug": new_slug(), "name": "B", "domain": "other.example"}
    made = await done(admin, "createClient", other, "client { id }")
    await new_chatbot(admin, made["client"]["id"])
    shown = await start(production, embed_key, "https://other.example", previewToken=token)
    assert shown["code"] == "ORIGIN_NOT_ALLOWED"
    async with previewing(production, token, "https://other.example") as preview:
        assert await codes(preview, OWN, {}) == ["FORBIDDEN"]


async def test_editors_and_owners_preview(
    admin: GraphQLClient,
    make_client: MakeClient,
    person_of: PersonOf,
    visitor_of: VisitorOf,
    nobody: GraphQLClient,
    slug: str,
    client_id: str,
    chatbot_id: str,
) -> None:
    given: Json = {"input": {"chatbotId": chatbot_id}}
    document = mutation("createPreviewToken")
    for role in ROLES:
        member = await person_of(slug, role)
        expected = [] if role in MAY_EDIT else ["FORBIDDEN"]
        assert await codes(member, document, given) == expected
    key = {"clientId": client_id, "name": "A", "scopes": ["CHATBOTS_WRITE", "VISITORS_WRITE"]}
    secret = (await done(admin, "createApiKey", key, "secret"))["secret"]
    visitor = await visitor_of(await embed_key_of(admin, chatbot_id))
    token = visitor.token
    for one in (secret, token):
        visitor.token = one
        assert await codes(visitor, document, given) == ["FORBIDDEN"]
    assert await codes(nobody, document, given) == ["UNAUTHENTICATED"]

    foreign = new_slug()
    await make_client(foreign)
    owner = await person_of(foreign, "owner")
    for other in (chatbot_id, *MALFORMED_IDS):
        result = await mutate(owner, "createPreviewToken", {"chatbotId": other}, CREATED)
        assert (result["code"], result["path"]) == ("NOT_FOUND", ["input", "chatbotId"])


async def test_documents_from_before_there_were_previews_are_none(
    server: ServerProcess,
    admin: GraphQLClient,
    visitor_of: VisitorOf,
    slug: str,
    client_id: str,
    chatbot_id: str,
) -> None:
    visitor = await visitor_of(await embed_key_of(admin, chatbot_id))
    events = await asked(visitor, "When do you open?")
    async with database_of(server) as database:
        for name in ("visitors", "conversations", "messages", "widget_tokens"):
            older: Json = {"$unset": {"preview_until": "", "preview": ""}}
            await database.database[name].update_many({"client_id": slug}, older)
    lists = await admin.execute(LISTS, {"client": client_id, "chatbot": chatbot_id})
    assert lists["conversations"]["totalCount"] == lists["widgetTokens"]["totalCount"] == 1
    going_on = {"conversationId": events[0]["conversationId"]}
    assert kinds_of(await asked(visitor, "And then?", **going_on))[-1] == "AnswerCompleted"
    assert local_id(events[0]["conversationId"], "Conversation") is not None
