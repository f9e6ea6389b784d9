"""Chatbots on clients' sites: each way of embedding, on sites that may and that may not."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import FrameLocator, Page, expect

from documents.ids import PydanticObjectId
from graphql_schema.node import local_id
from services.sealing.keys import DerivedKeys
from services.visits.embed_nonces import EmbedNonces
from tests.api.operations import Json, done, new_slug
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SNIPPET = """
query ($id: ID!, $kind: EmbedKind!) {
  embedSnippet(chatbotId: $id, kind: $kind) { html contentSecurityPolicy }
}
"""
START_VISIT = """
async (nonce) => {
  const query = `mutation ($input: StartVisitInput!) {
    startVisit(input: $input) { __typename ... on UserError { code path } }
  }`;
  const embedKey = document.querySelector("script[data-chatbot]").dataset.chatbot;
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables: { input: { embedKey, embedNonce: nonce } } }),
  });
  return (await response.json()).data.startVisit;
}
"""
EMBED_NONCE = re.compile(r'(?<=data-embed-nonce=")[^"]+')
AGEING = """
new MutationObserver((_, observer) => {
  const script = document.querySelector("script[data-embed-nonce]");
  if (!script) return;
  script.dataset.embedNonce = "NONCE";
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""
GREETING = "Good day to you"
IS_STRICT = "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "


@pytest.fixture(scope="module")
def public_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server to which pages on this machine are strangers until a chatbot allows them."""
    process = ServerProcess(
        tmp_path_factory.mktemp("public"),
        PARLANCE_ENVIRONMENT="production",
        PARLANCE_DEMO="false",
    )
    process.start()
    yield process
    process.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def owner(public_server: ServerProcess) -> AsyncIterator[GraphQLClient]:
    server = public_server
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    yield caller
    await caller.close()


@pytest_asyncio.fixture(loop_scope="module")
async def chatbot(owner: GraphQLClient, site: ClientSite) -> Json:
    """A chatbot that the site may use under the name `shop`."""
    return await new_chatbot(owner, origin_of(site, "shop"))


def origin_of(site: ClientSite, name: str) -> str:
    """The site under another name: Chromium finds every name under `localhost` on this machine."""
    return site.origin.replace("localhost", f"{name}.localhost")


async def new_chatbot(owner: GraphQLClient, *origins: str) -> Json:
    given = {"slug": new_slug(), "name": "Shop"}
    client_id = (await done(owner, "createClient", given, "client { id }"))["client"]["id"]
    wanted = {
        "clientId": client_id,
        "name": "Helper",
        "settings": {
            "allowedOrigins": list(origins),
            "texts": [{"language": "EN", "welcomeMessage": GREETING}],
        },
    }
    made: Json = (await done(owner, "createChatbot", wanted, "chatbot { id embedKey }"))["chatbot"]
    return made


async def snippet(owner: GraphQLClient, chatbot: Json, kind: str) -> Json:
    found = await owner.execute(SNIPPET, {"id": chatbot["id"], "kind": kind})
    snippet: Json = found["embedSnippet"]
    return snippet


async def open_launcher(page: Page) -> None:
    await page.get_by_role("button", name="Open chat").click()


async def expect_answer(chat: Page | FrameLocator) -> None:
    """The widget in this place answers a question."""
    await expect(chat.get_by_text(GREETING)).to_be_visible()
    field = chat.get_by_label("Your message")
    await field.fill("When do you open?")
    await field.press("Enter")
    await expect(chat.get_by_role("article", name="Helper").last).to_contain_text(
        re.compile(r"\w+")
    )
    await expect(chat.get_by_role("button", name="Send")).to_be_visible()


async def test_one_pasted_line_works_under_the_policy_that_it_names(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    line = await snippet(owner, chatbot, "SCRIPT")
    policy = IS_STRICT + line["contentSecurityPolicy"]
    site.show(line["html"], headers={"Content-Security-Policy": policy})

    await page.goto(origin_of(site, "shop"))
    await open_launcher(page)

    await expect_answer(page)


async def test_an_open_chat_takes_over_what_is_published(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    site.show((await snippet(owner, chatbot, "SCRIPT"))["html"])
    await page.goto(origin_of(site, "shop"))
    await open_launcher(page)
    await expect_answer(page)
    change = {"id": chatbot["id"], "settings": {"name": "Guide"}}
    await done(owner, "updateChatbot", change, "chatbot { id }")

    await done(owner, "publishChatbot", {"id": chatbot["id"]}, "chatbot { id }")

    await expect(page.get_by_role("heading", name="Guide")).to_be_visible()


async def test_a_site_that_allows_scripts_by_nonce_alone_has_the_widget(
    page: Page,
    complaints: Complaints,
    public_server: ServerProcess,
    site: ClientSite,
    chatbot: Json,
) -> None:
    host = public_server.url
    script = script_of(host, chatbot["embedKey"]).replace("<script", '<script nonce="r4nd0m"')
    policy = f"script-src 'nonce-r4nd0m'; connect-src {host} {host.replace('http', 'ws', 1)}"
    site.show(script, headers={"Content-Security-Policy": IS_STRICT + policy})

    await page.goto(origin_of(site, "shop"))
    await open_launcher(page)

    await expect_answer(page)


async def test_a_page_begins_the_widget_with_settings_of_its_own(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    code = (await snippet(owner, chatbot, "INIT"))["html"]
    site.show(code.replace("Parlance.init({", 'Parlance.init({ locale: "de",'))

    await page.goto(origin_of(site, "shop"))

    await expect(page.get_by_role("button", name="Chat öffnen")).to_be_visible()


async def test_the_element_is_a_chat_within_the_page(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    site.show((await snippet(owner, chatbot, "ELEMENT"))["html"])
    await page.goto(origin_of(site, "shop"))
    await expect_answer(page)
    element = page.locator("parlance-chat")
    assert await element.locator(".panel").bounding_box() == await element.bounding_box()


async def test_a_script_that_is_not_the_pinned_one_is_not_run(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    line = (await snippet(owner, chatbot, "SCRIPT"))["html"]
    changed = re.sub(r"sha384-.{8}", "sha384-AAAAAAAA", line)
    site.show(changed)
    complaints.expect("integrity")

    await page.goto(origin_of(site, "shop"))

    await expect(page.get_by_role("heading", name="The shop")).to_be_visible()
    assert await page.evaluate("typeof Parlance") == "undefined"
    assert any("integrity" in text for text in complaints.texts)


async def test_a_site_that_is_not_allowed_reads_in_its_console_where_to_allow_it(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    site.show((await snippet(owner, chatbot, "SCRIPT"))["html"])
    stranger = origin_of(site, "stranger")
    complaints.expect("allowedOrigins", "403")

    async with page.expect_console_message(lambda one: "allowedOrigins" in one.text) as told:
        await page.goto(stranger)

    assert stranger in (await told.value).text
    await expect(page.get_by_role("button", name="Open chat")).to_have_count(0)


async def test_an_iframe_on_an_allowed_site_is_a_chat(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    frame = await snippet(owner, chatbot, "IFRAME")
    policy = f"default-src 'none'; {frame['contentSecurityPolicy']}"
    site.show(frame["html"], headers={"Content-Security-Policy": policy})

    await page.goto(origin_of(site, "shop"))

    await expect_answer(page.frame_locator("iframe"))


async def test_an_iframe_on_a_foreign_site_is_blank_and_the_console_says_why(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    site.show((await snippet(owner, chatbot, "IFRAME"))["html"])
    complaints.expect("frame-ancestors")

    async with page.expect_console_message(lambda one: "frame-ancestors" in one.text) as told:
        await page.goto(origin_of(site, "stranger"))

    assert origin_of(site, "shop") in (await told.value).text
    await expect(page.frame_locator("iframe").get_by_text(GREETING)).to_have_count(0)


async def test_a_site_that_is_taken_off_the_list_frames_no_more(
    page: Page, complaints: Complaints, owner: GraphQLClient, site: ClientSite, chatbot: Json
) -> None:
    site.show((await snippet(owner, chatbot, "IFRAME"))["html"])
    await page.goto(origin_of(site, "shop"))
    await expect(page.frame_locator("iframe").get_by_text(GREETING)).to_be_visible()
    change = {"id": chatbot["id"], "settings": {"allowedOrigins": [origin_of(site, "other")]}}
    await done(owner, "updateChatbot", change, "chatbot { id }")
    await done(owner, "publishChatbot", {"id": chatbot["id"]}, "chatbot { id }")
    complaints.expect("frame-ancestors")

    async with page.expect_console_message(lambda one: "frame-ancestors" in one.text):
        await page.reload()
    await expect(page.frame_locator("iframe").get_by_text(GREETING)).to_have_count(0)
    await page.goto(origin_of(site, "other"))

    await expect(page.frame_locator("iframe").get_by_text(GREETING)).to_be_visible()


async def test_visits_from_our_own_origin_begin_on_the_chatbots_page_alone(
    page: Page,
    complaints: Complaints,
    owner: GraphQLClient,
    public_server: ServerProcess,
    site: ClientSite,
    chatbot: Json,
) -> None:
    another = await new_chatbot(owner, origin_of(site, "shop"))
    address = f"{public_server.url}/embed/"
    foreign = EMBED_NONCE.search(
        await (await page.request.get(address + another["embedKey"])).text()
    )
    await page.goto(address + chatbot["embedKey"])
    own = await page.locator("script[data-chatbot]").get_attribute("data-embed-nonce")

    assert (await page.evaluate(START_VISIT, own))["__typename"] == "StartVisitSuccess"
    assert (await page.evaluate(START_VISIT, None))["code"] == "ORIGIN_NOT_ALLOWED"
    for nonce in (foreign and foreign[0], expired_nonce(public_server, chatbot)):
        refused = await page.evaluate(START_VISIT, nonce)
        assert (refused["code"], refused["path"]) == ("INVALID_TOKEN", ["input", "embedNonce"])


async def test_a_page_that_stayed_open_for_long_still_begins_its_visit(
    page: Page, complaints: Complaints, public_server: ServerProcess, chatbot: Json
) -> None:
    """As if it had been loaded when the nonce, now expired, was new."""
    address = f"{public_server.url}/embed/{chatbot['embedKey']}"
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url))
    await page.add_init_script(AGEING.replace("NONCE", expired_nonce(public_server, chatbot)))
    await page.goto(address)

    await expect_answer(page)

    assert loads.count(address) == 2, "it has fetched itself for another nonce"


async def test_a_link_to_the_chatbots_page_shows_its_draft(
    page: Page,
    complaints: Complaints,
    owner: GraphQLClient,
    public_server: ServerProcess,
    chatbot: Json,
) -> None:
    """In production, where our own origin may show a visitor nothing without the page's nonce."""
    change = {"id": chatbot["id"], "settings": {"name": "Draft"}}
    await done(owner, "updateChatbot", change, "chatbot { id }")
    given = {"chatbotId": chatbot["id"]}
    token = (await done(owner, "createPreviewToken", given, "widgetToken"))["widgetToken"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    address = f"{public_server.url}/embed/{chatbot['embedKey']}"

    await page.goto(f"{address}#preview={token}")

    await expect(page.get_by_role("heading", name="Draft")).to_be_visible()
    field = page.get_by_label("Your message")
    await field.fill("When do you open?")
    await field.press("Enter")
    await expect(page.get_by_role("article", name="Draft").last).to_contain_text(re.compile(r"\w+"))
    assert token not in "".join(url.partition("#")[0] for url in asked)
    await page.goto(f"{public_server.url}/healthz")
    await page.goto(address)
    await expect(page.get_by_role("heading", name="Helper")).to_be_visible()


def expired_nonce(server: ServerProcess, chatbot: Json) -> str:
    keys = DerivedKeys((server.data_dir / "secret.key").read_text())
    chatbot_id = PydanticObjectId(local_id(chatbot["id"], "Chatbot"))
    return EmbedNonces(keys, timedelta(seconds=-1)).issue(chatbot_id).text
