"""The parts of the widget that come one after the other, when one does not come, and previews."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.administration import Administrator
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.widget import Widget
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ANSWER = "We open **at nine**."
UNLOADED = "The assistant cannot answer right now. Please try again in a moment."


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


def said(*pieces: str) -> Dictation:
    dictation = Dictation(pieces)
    dictation.say_the_rest()
    return dictation


async def test_a_panel_that_cannot_be_loaded_is_told_and_asked_for_again(
    widget: Widget, site: ClientSite, server: ServerProcess, complaints: Complaints
) -> None:
    complaints.expect("cannot be loaded", "Failed to load resource")
    parts = re.compile("/widget/panel-")
    await widget.page.route(parts, lambda route: route.abort())
    await widget.page.goto(site.show(script_of(server.url)))
    await widget.launcher.click()
    await expect(widget.element.get_by_role("alert")).to_have_text(UNLOADED)

    await widget.page.unroute(parts)
    await widget.launcher.click()

    await expect(widget.panel).to_be_visible()
    await expect(widget.element.get_by_text(UNLOADED)).to_be_hidden()


async def test_an_answer_can_be_read_before_what_comes_with_it(
    widget: Widget,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
    complaints: Complaints,
) -> None:
    complaints.expect("cannot be loaded", "Failed to load resource")
    parts = re.compile("/widget/later-")
    async with model_that_says(said(ANSWER)) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.page.route(parts, lambda route: route.abort())
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        await expect(widget.answer_text).to_have_text(ANSWER)
        await expect(widget.status).to_have_text("Reconnecting…")

        await widget.page.unroute(parts)

        await widget.expect_finished("We open at nine.")
        await expect(widget.tool("Copy")).to_be_visible()
        await expect(widget.announced).to_have_text("We open at nine.")


async def test_a_preview_looks_and_speaks_as_the_draft_and_leaves_the_visitor_alone(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    async with model_that_says(said("Published."), said("Drafted.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        published = site.show(script_of(server.url, chatbot))
        await widget.visit(published)
        await widget.ask("Hi")
        await widget.expect_finished("Published.")
        token = await administrator.preview(chatbot, name="Draft", primaryColor="#0a7d4f")
        draft = site.show(
            script_of(server.url, chatbot, preview_token=token), path="/draft", title="Draft"
        )
        await widget.visit(draft)

        await expect(widget.panel.get_by_role("heading", name="Draft")).to_be_visible()
        await expect(widget.launcher).to_have_css("background-color", "rgb(10, 125, 79)")
        await expect(widget.questions).to_have_count(0)
        await widget.ask("Who are you?")
        await widget.expect_finished("Drafted.")

        await widget.page.goto(published)
        await expect(widget.questions).to_have_text(["Hi"])
        test_page = f"{server.url}/demo/test?chatbot={chatbot}#preview={token}"
        await widget.page.goto(test_page)
        await widget.page.get_by_role("button", name="Init").click()
        await expect(widget.launcher).to_have_css("background-color", "rgb(10, 125, 79)")


async def test_a_preview_that_has_ended_says_so(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.visit(site.show(script_of(server.url, preview_token="no longer good")))

    gate = widget.panel.locator(".gate")
    await expect(gate).to_contain_text(re.compile("preview", re.IGNORECASE))
    await expect(widget.question).to_be_hidden()


async def test_what_a_page_wants_before_it_has_a_body_happens(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    head = f"""</title><script src="{server.url}/widget.js"></script>
        <script>Parlance.init({{ chatbot: "demo" }}); Parlance.open();</script><title>"""
    url = site.show("", title="Shop")
    page, headers = site.pages["/"]
    site.pages["/"] = (page.replace("<title>", f"<title>{head}", 1), headers)
    await widget.page.goto(url)

    await expect(widget.panel).to_be_visible()


async def test_a_comment_that_is_being_written_outlives_what_is_drawn_meanwhile(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    async with model_that_says(said("At nine.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        await widget.expect_finished("At nine.")
        await widget.tool("Bad answer").click()
        comment = widget.panel.get_by_label("What was wrong?")
        await comment.fill("It is")

        await administrator.publish(chatbot, name="Renamed")
        await expect(widget.panel.get_by_role("heading", name="Renamed")).to_be_visible()

        await expect(comment).to_have_value("It is")


async def test_the_menu_begins_no_visit(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    texts = [{"language": "EN", "consentText": "We keep what you write."}]
    chatbot = await administrator.chatbot("Asks first", texts=texts)
    asked: list[str] = []
    widget.page.on("request", lambda request: asked.append(request.post_data or ""))
    await widget.visit(site.show(script_of(server.url, chatbot)))
    await widget.button("Menu").click()
    await widget.button("Download my data").click()
    await expect(widget.panel.get_by_text("No conversations yet.")).to_be_visible()
    await widget.button("Delete my data").click()
    await widget.button("Delete").last.click()

    await expect(widget.status).to_have_text("Your data has been deleted.")
    assert not [one for one in asked if "mutation" in one]


async def test_a_key_that_ends_a_composed_word_sends_and_closes_nothing(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.visit(site.show(script_of(server.url)))
    await widget.question.fill("にほん")
    for key in ("Enter", "Escape"):
        for told in ("isComposing: true", "keyCode: 229"):
            await widget.question.evaluate(
                f"""(field) => field.dispatchEvent(new KeyboardEvent("keydown", {{
                    key: "{key}", {told}, bubbles: true, composed: true, cancelable: true }}))"""
            )
    await expect(widget.panel).to_be_visible()
    await expect(widget.question).to_have_value("にほん")
    await expect(widget.questions).to_have_count(0)
