"""The embed page: who may frame it, what it may load, and visits that begin on it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import jwt
import pytest
import pytest_asyncio

from documents.ids import PydanticObjectId
from graphql_schema.node import local_id
from services.sealing.keys import DerivedKeys
from services.visits.embed_nonces import EmbedNonces
from tests.api.operations import Json, done, mutate, new_slug
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

SHOP, OTHER_SHOP = "https://framing.example", "https://other-framing.example"
SCRIPT = re.compile(r"<script ([^>]*)></script>")
EMBED_NONCE = re.compile(r'data-embed-nonce="([^"]+)"')


@pytest_asyncio.fixture
async def http(production: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=production.url, trust_env=False, timeout=30) as client:
        yield client


@pytest_asyncio.fixture
async def page(production: ServerProcess) -> AsyncIterator[GraphQLClient]:
    """A page on the server's own origin, which is on no chatbot's list here."""
    client = GraphQLClient(production.url, origin=production.url)
    yield client
    await client.close()


async def new_chatbot(admin: GraphQLClient, **settings: object) -> Json:
    given = {"slug": new_slug(), "name": "Shop"}
    client_id = (await done(admin, "createClient", given, "client { id }"))["client"]["id"]
    wanted = {"clientId": client_id, "name": 'Ann "&" <Bob>', "settings": settings}
    made = await done(admin, "createChatbot", wanted, "chatbot { id embedKey }")
    chatbot: Json = made["chatbot"]
    return chatbot


@pytest_asyncio.fixture
async def chatbot(production_admin: GraphQLClient) -> Json:
    return await new_chatbot(
        production_admin,
        allowedOrigins=[SHOP, OTHER_SHOP, "http://[::1]:8080"],
        allowedImageHosts=["images.example"],
        languages=["EN", "AR"],
    )


def policy_of(answer: httpx.Response) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


async def nonce_on(http: httpx.AsyncClient, chatbot: Json) -> str:
    """What the chatbot's page gives its widget."""
    (nonce,) = EMBED_NONCE.findall((await http.get(f"/embed/{chatbot['embedKey']}")).text)
    return str(nonce)


async def start(page: GraphQLClient, embed_key: str, nonce: str | None = None) -> Json:
    given = {"embedKey": embed_key, "embedNonce": nonce}
    return await mutate(page, "startVisit", given, "widgetToken")


async def test_only_the_allowed_origins_may_frame_it(
    http: httpx.AsyncClient, chatbot: Json
) -> None:
    policy = policy_of(await http.get(f"/embed/{chatbot['embedKey']}"))
    assert policy["frame-ancestors"] == f"{SHOP} {OTHER_SHOP}"


@pytest.mark.parametrize(
    ("allowed", "ancestors"), [([], "'none'"), (["*"], "*"), (["*", SHOP], "*"), ([SHOP], SHOP)]
)
async def test_the_frames_follow_the_published_list(
    http: httpx.AsyncClient, production_admin: GraphQLClient, allowed: list[str], ancestors: str
) -> None:
    admin, chatbot = production_admin, await new_chatbot(production_admin, allowedOrigins=[SHOP])
    change = {"id": chatbot["id"], "settings": {"allowedOrigins": allowed}}
    await done(admin, "updateChatbot", change, "chatbot { id }")
    draft = policy_of(await http.get(f"/embed/{chatbot['embedKey']}"))
    await done(admin, "publishChatbot", {"id": chatbot["id"]}, "chatbot { id }")

    published = policy_of(await http.get(f"/embed/{chatbot['embedKey']}"))
    # Or every page would be known to the tests that come after this one.
    await done(admin, "updateChatbot", {"id": chatbot["id"], "active": False}, "chatbot { id }")

    assert draft["frame-ancestors"] == SHOP
    assert published["frame-ancestors"] == ancestors


async def test_its_policy_allows_one_script_our_host_and_the_chatbots_pictures(
    http: httpx.AsyncClient, production: ServerProcess, chatbot: Json
) -> None:
    answers = [await http.get(f"/embed/{chatbot['embedKey']}") for _ in range(2)]
    policy, other = [policy_of(answer) for answer in answers]

    (script,) = SCRIPT.findall(answers[0].text)
    (nonce,) = re.findall(r' nonce="([^"]+)"', f" {script}")
    assert policy["script-src"] == f"'nonce-{nonce}'" != other["script-src"]
    assert 'src="/widget.js"' in script
    assert f'data-chatbot="{chatbot["embedKey"]}" data-display="page"' in script
    socket = production.url.replace("http", "ws", 1)
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == f"'self' {production.url} {socket}"
    assert policy["img-src"] == f"'self' {production.url} https://images.example"
    assert policy["require-trusted-types-for"] == "'script'"
    assert answers[0].headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answers[0].headers


async def test_names_are_text_and_never_markup(http: httpx.AsyncClient, chatbot: Json) -> None:
    answer = await http.get(f"/embed/{chatbot['embedKey']}", params={"language": '"><script>x'})
    assert "<title>Ann &quot;&amp;&quot; &lt;Bob&gt;</title>" in answer.text
    assert 'data-language="&quot;&gt;&lt;script&gt;x"' in answer.text


@pytest.mark.parametrize(
    ("asked", "accepted", "shown"),
    [
        ({"language": "ar"}, "en", 'lang="ar" dir="rtl"'),
        ({}, "ar-EG,en;q=0.5", 'lang="ar" dir="rtl"'),
        ({}, "ja", 'lang="en" dir="ltr"'),
    ],
)
async def test_it_speaks_the_visitors_language(
    http: httpx.AsyncClient, chatbot: Json, asked: dict[str, str], accepted: str, shown: str
) -> None:
    headers = {"accept-language": accepted}
    answer = await http.get(f"/embed/{chatbot['embedKey']}", params=asked, headers=headers)
    assert f"<html {shown}>" in answer.text


async def test_the_address_chooses_language_and_theme_of_the_widget(
    http: httpx.AsyncClient, chatbot: Json
) -> None:
    path = f"/embed/{chatbot['embedKey']}"
    chosen = await http.get(path, params={"language": "ar", "theme": "dark"})
    assert 'data-theme="dark" data-language="ar"' in chosen.text
    left_out = await http.get(path, params={"theme": "pink"})
    assert "data-theme" not in left_out.text
    assert "data-language" not in left_out.text


async def test_an_unknown_chatbot_is_told_in_the_visitors_language(http: httpx.AsyncClient) -> None:
    english, german = [
        await http.get("/embed/nobody-has-this", headers={"accept-language": language})
        for language in ("en", "de")
    ]
    assert english.status_code == german.status_code == 404
    assert "There is no assistant here" in english.text
    assert english.text != german.text
    assert "<script" not in english.text
    assert "script-src" not in policy_of(english)


async def test_a_chatbot_that_is_switched_off_has_a_sentence_and_no_widget(
    http: httpx.AsyncClient, production_admin: GraphQLClient, chatbot: Json
) -> None:
    off = {"id": chatbot["id"], "active": False}
    await done(production_admin, "updateChatbot", off, "chatbot { id }")

    answer = await http.get(f"/embed/{chatbot['embedKey']}")

    assert answer.status_code == 403
    assert "not available at the moment" in answer.text
    assert "<script" not in answer.text
    assert policy_of(answer)["frame-ancestors"] == f"{SHOP} {OTHER_SHOP}"


async def test_a_visit_from_our_own_origin_needs_the_pages_nonce(
    http: httpx.AsyncClient, page: GraphQLClient, chatbot: Json
) -> None:
    embed_key = chatbot["embedKey"]
    refused = await start(page, embed_key)
    assert refused["code"] == "ORIGIN_NOT_ALLOWED"
    assert "allowedOrigins" in refused["message"]

    nonce, another = await nonce_on(http, chatbot), await nonce_on(http, chatbot)

    assert (await start(page, embed_key, nonce))["widgetToken"]
    assert (await start(page, embed_key, another))["widgetToken"]


async def test_a_nonce_helps_no_other_origin(
    http: httpx.AsyncClient, production: ServerProcess, production_admin: GraphQLClient
) -> None:
    listed, other = [
        await new_chatbot(production_admin, allowedOrigins=[origin])
        for origin in (SHOP, OTHER_SHOP)
    ]
    nonce = await nonce_on(http, listed)
    stranger = GraphQLClient(production.url, origin=OTHER_SHOP)
    assert (await start(stranger, listed["embedKey"], nonce))["code"] == "ORIGIN_NOT_ALLOWED"
    assert (await start(stranger, other["embedKey"], "nonsense"))["widgetToken"]
    await stranger.close()


async def test_a_nonce_of_another_chatbot_or_too_old_or_forged_is_refused(
    production: ServerProcess,
    production_admin: GraphQLClient,
    http: httpx.AsyncClient,
    page: GraphQLClient,
    chatbot: Json,
) -> None:
    keys = DerivedKeys((production.data_dir / "secret.key").read_text())
    chatbot_id = PydanticObjectId(local_id(chatbot["id"], "Chatbot"))
    elsewhere = DerivedKeys("the secret of some other installation")
    another = await new_chatbot(production_admin, allowedOrigins=[SHOP])
    claims = {"iss": "parlance", "aud": "embed-page", "sub": str(chatbot_id)}
    nonces = {
        "another's": await nonce_on(http, another),
        "too old": EmbedNonces(keys, timedelta(seconds=-1)).issue(chatbot_id).text,
        "forged": EmbedNonces(elsewhere).issue(chatbot_id).text,
        "endless": jwt.encode(claims, keys.key("embed-nonces"), algorithm="HS256"),
        "unsigned": jwt.encode({**claims, "exp": 2**40}, "", algorithm="none"),
        "nonsense": "\x00🦜" * 1000,
        "empty": "",
    }
    for kind, nonce in nonces.items():
        refused = await start(page, chatbot["embedKey"], nonce)
        assert (refused["code"], refused["path"]) == (
            "INVALID_TOKEN",
            ["input", "embedNonce"],
        ), kind


async def test_a_visit_on_the_page_goes_on_with_refreshed_tokens(
    http: httpx.AsyncClient, page: GraphQLClient, chatbot: Json
) -> None:
    nonce = await nonce_on(http, chatbot)
    token = (await start(page, chatbot["embedKey"], nonce))["widgetToken"]

    renewed = await done(page, "refreshWidgetToken", {"widgetToken": token}, "widgetToken")

    page.token = renewed["widgetToken"]
    assert (await page.execute("{ viewer { visitor { id } } }"))["viewer"]["visitor"]["id"]


async def test_a_token_of_a_listed_page_is_not_refreshed_on_the_embed_page(
    production: ServerProcess, page: GraphQLClient, chatbot: Json
) -> None:
    shop = GraphQLClient(production.url, origin=SHOP)
    token = (await start(shop, chatbot["embedKey"]))["widgetToken"]
    await shop.close()
    refused = await mutate(page, "refreshWidgetToken", {"widgetToken": token}, "widgetToken")
    assert refused["code"] == "ORIGIN_NOT_ALLOWED"


async def test_pages_on_this_machine_may_frame_it_in_development(server: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        policy = policy_of(await http.get("/embed/demo"))
    assert policy["frame-ancestors"] == "http://localhost:* http://127.0.0.1:*"


@pytest.mark.parametrize("trick", ["https://a;script-src *", "https://a b", "https://a,b"])
async def test_no_origin_writes_into_the_policy(
    production_admin: GraphQLClient, chatbot: Json, trick: str
) -> None:
    change = {"id": chatbot["id"], "settings": {"allowedOrigins": [trick]}}
    refused = await mutate(production_admin, "updateChatbot", change, "chatbot { id }")
    assert refused["__typename"] == "InvalidInputError"
