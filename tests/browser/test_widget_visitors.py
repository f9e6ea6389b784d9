"""Who the visitor is to the widget: signed in by the page, somebody else, or nobody at all."""

import asyncio
import time

import jwt
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.administration import Administrator
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.relay import Relay
from tests.browser.widget import Widget
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DEADLINE_S = 30.0


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secret(administrator: Administrator) -> str:
    """What the demo client signs its visitors with."""
    return await administrator.signing_secret()


def said(*pieces: str) -> Dictation:
    dictation = Dictation(pieces)
    dictation.say_the_rest()
    return dictation


def signed(secret: str, user_id: str) -> str:
    claims = {"client_id": "demo", "user_id": user_id, "exp": int(time.time()) + 600}
    return jwt.encode(claims, secret, algorithm="HS256")


def page_for(
    site: ClientSite, server: ServerProcess | Relay, chatbot: str, path: str, token: str
) -> str:
    """A page that signs its visitor in, or with an empty token does not."""
    who = f'getToken: async () => "{token}"' if token else ""
    script = f"""<script src="{server.url}/widget.js"></script>
        <script>Parlance.init({{ chatbot: "{chatbot}", {who} }});</script>"""
    return site.show(script, path=path)


async def test_who_is_signed_in_finds_the_conversation_on_another_device(
    widget: Widget,
    browser: Browser,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
    secret: str,
) -> None:
    async with model_that_says(said("Hello Ada."), said("Hello stranger.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        url = page_for(site, server, chatbot, "/ada", signed(secret, "ada"))
        await widget.visit(url)
        await widget.ask("Hi")
        await widget.expect_finished("Hello Ada.")

        context = await browser.new_context()
        elsewhere = Widget(await context.new_page())
        await elsewhere.visit(url)
        await expect(elsewhere.answer_text).to_have_text("Hello Ada.")

        signed_out = page_for(site, server, chatbot, "/nobody", "")
        await elsewhere.page.goto(signed_out)
        await expect(elsewhere.launcher).to_be_visible()
        await expect(elsewhere.panel).to_be_visible()
        await expect(elsewhere.questions).to_have_count(0)
        await elsewhere.ask("Who am I?")
        await elsewhere.expect_finished("Hello stranger.")
        await expect(elsewhere.questions).to_have_text(["Who am I?"])
        await context.close()


async def test_news_of_another_device_come_after_the_line_was_lost_again_and_again(
    widget: Widget,
    browser: Browser,
    site: ClientSite,
    server: ServerProcess,
    relay: Relay,
    administrator: Administrator,
    complaints: Complaints,
    secret: str,
) -> None:
    complaints.expect("WebSocket connection to", "Failed to load resource")
    token = signed(secret, "ada")
    async with model_that_says(said("Hello Ada."), said("At nine.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        context = await browser.new_context()
        device = Widget(await context.new_page())
        await device.visit(page_for(site, server, chatbot, "/there", token))
        await device.ask("Hi")
        await device.expect_finished("Hello Ada.")
        await widget.visit(page_for(site, relay, chatbot, "/here", token))
        await expect(widget.answer_text).to_have_text("Hello Ada.")
        relay.cut()
        for _ in range(3):
            relay.refused.clear()
            async with asyncio.timeout(DEADLINE_S):
                await relay.refused.wait()
        relay.mend()

        await device.ask("When do you open?")

        await widget.expect_finished("At nine.")
        await expect(widget.questions).to_have_text(["Hi", "When do you open?"])
        await context.close()


async def test_naming_the_same_visitor_again_changes_nothing(
    widget: Widget,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
    secret: str,
) -> None:
    begun: list[str] = []
    widget.page.on(
        "request",
        lambda request: (
            begun.append(request.url) if "startVisit" in (request.post_data or "") else None
        ),
    )
    async with model_that_says(said("Hello Ada.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(page_for(site, server, chatbot, "/", signed(secret, "ada")))
        await widget.ask("Hi")
        await widget.expect_finished("Hello Ada.")
        identify = "(chat, token) => chat.identify(token && { getToken: async () => token })"
        await widget.element.evaluate(identify, signed(secret, "ada"))
        await expect(widget.questions).to_have_text(["Hi"])
        assert len(begun) == 1

        await widget.element.evaluate(identify, None)

        await expect(widget.questions).to_have_count(0)


async def test_a_forged_identity_is_nobody_and_is_told_why(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    async with model_that_says(said("Hello.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        forged = signed("x" * 32, "ada")
        await widget.visit(page_for(site, server, chatbot, "/", forged))
        await widget.ask("Hi")

        await expect(widget.answers.last.get_by_role("alert")).to_be_visible()
        assert len(model.requests) == 0


async def test_a_chatbot_that_is_switched_off_says_so_and_how_to_reach_people(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    chatbot = await administrator.chatbot("Closed", contactEmail="help@example.com")
    await administrator.switch_off(chatbot)
    await widget.visit(site.show(script_of(server.url, chatbot)))

    await expect(widget.panel.get_by_text("not available at the moment")).to_be_visible()
    link = widget.panel.get_by_role("link", name="help@example.com")
    await expect(link).to_have_attribute("href", "mailto:help@example.com")
    await expect(widget.question).to_be_hidden()


async def test_a_token_that_is_no_longer_good_is_replaced_without_a_word(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    async with model_that_says(said("One."), said("Two.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("Hi")
        await widget.expect_finished("One.")
        await widget.page.evaluate(
            """() => {
                const name = localStorage.key(0);
                const kept = JSON.parse(localStorage.getItem(name));
                localStorage.setItem(name, JSON.stringify({ ...kept, token: "no longer good" }));
            }"""
        )
        await widget.page.reload()
        await expect(widget.panel).to_be_visible()
        await widget.ask("And what else?")

        await widget.expect_finished("Two.")
        await expect(widget.questions.last).to_have_text("And what else?")


async def test_a_page_that_carries_a_token_speaks_for_its_visitor(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    async with model_that_says(said("Hello Ada.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        begun: list[str] = []
        widget.page.on(
            "request",
            lambda request: (
                begun.append(request.url) if "startVisit" in (request.post_data or "") else None
            ),
        )
        await widget.visit(site.show(await administrator.embed_code(chatbot)))
        await widget.ask("Hi")
        await widget.expect_finished("Hello Ada.")
        await widget.page.reload()
        await widget.expect_finished("Hello Ada.")
        assert begun == [], "the token is the visit"

        await widget.page.goto(site.show(await administrator.embed_code(chatbot), path="/other"))
        await expect(widget.panel).to_be_visible()
        await expect(widget.questions).to_have_count(0)
