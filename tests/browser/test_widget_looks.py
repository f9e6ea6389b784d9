"""What a page chooses for its widget, and what a visitor's eyes and browser ask of it."""

import pytest
from playwright.async_api import Page, expect

from tests.administration import Administrator
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.widget import Widget
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


async def test_a_page_chooses_the_greeting_the_picture_and_when_it_opens(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    chosen = {"greeting": "Ahoy!", "bubble_icon": DOT, "auto_open_delay": "300"}
    await widget.page.goto(site.show(script_of(server.url, **chosen, auto_open="true")))
    await expect(widget.launcher.locator("img")).to_have_attribute("src", DOT)
    await expect(widget.panel).to_have_count(0)

    await expect(widget.panel).to_be_visible()
    await expect(widget.log.locator(".bubble")).to_have_text("Ahoy!")
    await expect(widget.question).not_to_be_focused()


async def test_at_twice_the_size_with_forced_colours_all_is_in_reach(
    widget: Widget,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
) -> None:
    dictation = Dictation(["See [the plan](https://shop.example/plan)."])
    dictation.say_the_rest()
    await widget.page.set_viewport_size({"width": 640, "height": 400})
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_like(model.url, contactUrl="https://shop.example")
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        await widget.expect_finished("See the plan (shop.example).")

    link = widget.answer_text.get_by_role("link")
    colours = "(link) => [link, link.parentElement].map((one) => getComputedStyle(one).color)"
    of_link, of_text = await link.evaluate(colours)
    assert of_link != of_text, "colour tells a link from the words around it"
    for part in (widget.send, widget.button("Close chat"), widget.tool("Copy")):
        await expect(part).to_be_in_viewport(ratio=1)
    await widget.page.emulate_media(forced_colors="active")
    await expect(widget.answer_text).to_have_css("border-top-style", "solid")
    await expect(widget.panel).to_have_css("border-top-style", "solid")
    await expect(widget.launcher).to_have_css("border-top-style", "solid")
    wide = await widget.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 640
