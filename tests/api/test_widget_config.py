"""What a page asks before anybody acts: the chatbot's public settings, and nothing is kept."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from graphql import GraphQLObjectType

from graphql_schema.schema import schema
from services.answering.phrases import phrase
from services.languages.codes import LANGUAGES
from tests.api.conftest import DASHBOARD
from tests.api.operations import Json, database_of, done, new_slug
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

SHOP, STRANGER = "https://configured.example", "https://not-configured.example"


@pytest_asyncio.fixture
async def http(production: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=production.url, trust_env=False, timeout=30) as client:
        yield client


@pytest_asyncio.fixture
async def chatbot(production_admin: GraphQLClient) -> Json:
    given = {"slug": new_slug(), "name": "Shop"}
    client = (await done(production_admin, "createClient", given, "client { id }"))["client"]
    settings = {
        "allowedOrigins": [SHOP],
        "allowedImageHosts": ["images.example"],
        "languages": ["EN", "DE"],
        "contactEmail": "help@example.com",
        "texts": [
            {"language": "EN", "welcomeMessage": "Hello", "starterQuestions": ["When?"]},
            {"language": "DE", "welcomeMessage": "Guten Tag", "consentText": "Ich stimme zu"},
        ],
    }
    wanted = {"clientId": client["id"], "name": "Helper", "settings": settings}
    made: Json = (await done(production_admin, "createChatbot", wanted, "chatbot { id embedKey }"))[
        "chatbot"
    ]
    return made


def everything() -> str:
    """Every field of WidgetChatbot."""
    kinds = schema._schema.type_map
    shown, texts = kinds["WidgetChatbot"], kinds["ChatbotTexts"]
    assert isinstance(shown, GraphQLObjectType)
    assert isinstance(texts, GraphQLObjectType)
    inner = f"texts {{ {' '.join(texts.fields)} }}"
    return " ".join(inner if name == "texts" else name for name in shown.fields)


async def configuration(
    http: httpx.AsyncClient, chatbot: Json, origin: str | None = SHOP, **headers: str
) -> httpx.Response:
    sent = headers | ({"origin": origin} if origin else {})
    path = f"/widget/config/{chatbot['embedKey']}"
    return await http.get(path, params={"language": "de-AT"}, headers=sent)


async def test_it_says_exactly_what_the_schema_says(
    http: httpx.AsyncClient, production: ServerProcess, chatbot: Json
) -> None:
    page = GraphQLClient(production.url, origin=SHOP)
    document = (
        'query ($key: String!) { widgetChatbot(embedKey: $key, language: "de-AT")'
        f" {{ {everything()} }} }}"
    )
    told = (await page.execute(document, {"key": chatbot["embedKey"]}))["widgetChatbot"]
    await page.close()

    answer = await configuration(http, chatbot)

    said = answer.json()
    assert said.pop("words")["open"] == "Chat öffnen"
    assert said == told
    assert said["texts"]["welcomeMessage"] == "Guten Tag"


async def test_the_launcher_is_told_what_to_say_in_each_language(
    http: httpx.AsyncClient, chatbot: Json
) -> None:
    told = set()
    for language in LANGUAGES:
        path = f"/widget/config/{chatbot['embedKey']}"
        answer = await http.get(path, params={"language": language}, headers={"origin": SHOP})
        words = answer.json()["words"]
        assert words["unloaded"] == phrase("provider_failed", language)
        told.add(words["open"])
    assert len(told) == len(LANGUAGES)


async def test_pictures_of_other_hosts_are_not_told_to_visitors(
    http: httpx.AsyncClient,
    production: ServerProcess,
    production_admin: GraphQLClient,
    chatbot: Json,
) -> None:
    elsewhere = "https://pictures.example/logo.png"
    # As an older version kept them: today they are refused.
    async with database_of(production) as database:
        kept = {"published.logo_url": elsewhere, "published.bubble_icon_url": elsewhere}
        found = {"embed_key": chatbot["embedKey"]}
        changed = await database.database["chatbots"].update_one(found, {"$set": kept})
        assert changed.modified_count == 1

    told = (await configuration(http, chatbot)).json()
    assert (told["logoUrl"], told["bubbleIconUrl"]) == (None, None)
    page = GraphQLClient(production.url, origin=SHOP)
    document = "query ($key: String!) { widgetChatbot(embedKey: $key) { logoUrl bubbleIconUrl } }"
    shown = (await page.execute(document, {"key": chatbot["embedKey"]}))["widgetChatbot"]
    await page.close()
    assert shown == {"logoUrl": None, "bubbleIconUrl": None}


async def test_a_page_may_keep_it_for_a_minute_and_ask_whether_it_is_still_so(
    http: httpx.AsyncClient, production_admin: GraphQLClient, chatbot: Json
) -> None:
    first = await configuration(http, chatbot)
    tag = {"if-none-match": first.headers["etag"]}
    same = await configuration(http, chatbot, **tag)
    change = {"id": chatbot["id"], "settings": {"primaryColor": "#112233"}}
    await done(production_admin, "updateChatbot", change, "chatbot { id }")
    drafted = await configuration(http, chatbot, **tag)
    await done(production_admin, "publishChatbot", {"id": chatbot["id"]}, "chatbot { id }")
    published = await configuration(http, chatbot, **tag)

    assert first.headers["cache-control"] == "public, max-age=60"
    assert first.headers["access-control-allow-origin"] == SHOP
    assert first.headers["vary"] == "Origin"
    assert [one.status_code for one in (same, drafted, published)] == [304, 304, 200]
    assert published.json()["primaryColor"] == "#112233"


async def test_a_foreign_page_reads_where_to_allow_it(
    http: httpx.AsyncClient, chatbot: Json
) -> None:
    for origin in (STRANGER, "null", "nonsense"):
        answer = await configuration(http, chatbot, origin)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (403, "ORIGIN_NOT_ALLOWED")
        assert f"Pages of {origin} may not use this chatbot" in error["message"]
        assert "allowedOrigins" in error["message"]
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["cache-control"] == "no-store"


async def test_our_own_pages_and_dashboards_may_show_every_chatbot(
    http: httpx.AsyncClient, production: ServerProcess, chatbot: Json
) -> None:
    for origin in (None, production.url, DASHBOARD):
        assert (await configuration(http, chatbot, origin)).status_code == 200


@pytest.mark.parametrize("embed_key", ["nobody-has-this", "%00", "x" * 5000])
async def test_an_unknown_key_is_told_readably(http: httpx.AsyncClient, embed_key: str) -> None:
    answer = await http.get(f"/widget/config/{embed_key}", headers={"origin": STRANGER})
    assert answer.status_code == 404
    assert "embed key" in answer.json()["errors"][0]["message"]
    assert answer.headers["access-control-allow-origin"] == STRANGER


async def test_nothing_is_kept_of_who_asked(
    http: httpx.AsyncClient, production: ServerProcess, chatbot: Json
) -> None:
    async with database_of(production) as database:
        names = ("visits", "visitors", "widget_tokens")
        before = [await database.database[name].count_documents({}) for name in names]
        answer = await configuration(http, chatbot)
        after = [await database.database[name].count_documents({}) for name in names]
    assert before == after
    assert "set-cookie" not in answer.headers
