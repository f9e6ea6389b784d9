"""What a visitor reads when something is in the way, and that the widget gets past it."""

import json
import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page, Route, WebSocket, expect

from tests.administration import Administrator
from tests.api.operations import done, new_slug
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.relay import Relay
from tests.browser.widget import Widget
from tests.conftest import signed_in
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

TOO_OFTEN = "That was a lot of questions in a short time. Please wait a moment."
PIECES = ("The shop opens ", "at nine in the morning, ", "also on Saturdays.")
WHOLE = "".join(PIECES)


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server behind a proxy: one visit an address and one question a visitor, each minute."""
    process = ServerProcess(
        tmp_path_factory.mktemp("limited"),
        PARLANCE_TRUSTED_PROXIES="127.0.0.1",
        PARLANCE_VISITS_PER_ADDRESS="1",
        PARLANCE_QUESTIONS_PER_VISITOR="1",
    )
    process.start()
    yield process
    process.stop()


def said(*pieces: str) -> Dictation:
    dictation = Dictation(pieces)
    dictation.say_the_rest()
    return dictation


async def come_from(page: Page, address: str) -> None:
    """What the proxy before the server says of this page from now on."""

    async def forward(route: Route) -> None:
        await route.continue_(headers=route.request.headers | {"x-forwarded-for": address})

    await page.route("**/graphql", forward)


async def test_a_used_up_quota_is_told_with_the_day_it_ends_and_nothing_to_press(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    async with model_that_says(said("At nine.")) as model:
        client = {"slug": new_slug(), "name": "Small", "monthlyQuota": 1}
        client_id = (await done(caller, "createClient", client, "client { id }"))["client"]["id"]
        config = await administrator.llm_config(
            f"Of {client['slug']}", "OPENAI_COMPATIBLE", f"{model.url}/v1"
        )
        settings = {"defaultLlmId": config, "knowledgeMode": "OPEN"}
        given = {"clientId": client_id, "name": "Helper", "settings": settings}
        made = await done(caller, "createChatbot", given, "chatbot { embedKey }")
        await caller.close()
        await widget.visit(site.show(script_of(server.url, made["chatbot"]["embedKey"])))
        await widget.ask("When do you open?")
        await widget.expect_finished("At nine.")
        await widget.ask("And on Sundays?")

        told = widget.answers.last.get_by_role("alert")
        await expect(told).to_have_text(
            re.compile(r"^The assistant has answered all it may this month\. .* \w+ 1, \d{4}\.$")
        )
        await expect(widget.tool("Try again")).to_have_count(0)
        await expect(widget.status).to_have_text("")
        assert len(model.requests) == 1


async def test_a_visit_that_begins_too_often_says_so_and_begins_later(
    widget: Widget, browser: Browser, site: ClientSite, limited: ServerProcess
) -> None:
    url = site.show(script_of(limited.url))
    await come_from(widget.page, "198.51.100.1")
    await widget.visit(url)
    await widget.ask("What is Parlance?")
    await expect(widget.send).to_be_visible()
    context = await browser.new_context()
    neighbour = Widget(await context.new_page())
    await come_from(neighbour.page, "198.51.100.1")
    await neighbour.visit(url)

    await neighbour.ask("What is Parlance?")

    await expect(neighbour.status).to_have_text(TOO_OFTEN)
    await expect(neighbour.questions).to_have_count(1)
    await come_from(neighbour.page, "198.51.100.2")
    await neighbour.expect_finished(re.compile("Parlance is a self-hosted platform"))
    await expect(neighbour.questions).to_have_count(1)
    await context.close()


async def test_trying_again_asks_the_same_question_and_not_another_one(
    widget: Widget, site: ClientSite, limited: ServerProcess
) -> None:
    keys: list[str] = []

    def note(frame: str | bytes) -> None:
        variables = json.loads(frame).get("payload", {}).get("variables", {})
        if "idempotencyKey" in variables.get("i", {}):
            keys.append(variables["i"]["idempotencyKey"])

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", note)

    widget.page.on("websocket", listen)
    await come_from(widget.page, "198.51.100.3")
    await widget.visit(site.show(script_of(limited.url)))
    await widget.ask("What is Parlance?")
    await expect(widget.tool("Copy")).to_be_visible()
    await widget.ask("Where is the data stored?")
    await expect(widget.answers.last.get_by_role("alert")).to_contain_text(TOO_OFTEN)

    await widget.tool("Try again").click()

    await expect(widget.stop).to_be_hidden()
    await expect(widget.answers.last.get_by_role("alert")).to_contain_text(TOO_OFTEN)
    await expect(widget.questions).to_have_text(["What is Parlance?", "Where is the data stored?"])
    first, second, again = keys
    assert second == again != first


async def test_what_few_need_is_asked_for_again_when_it_cannot_be_loaded(
    widget: Widget, site: ClientSite, server: ServerProcess, complaints: Complaints
) -> None:
    complaints.expect("Failed to load resource")
    parts = re.compile("/widget/more-")
    await widget.visit(site.show(script_of(server.url)))
    await widget.page.route(parts, lambda route: route.abort())
    await widget.button("Conversations").click()
    await expect(widget.status).to_have_text("Something went wrong. Please try again.")
    await expect(widget.question).to_be_visible()

    await widget.page.unroute(parts)
    await widget.button("Conversations").click()

    await expect(widget.panel.get_by_text("No conversations yet.")).to_be_visible()


async def test_a_page_that_slept_goes_on_where_it_fell_asleep(
    widget: Widget,
    browser: Browser,
    site: ClientSite,
    relay: Relay,
    administrator: Administrator,
    complaints: Complaints,
) -> None:
    """Nothing of the page runs while a laptop sleeps, and the line dies meanwhile."""
    complaints.expect("WebSocket connection to", "Failed to load resource")
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(relay.url, chatbot)))
        await widget.ask("When do you open?")
        dictation.say_next()
        await expect(widget.answer_text).to_have_text(PIECES[0].strip())
        devtools = await browser.new_browser_cdp_session()
        running = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
        pages = [one["id"] for one in running if one["type"] == "renderer"]

        for process in pages:
            os.kill(process, signal.SIGSTOP)
        try:
            relay.cut()
            dictation.say_the_rest()
            relay.mend()
        finally:
            for process in pages:
                os.kill(process, signal.SIGCONT)

        await widget.expect_finished(WHOLE)
        await expect(widget.questions).to_have_count(1)
        assert len(model.requests) == 1
