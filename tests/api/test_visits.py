"""Visits: which pages may start one, what they learn of the chatbot, and their tokens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import pytest_asyncio

from documents.database.opening import attach_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.ids import PydanticObjectId
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from documents.widget_tokens import WidgetToken
from graphql_schema.node import local_id
from services.sealing.keys import DerivedKeys
from services.sealing.tokens import fingerprint
from services.visits.widget_tokens import WidgetTokens
from tests.api.conftest import DASHBOARD
from tests.api.operations import Json, MakeClient, VisitorOf, codes, database_of, done, new_slug
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

START_VISIT = """
mutation ($input: StartVisitInput!) {
  result: startVisit(input: $input) {
    __typename
    ... on StartVisitSuccess {
      widgetToken expiresAt visitorId conversation { id }
      chatbot {
        name languages active version maintenanceText allowedImageHosts
        texts {
          language welcomeMessage starterQuestions placeholder consentText contactText
        }
      }
    }
    ... on UserError { code message path }
  }
}
"""
WIDGET_CHATBOT = """
query ($embedKey: String!, $language: String) {
  widgetChatbot(embedKey: $embedKey, language: $language) {
    name active texts { language welcomeMessage }
  }
}
"""
VIEWER = "{ viewer { visitor { id } user { id } } }"
SHOP, OTHER_SHOP = "https://shop.example", "https://other.example"


@asynccontextmanager
async def page_of(server: ServerProcess, origin: str | None) -> AsyncGenerator[GraphQLClient, None]:
    page = GraphQLClient(server.url, origin=origin)
    try:
        yield page
    finally:
        await page.close()


async def start(server: ServerProcess, embed_key: str, origin: str | None, **more: object) -> Json:
    async with page_of(server, origin) as page:
        given = {"embedKey": embed_key, **more}
        result: Json = (await page.execute(START_VISIT, {"input": given}))["result"]
        return result


async def chatbot_with(admin: GraphQLClient, client_id: str, **settings: object) -> Json:
    """A new chatbot with these settings, published."""
    given = {"clientId": client_id, "name": "Helper", "settings": settings}
    made: Json = (await done(admin, "createChatbot", given, "chatbot { id embedKey }"))["chatbot"]
    return made


@pytest_asyncio.fixture
async def widget_tokens(server: ServerProcess) -> AsyncGenerator[WidgetTokens, None]:
    """The server's own widget tokens, with a lifetime that is over."""
    options = DatabaseOptions(mongodb_url=None, data_dir=server.data_dir)
    database = await attach_database(options)
    await prepare_documents(database, DOCUMENT_CLASSES)
    keys = DerivedKeys((server.data_dir / "secret.key").read_text())
    yield WidgetTokens(keys, lifetime=timedelta(seconds=-1))
    await database.close()


async def test_a_visit_its_visitor_and_its_token_are_stored(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    slug = new_slug()
    chatbot = await chatbot_with(admin, await make_client(slug))
    before = datetime.now(UTC)
    started = await start(
        server,
        chatbot["embedKey"],
        "http://LOCALHOST:1234",
        page={"url": "https://shop.example/shoes?size=9", "language": "fr"},
        language="de-AT",
        consentVersion="2026-01",
    )

    lifetime = datetime.fromisoformat(started["expiresAt"]) - before
    assert timedelta(days=6, hours=23) < lifetime < timedelta(days=7, minutes=1)
    assert started["conversation"] is None
    async with database_of(server) as database:
        visitor = await database.database["visitors"].find_one({"client_id": slug})
        visit = await database.database["visits"].find_one({"client_id": slug})
        token = await database.database["widget_tokens"].find_one({"client_id": slug})
    assert visitor is not None
    assert visit is not None
    assert token is not None
    assert visitor["_id"] == local_id(started["visitorId"], "Visitor")
    assert (visitor["user_id"], visitor["language"]) == (None, "de-AT")
    assert visit["visitor_id"] == token["visitor_id"] == visitor["_id"]
    assert visit["chatbot_id"] == token["chatbot_id"] == local_id(chatbot["id"], "Chatbot")
    assert visit["origin"] == token["origin"] == "http://localhost:1234"
    assert visit["page_url"] == "https://shop.example/shoes?size=9"
    assert (visit["consent_version"], visit["ended_at"]) == ("2026-01", None)
    assert token["visit_id"] == visit["_id"]
    assert token["token_hash"] == fingerprint(started["widgetToken"])


async def test_every_start_is_another_visitor(server: ServerProcess) -> None:
    started = [await start(server, "demo", server.url) for _ in range(3)]
    for name in ("visitorId", "widgetToken"):
        assert len({one[name] for one in started}) == 3


async def test_the_authorization_header_is_ignored(server: ServerProcess) -> None:
    async with page_of(server, server.url) as page:
        page.token = "nonsense"
        started = await page.execute(START_VISIT, {"input": {"embedKey": "demo"}})
    assert started["result"]["__typename"] == "StartVisitSuccess"


@pytest.mark.parametrize("embed_key", ["", "nobody-has-this", "\x00", "x" * 100_000])
async def test_an_unknown_embed_key_is_told_in_the_visitors_language(
    server: ServerProcess, embed_key: str
) -> None:
    english, german = [
        await start(server, embed_key, server.url, language=language)
        for language in ("en", "de-CH")
    ]
    assert english["__typename"] == german["__typename"] == "NotFoundError"
    assert english["path"] == ["input", "embedKey"]
    assert english["message"] != german["message"]


async def test_a_page_without_an_origin_starts_no_visit(server: ServerProcess) -> None:
    refusal = await start(server, "demo", None)
    assert refusal["code"] == "ORIGIN_NOT_ALLOWED"
    assert "unknown origin" in refusal["message"]


@pytest.mark.parametrize("collection", ["chatbots", "clients"])
async def test_a_chatbot_that_is_switched_off_says_so_in_the_visitors_language(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient, collection: str
) -> None:
    slug = new_slug()
    embed_key = (await chatbot_with(admin, await make_client(slug)))["embedKey"]
    off = {"$set": {"active": False}}
    async with database_of(server) as database:
        await database.database[collection].update_many({"client_id": slug}, off)

    english, german = [
        await start(server, embed_key, server.url, language=language) for language in ("en", "de")
    ]
    assert english["code"] == german["code"] == "CHATBOT_INACTIVE"
    assert english["message"] != german["message"]


@pytest.mark.parametrize(
    ("wanted", "page", "welcome", "placeholder", "consent"),
    [
        ("de", None, "Hallo", "Votre question", "I agree"),
        ("de-AT", None, "Hallo", "Votre question", "I agree"),
        (None, "de", "Hallo", "Votre question", "I agree"),
        ("fr", "de", "Bonjour", "Votre question", "I agree"),
        ("ja", None, "Bonjour", "Votre question", "I agree"),
        (None, None, "Bonjour", "Votre question", "I agree"),
        ("es", None, "Bonjour", "Votre question", "I agree"),
        ("\x00", None, "Bonjour", "Votre question", "I agree"),
        ("x" * 10_000, None, "Bonjour", "Votre question", "I agree"),
    ],
)
async def test_texts_come_in_the_visitors_language_then_the_chatbots_then_english(
    server: ServerProcess,
    speaking: str,
    wanted: str | None,
    page: str | None,
    welcome: str,
    placeholder: str,
    consent: str,
) -> None:
    given = {"language": wanted, "page": {"language": page}}
    texts = (await start(server, speaking, server.url, **given))["chatbot"]["texts"]

    assert texts["welcomeMessage"] == welcome
    assert texts["language"] == ("DE" if welcome == "Hallo" else "FR")
    assert texts["placeholder"] == placeholder
    assert texts["consentText"] == consent
    assert texts["starterQuestions"] == (["Wie?"] if welcome == "Hallo" else ["How?"])
    assert texts["contactText"] == "Call us"


@pytest_asyncio.fixture
async def speaking(admin: GraphQLClient, make_client: MakeClient) -> str:
    """The embed key of a chatbot with texts in four languages, of which it speaks two."""
    chatbot = await chatbot_with(
        admin,
        await make_client(),
        languages=["DE", "FR"],
        defaultLanguage="FR",
        texts=[
            {"language": "DE", "welcomeMessage": "Hallo", "starterQuestions": ["Wie?"]},
            {"language": "FR", "welcomeMessage": "Bonjour", "placeholder": "Votre question"},
            {
                "language": "EN",
                "welcomeMessage": "Hello",
                "placeholder": "Your question",
                "consentText": "I agree",
                "contactText": "Call us",
                "starterQuestions": ["How?"],
            },
            {"language": "ES", "welcomeMessage": "Hola"},
        ],
    )
    return str(chatbot["embedKey"])


async def test_visitors_see_what_is_published_and_not_the_draft(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    chatbot = await chatbot_with(admin, await make_client())
    draft = {
        "id": chatbot["id"],
        "settings": {"name": "Renamed", "allowedImageHosts": ["a.example"]},
    }
    await done(admin, "updateChatbot", draft, "chatbot { id }")
    before = (await start(server, chatbot["embedKey"], server.url))["chatbot"]
    await done(admin, "publishChatbot", {"id": chatbot["id"]}, "chatbot { id }")
    after = (await start(server, chatbot["embedKey"], server.url))["chatbot"]

    assert (before["name"], before["version"], before["allowedImageHosts"]) == ("Helper", 1, [])
    assert (after["name"], after["version"]) == ("Renamed", 2)
    assert after["allowedImageHosts"] == ["a.example"]


async def test_in_production_only_listed_origins_start_a_visit(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    admin = production_admin
    given = {"slug": new_slug(), "name": "Shop"}
    client_id = (await done(admin, "createClient", given, "client { id }"))["client"]["id"]
    one, other = [
        await chatbot_with(admin, client_id, allowedOrigins=[origin])
        for origin in (SHOP, OTHER_SHOP)
    ]
    anywhere = await chatbot_with(admin, client_id, allowedOrigins=["*"])

    allowed = [
        await start(production, one["embedKey"], SHOP),
        await start(production, one["embedKey"], f"{SHOP}:443"),
        await start(production, one["embedKey"], SHOP.upper()),
        await start(production, anywhere["embedKey"], "https://somewhere.example"),
    ]
    # Or every page would be known to the tests that come after this one.
    off = {"id": anywhere["id"], "active": False}
    await done(admin, "updateChatbot", off, "chatbot { active }")
    refused = await start(production, one["embedKey"], OTHER_SHOP)
    own = await start(production, other["embedKey"], production.url)
    async with page_of(production, "http://localhost:3000") as page:
        given = {"embedKey": other["embedKey"]}
        on_this_machine = (await page.send(START_VISIT, {"input": given}))["errors"][0]

    assert [started["__typename"] for started in allowed] == ["StartVisitSuccess"] * 4
    assert refused["code"] == own["code"] == "ORIGIN_NOT_ALLOWED"
    assert on_this_machine["extensions"]["code"] == "ORIGIN_NOT_ALLOWED", "known to no chatbot"
    for refusal, origin in (
        (refused, OTHER_SHOP),
        (own, production.url),
        (on_this_machine, "http://localhost:3000"),
    ):
        assert origin in refusal["message"]
        assert "allowedOrigins" in refusal["message"]


async def test_an_origin_in_the_draft_alone_is_not_allowed(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    admin, origin = production_admin, "https://draft.example"
    given = {"slug": new_slug(), "name": "Shop"}
    client_id = (await done(admin, "createClient", given, "client { id }"))["client"]["id"]
    chatbot = await chatbot_with(admin, client_id, allowedOrigins=["*"])
    draft = {"id": chatbot["id"], "settings": {"allowedOrigins": [origin]}}
    await done(admin, "updateChatbot", draft, "chatbot { id }")

    async with page_of(production, OTHER_SHOP) as page:
        assert (await page.post(VIEWER)).status_code == 200
    await done(admin, "publishChatbot", {"id": chatbot["id"]}, "chatbot { id }")
    assert (await start(production, chatbot["embedKey"], origin))["widgetToken"]
    refusal = await start(production, chatbot["embedKey"], production.url)
    assert refusal["code"] == "ORIGIN_NOT_ALLOWED"


async def test_a_widget_token_speaks_for_its_visitor_alone(visitor_of: VisitorOf) -> None:
    one, other = await visitor_of(), await visitor_of()
    viewers = [(await visitor.execute(VIEWER))["viewer"] for visitor in (one, other)]
    assert [viewer["user"] for viewer in viewers] == [None, None]
    assert viewers[0]["visitor"]["id"] != viewers[1]["visitor"]["id"]


async def test_a_revoked_or_deleted_widget_token_is_refused_at_once(
    server: ServerProcess, visitor_of: VisitorOf
) -> None:
    revoked, deleted = await visitor_of(), await visitor_of()
    async with database_of(server) as database:
        tokens = database.database["widget_tokens"]
        wanted = {"client_id": "demo", "token_hash": fingerprint(revoked.token or "")}
        await tokens.update_one(wanted, {"$set": {"revoked_at": datetime.now(UTC)}})
        await tokens.delete_one(wanted | {"token_hash": fingerprint(deleted.token or "")})

    assert await codes(revoked, VIEWER, {}) == ["TOKEN_REVOKED"]
    assert await codes(deleted, VIEWER, {}) == ["TOKEN_REVOKED"]


async def test_a_widget_token_expires(
    server: ServerProcess, visitor_of: VisitorOf, widget_tokens: WidgetTokens
) -> None:
    visitor = await visitor_of()
    record = await (
        TenantScope.one("demo")
        .of(WidgetToken)
        .find_one({"token_hash": fingerprint(visitor.token or "")})
    )
    assert record is not None
    issued = await widget_tokens.issue(
        client_id="demo",
        chatbot_id=record.chatbot_id,
        visitor_id=record.visitor_id,
        visit_id=record.visit_id,
        origin=record.origin,
    )
    visitor.token = issued.text
    assert await codes(visitor, VIEWER, {}) == ["TOKEN_EXPIRED"]


async def test_widget_tokens_that_are_not_ours_are_nobodys(
    server: ServerProcess, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of()
    claims = jwt.decode(visitor.token or "", options={"verify_signature": False})
    keys = DerivedKeys((server.data_dir / "secret.key").read_text())
    own = keys.key("widget-tokens")
    elsewhere = DerivedKeys("the secret of some other installation").key("widget-tokens")
    forged = {
        "another server's": jwt.encode(claims, elsewhere, algorithm="HS256"),
        "unsigned": jwt.encode(claims, "", algorithm="none"),
        "a person's": jwt.encode(claims | {"aud": "people"}, own, algorithm="HS256"),
        "without a client": jwt.encode(
            {name: value for name, value in claims.items() if name != "cid"}, own, "HS256"
        ),
    }
    for kind, token in forged.items():
        visitor.token = token
        assert await codes(visitor, VIEWER, {}) == ["UNAUTHENTICATED"], kind
    foreign = claims | {"cid": "another-client", "jti": str(PydanticObjectId())}
    visitor.token = jwt.encode(foreign, own, algorithm="HS256")
    assert await codes(visitor, VIEWER, {}) == ["TOKEN_REVOKED"]


async def test_many_visits_start_at_once(server: ServerProcess) -> None:
    started = await asyncio.gather(*(start(server, "demo", server.url) for _ in range(20)))
    assert len({one["visitorId"] for one in started}) == 20


async def test_a_page_learns_what_to_show_and_no_visit_begins(
    server: ServerProcess, admin: GraphQLClient, make_client: MakeClient
) -> None:
    texts = [
        {"language": "EN", "welcomeMessage": "Hello"},
        {"language": "DE", "welcomeMessage": "Guten Tag"},
    ]
    chatbot = await chatbot_with(
        admin, await make_client(), texts=texts, languages=["EN", "DE"], allowedOrigins=[SHOP]
    )
    asked = {"embedKey": chatbot["embedKey"], "language": "de-AT"}
    off = {"id": chatbot["id"], "active": False}

    async with page_of(server, SHOP) as page:
        shown = (await page.execute(WIDGET_CHATBOT, asked))["widgetChatbot"]
        assert shown["texts"] == {"language": "DE", "welcomeMessage": "Guten Tag"}
        assert shown["active"]
        unknown = await page.execute(WIDGET_CHATBOT, {"embedKey": "no such key"})
        assert unknown["widgetChatbot"] is None
    await done(admin, "updateChatbot", off, "chatbot { id }")
    async with page_of(server, server.url) as page:
        assert not (await page.execute(WIDGET_CHATBOT, asked))["widgetChatbot"]["active"]
    visits = await admin.execute(
        "query ($id: ID!) { visits(chatbotId: $id) { edges { node { id } } } }",
        {"id": chatbot["id"]},
    )
    assert visits["visits"]["edges"] == []


async def test_a_page_that_the_chatbot_does_not_allow_is_told_where_to_allow_it(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    admin, given = production_admin, {"slug": new_slug(), "name": "Shop"}
    client_id = (await done(admin, "createClient", given, "client { id }"))["client"]["id"]
    asked = [
        {"embedKey": (await chatbot_with(admin, client_id, allowedOrigins=[origin]))["embedKey"]}
        for origin in (SHOP, OTHER_SHOP)
    ]
    for origin, (mine, foreign) in ((SHOP, asked), (OTHER_SHOP, asked[::-1])):
        async with page_of(production, origin) as page:
            assert (await page.execute(WIDGET_CHATBOT, mine))["widgetChatbot"]["active"]
            (error,) = (await page.send(WIDGET_CHATBOT, foreign))["errors"]
        assert error["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"
        assert origin in error["message"]
        assert "allowedOrigins" in error["message"]
    for page_origin in (production.url, DASHBOARD, None):
        async with page_of(production, page_origin) as page:
            assert (await page.execute(WIDGET_CHATBOT, asked[0]))["widgetChatbot"]["active"]
