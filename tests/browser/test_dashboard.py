"""The dashboard of examples/react: built as people build it, served by Parlance, and used."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import FilePayload, Locator, Page, ViewportSize, expect

from set_up import example_dashboard
from set_up.steps import one_at_a_time
from tests.answers import asking
from tests.api.operations import OPEN, done, new_chatbot, new_slug
from tests.browser.conftest import Complaints
from tests.browser.test_widget_features import AXE
from tests.conftest import START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SESSION = "localStorage.getItem('parlance.dashboard.session')"
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENT_MS = 60_000
"""For what another process of the server does, on a machine that much else runs on."""

HOOK = """def before_llm(ctx, message):
    print("asked", message)
    return {"block": "The dashboard's hook says hello."}
"""
EMBED_KEY = "query ($id: ID!) { chatbot(id: $id) { embedKey } }"


@dataclass(frozen=True)
class Shop:
    """A client with one chatbot, of one test alone."""

    address: str
    """Of its page."""
    id: str
    chatbot: str
    embed_key: str


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """What `make example` does."""
    with one_at_a_time():
        example_dashboard.build()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(server: ServerProcess) -> AsyncIterator[GraphQLClient]:
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    yield caller
    await caller.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shop(server: ServerProcess, admin: GraphQLClient) -> Shop:
    given = {"slug": new_slug(), "name": "The tea shop"}
    client = (await done(admin, "createClient", given, "client { id slug }"))["client"]
    chatbot = await new_chatbot(admin, client["id"], name="Tea adviser", settings=OPEN)
    key = (await admin.execute(EMBED_KEY, {"id": chatbot}))["chatbot"]["embedKey"]
    address = f"{server.url}/dashboard/clients/{client['slug']}"
    return Shop(address, client["id"], chatbot, key)


@pytest_asyncio.fixture(loop_scope="module")
async def dashboard(page: Page, complaints: Complaints, server: ServerProcess, shop: Shop) -> Page:
    """The shop's page, with the admin signed in."""
    await page.goto(shop.address)
    await sign_in(page, server.admin_email, server.admin_password)
    await expect(page.get_by_role("heading", name="The tea shop")).to_be_visible()
    return page


async def sign_in(page: Page, email: str, password: str) -> None:
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(server: ServerProcess, shop: Shop) -> AsyncIterator[GraphQLClient]:
    """A visitor of the shop's chatbot."""
    caller = GraphQLClient(server.url, origin=server.url)
    visit = await caller.execute(START_VISIT, {"key": shop.embed_key})
    caller.token = visit["startVisit"]["widgetToken"]
    yield caller
    await caller.close()


async def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_page(
    page: Page, complaints: Complaints, server: ServerProcess, shop: Shop
) -> None:
    await page.goto(shop.address)
    await sign_in(page, f"{new_slug()}@example.com", "a wrong password")
    await expect(page.get_by_role("alert")).to_be_visible()

    await sign_in(page, server.admin_email, server.admin_password)
    await expect(page.get_by_role("heading", name="The tea shop")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="The tea shop")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert await page.evaluate(SESSION) is None


async def test_a_token_that_ends_is_renewed_and_a_session_that_was_ended_asks_to_sign_in(
    dashboard: Page, complaints: Complaints
) -> None:
    before = json.loads(await dashboard.evaluate(SESSION))
    ended = json.dumps(before | {"expiresAt": "2020-01-01T00:00:00Z"})
    await dashboard.evaluate(
        "localStorage.setItem('parlance.dashboard.session', $)".replace("$", json.dumps(ended))
    )
    await dashboard.reload()
    await expect(dashboard.get_by_role("link", name="Tea adviser")).to_be_visible()
    after = json.loads(await dashboard.evaluate(SESSION))
    assert after["refreshToken"] != before["refreshToken"]

    spent = json.dumps(before | {"expiresAt": "2020-01-01T00:00:00Z"})
    await dashboard.evaluate(
        "localStorage.setItem('parlance.dashboard.session', $)".replace("$", json.dumps(spent))
    )
    await dashboard.reload()
    await expect(dashboard.get_by_role("button", name="Sign in")).to_be_visible()
    assert await dashboard.evaluate(SESSION) is None


async def test_a_client_that_is_not_there_is_told_so(
    dashboard: Page, server: ServerProcess
) -> None:
    await dashboard.get_by_role("link", name="Clients").click()
    await expect(dashboard.get_by_role("link", name="The tea shop").first).to_be_visible()
    await dashboard.goto(f"{server.url}/dashboard/clients/nobody-has-this-slug")
    await expect(dashboard.get_by_role("heading", name="There is nothing here")).to_be_visible()


async def test_a_new_client_gets_its_first_chatbot(dashboard: Page, server: ServerProcess) -> None:
    await dashboard.goto(f"{server.url}/dashboard/")
    await dashboard.get_by_text("New client", exact=True).click()
    form = dashboard.get_by_role("form", name="New client")
    await form.get_by_label("Name", exact=True).fill("The bakery")
    await form.get_by_label("Short name").fill("not a slug")
    await save(form, "Create")
    await expect(form.get_by_label("Short name")).to_have_attribute("aria-invalid", "true")
    slug = new_slug()
    await form.get_by_label("Short name").fill(slug)
    await save(form, "Create")
    await expect(dashboard.get_by_role("heading", name="The bakery")).to_be_visible()

    await dashboard.get_by_text("New chatbot", exact=True).click()
    form = dashboard.get_by_role("form", name="New chatbot")
    await form.get_by_label("Name").fill("Bread adviser")
    await save(form, "Create")
    await expect(dashboard.get_by_role("form", name="Settings")).to_be_visible()
    await expect(dashboard.get_by_role("heading", name="Bread adviser").first).to_be_visible()

    await dashboard.goto(f"{server.url}/dashboard/")
    await dashboard.get_by_label("Find").fill(slug)
    found = dashboard.get_by_role("main").get_by_role("link")
    await expect(found).to_have_count(1)
    await expect(found).to_contain_text("The bakery")


async def test_a_conversation_is_watched_word_by_word(
    dashboard: Page, admin: GraphQLClient, shop: Shop, visitor: GraphQLClient
) -> None:
    await dashboard.get_by_role("link", name="Conversations").click()
    await expect(dashboard.get_by_text("Nobody has asked anything yet.")).to_be_visible()
    said = Dictation(["One, ", "two, ", "three."])
    async with model_that_says(said) as model:
        await answer_with(admin, shop, model.url)
        async with aclosing(asking(visitor, "Can you count?")) as stream:
            await anext(stream)
            lines = dashboard.get_by_role("navigation", name="Conversations")
            await lines.get_by_role("link", name="Can you count?").click()
            answer = dashboard.get_by_role("log").get_by_label("Chatbot")
            said.say_next()
            await expect(answer).to_contain_text("One,")
            await expect(answer).not_to_contain_text("two")
            said.say_the_rest()
            _ = [event async for event in stream]
    await expect(answer).to_contain_text("One, two, three.")
    await expect(dashboard.locator("[aria-busy=true]")).to_have_count(0)
    await expect(lines).to_contain_text("2 messages")

    await lines.get_by_label("Which").select_option(label="closed")
    await expect(lines.get_by_text("There is none.")).to_be_visible()
    await dashboard.get_by_role("button", name="Close", exact=True).click()
    await expect(lines.get_by_role("link", name="Can you count?")).to_contain_text("closed")


async def answer_with(admin: GraphQLClient, shop: Shop, model_url: str) -> None:
    """Let this model answer the shop's visitors."""
    given = {
        "clientId": None,
        "name": new_slug(),
        "provider": "OPENAI_COMPATIBLE",
        "model": "dictated",
        "apiUrl": f"{model_url}/v1",
    }
    made = await done(admin, "createLlmConfig", given, "llmConfig { id }")
    settings = {"defaultLlmId": made["llmConfig"]["id"]}
    await done(admin, "updateChatbot", {"id": shop.chatbot, "settings": settings}, "chatbot { id }")
    await done(admin, "publishChatbot", {"id": shop.chatbot}, "chatbot { id }")


async def test_a_draft_is_previewed_saved_and_published(
    dashboard: Page, admin: GraphQLClient, shop: Shop
) -> None:
    await dashboard.get_by_role("link", name="Tea adviser").click()
    form, preview = (
        dashboard.get_by_role("form", name="Settings"),
        dashboard.get_by_label("Preview"),
    )
    launcher = preview.locator("parlance-chat").locator("[part=launcher]")
    await expect(launcher).to_have_css("background-color", "rgb(31, 79, 216)")
    await form.get_by_label("Primary colour").fill("#0a6b4f")
    await expect(launcher).to_have_css("background-color", "rgb(10, 107, 79)")
    await expect(form.get_by_label("Primary colour")).to_be_focused()

    name = form.get_by_label("Name", exact=True)
    await name.fill("")
    await save(form, "Save draft")
    await expect(form.get_by_role("alert")).to_be_visible()
    await name.fill("Coffee adviser")
    await form.get_by_label("Welcome message").fill("Welcome to the preview.")
    await save(form, "Save draft")
    await expect(form.get_by_role("status")).to_have_text("The draft is saved.")
    await expect(preview.get_by_text("Welcome to the preview.")).to_be_visible(timeout=PATIENT_MS)
    await expect(dashboard.get_by_text("changes to publish")).to_be_visible()

    # Somebody else is faster: nothing is overwritten until the person saves again.
    settings = {"contactEmail": "tea@example.com"}
    await done(admin, "updateChatbot", {"id": shop.chatbot, "settings": settings}, "chatbot { id }")
    await save(form, "Save draft")
    await expect(form.get_by_role("alert")).to_be_visible()
    await save(form, "Publish")
    await expect(form.get_by_role("status")).to_have_text("Published: visitors have it now.")
    await expect(dashboard.get_by_text("Version 2 answers visitors")).to_be_visible()
    await expect(dashboard.get_by_text("changes to publish")).to_have_count(0)
    await expect(dashboard.get_by_role("heading", name="Coffee adviser").first).to_be_visible()


async def save(form: Locator, button: str) -> None:
    await form.get_by_role("button", name=button, exact=True).click()


async def test_the_code_for_a_site_and_the_plugin_are_taken_along(
    dashboard: Page, server: ServerProcess, shop: Shop
) -> None:
    await dashboard.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await dashboard.goto(f"{shop.address}/chatbots/{shop.chatbot}/embed")
    code = dashboard.get_by_role("region", name="Code")
    await expect(code).to_contain_text(f'data-chatbot="{shop.embed_key}"')
    await code.get_by_role("button", name="Copy").first.click()
    await expect(code.get_by_role("button", name="Copied")).to_be_visible()
    assert shop.embed_key in await dashboard.evaluate("navigator.clipboard.readText()")
    await code.get_by_label("In which way").select_option(label="An iframe")
    await expect(code).to_contain_text(f"{server.url}/embed/{shop.embed_key}")

    plugin = dashboard.get_by_role("region", name="WordPress")
    async with dashboard.expect_download() as downloading:
        await plugin.get_by_role("button", name="Download ZIP").click()
    assert (await (await downloading.value).path()).read_bytes().startswith(b"PK")
    await plugin.get_by_role("button", name="Make a code").click()
    await expect(plugin.locator("pre")).to_have_text(re.compile(r"\S{10,}"))


async def test_a_hook_is_checked_saved_tried_and_set_to_work(dashboard: Page, shop: Shop) -> None:
    await dashboard.goto(f"{shop.address}/chatbots/{shop.chatbot}/hook")
    source = dashboard.get_by_label("Python")
    await source.fill("def before_llm(ctx, message):\n    import os\n")
    await dashboard.get_by_role("button", name="Check").click()
    await expect(dashboard.get_by_role("list", name="Problems")).to_contain_text(
        "Line 2", timeout=PATIENT_MS
    )
    await source.fill(HOOK)
    await dashboard.get_by_role("button", name="Save version").click()
    await expect(dashboard.get_by_text("Version 1 is stored.")).to_be_visible(timeout=PATIENT_MS)

    trial = dashboard.get_by_role("form", name="Test run")
    await expect(trial.get_by_role("button", name="Set to work")).to_be_disabled()
    await trial.get_by_label("Question").fill("Where is my tea?")
    await trial.get_by_role("button", name="Run").click()
    await expect(trial.get_by_label("What came of it")).to_contain_text(
        "asked Where is my tea?", timeout=PATIENT_MS
    )
    await expect(trial.get_by_label("What came of it")).to_contain_text("says hello")
    await trial.get_by_role("button", name="Set to work").click()
    await expect(dashboard.get_by_role("region", name="State")).to_contain_text("Version 1")


async def test_knowledge_is_added_read_while_one_watches_and_deleted(dashboard: Page) -> None:
    await dashboard.get_by_role("link", name="Knowledge").click()
    form = dashboard.get_by_role("form", name="Add knowledge")
    await expect(form.get_by_label("Tea adviser")).to_be_checked()
    await form.get_by_label("Title").fill("Opening hours")
    await form.get_by_label("Text", exact=True).fill("We open at nine.")
    await save(form, "Add")
    sources = dashboard.get_by_role("region", name="Sources").get_by_role("listitem")
    hours = sources.filter(has_text="Opening hours")
    await expect(hours).to_contain_text("ready", timeout=PATIENT_MS)

    await form.get_by_label("What", exact=True).select_option(label="A file")
    await form.get_by_label("Title").fill("Green tea")
    file: FilePayload = {
        "name": "tea.md",
        "mimeType": "text/markdown",
        "buffer": b"# Tea\n\nIt is green.",
    }
    await form.get_by_label("File", exact=True).set_input_files(file)
    await save(form, "Add")
    await expect(sources.filter(has_text="Green tea")).to_contain_text(
        "1 passage", timeout=PATIENT_MS
    )
    await expect(sources.filter(has_text="Green tea")).to_contain_text("ready", timeout=PATIENT_MS)

    await expect(form.get_by_label("Title")).to_have_value("")
    await expect(form.get_by_label("What", exact=True)).to_have_value("FILE")

    await hours.get_by_role("button", name="Delete").click()
    await hours.get_by_role("button", name="Really delete it").click()
    await expect(hours).to_have_count(0)
    await expect(sources).to_have_count(1)


async def test_the_secret_of_a_signing_key_is_shown_once(dashboard: Page) -> None:
    await dashboard.get_by_role("link", name="Access").click()
    keys = dashboard.get_by_role("region", name="Signing keys")
    await keys.get_by_role("button", name="New key", exact=True).click()
    await expect(keys.locator("pre")).to_have_text(re.compile(r"\S{20,}"))
    secret = await keys.locator("pre").inner_text()
    await dashboard.reload()
    await expect(keys.get_by_role("listitem")).to_have_count(1)
    assert secret not in await dashboard.content()

    for told in ("New key", "New key, and retire the oldest"):
        await keys.get_by_role("button", name=told, exact=True).click()
        await expect(keys.locator("pre")).to_have_text(re.compile(r"\S{20,}"))
        assert await keys.locator("pre").inner_text() != secret
    await expect(keys.get_by_text("retired")).to_have_count(1)


async def test_usage_is_drawn_and_told(dashboard: Page, visitor: GraphQLClient) -> None:
    _ = [event async for event in asking(visitor, "Is there tea?")]
    await dashboard.get_by_role("link", name="Usage").click()
    figure = dashboard.locator(".figure", has_text="Questions").locator("dd").first
    await expect(figure).to_have_text("1")
    await expect(dashboard.get_by_role("region", name="By chatbot")).to_contain_text("Tea adviser")
    table = dashboard.get_by_role("table", name="Questions")
    await expect(table.get_by_role("row")).to_have_count(31)
    await dashboard.get_by_label("Of the last").select_option(label="7 days")
    await expect(table.get_by_role("row")).to_have_count(8)


PAGES = {
    "": "Tea adviser",
    "/chatbots/{chatbot}": "Save draft",
    "/chatbots/{chatbot}/embed": "Code to paste",
    "/chatbots/{chatbot}/hook": "Save version",
    "/knowledge": "Add knowledge",
    "/conversations": "Nobody has asked anything yet.",
    "/usage": "Most asked",
    "/access": "Signing keys",
}
"""What shows that a page is there."""


async def test_every_page_fits_a_phone_and_axe_finds_nothing_on_it_light_or_dark(
    dashboard: Page, shop: Shop
) -> None:
    await dashboard.set_viewport_size(PHONE)
    for path, shown in PAGES.items():
        await dashboard.goto(shop.address + path.format(chatbot=shop.chatbot))
        await expect(dashboard.get_by_text(shown).first).to_be_visible()
        assert await dashboard.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await dashboard.evaluate(AXE.read_text())
        for _ in ("light", "dark"):
            found = await dashboard.evaluate("axe.run({exclude: [['parlance-chat']]})")
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], path
            await dashboard.get_by_role("button", name="Dark").click()
        assert await dashboard.evaluate("document.documentElement.style.colorScheme") == "light"
