"""The widget on a client's site: it opens, asks, streams, stops, and survives what networks do."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from tests.administration import Administrator
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.relay import Relay
from tests.browser.widget import Widget
from tests.conftest import signed_in
from tests.providers.dictation import FAILURE, Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DEADLINE_S = 30.0
TAKEOVER_DEADLINE_MS = 60_000  # the dead server's lease lapses first
PIECES = ("The shop opens ", "at nine in the morning, ", "also on Saturdays.")
WHOLE = "".join(PIECES)


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


async def test_a_question_is_answered_with_its_sources(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.visit(site.show(script_of(server.url)))
    await expect(widget.question).to_be_focused()
    await expect(widget.log).to_contain_text("You are talking to an AI")

    await widget.ask("What is Parlance?")

    await widget.expect_finished(re.compile("Parlance is a self-hosted platform"))
    await expect(widget.questions).to_have_text(["What is Parlance?"])
    british = re.compile(r"^\d\d:\d\d$")
    await expect(widget.answers.last.locator("time")).to_have_text(british)
    await widget.answers.last.get_by_text("sources").click()
    await expect(widget.answers.last.get_by_role("listitem").first).to_contain_text(
        "About Parlance"
    )
    await widget.panel.get_by_role("button", name="Close chat").click()
    await expect(widget.panel).to_be_hidden()
    await expect(widget.launcher).to_be_focused()


async def test_the_answer_grows_while_the_model_speaks(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")

        for count in range(1, len(PIECES) + 1):
            dictation.say_next()
            await expect(widget.answer_text).to_have_text("".join(PIECES[:count]).strip())
        await widget.expect_finished(WHOLE)
    await expect(widget.announced).to_have_text(WHOLE)


async def test_stop_ends_the_models_work_and_keeps_the_text(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        dictation.say_next()
        await expect(widget.answer_text).to_have_text(PIECES[0].strip())

        await widget.stop.click()

        async with asyncio.timeout(DEADLINE_S):
            await model.client_closed.wait()
        await widget.expect_finished(PIECES[0].strip())
        await expect(widget.answers.last).to_contain_text("Stopped")
        await expect(widget.question).to_be_focused()


async def test_a_reload_in_the_middle_goes_on_in_the_same_bubble(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        dictation.say_next()
        await expect(widget.answer_text).to_have_text(PIECES[0].strip())

        await widget.page.reload()
        await expect(widget.answer_text).to_have_text(PIECES[0].strip())
        dictation.say_the_rest()

        await widget.expect_finished(WHOLE)
        await expect(widget.questions).to_have_text(["When do you open?"])
        await expect(widget.answers).to_have_count(1)
        assert len(model.requests) == 1


async def test_a_cut_connection_is_taken_up_where_it_broke(
    widget: Widget,
    site: ClientSite,
    relay: Relay,
    administrator: Administrator,
    complaints: Complaints,
) -> None:
    complaints.expect("WebSocket connection to", "Failed to load resource")
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(relay.url, chatbot)))
        await widget.ask("When do you open?")
        dictation.say_next()
        await expect(widget.answer_text).to_have_text(PIECES[0].strip())

        relay.cut()
        await expect(widget.status).to_have_text("Reconnecting…")
        async with asyncio.timeout(DEADLINE_S):
            await relay.refused.wait()
        dictation.say_next()
        await expect(widget.answer_text).to_have_text(PIECES[0].strip())
        relay.mend()

        await expect(widget.answer_text).to_have_text((PIECES[0] + PIECES[1]).strip())
        dictation.say_next()
        await widget.expect_finished(WHOLE)
        assert len(model.requests) == 1


async def test_an_answer_survives_the_server_that_gave_it(
    widget: Widget, site: ClientSite, own_server: ServerProcess, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to", "Failed to load resource")
    await asyncio.to_thread(own_server.start)
    admin = await signed_in(own_server.url, own_server.admin_email, own_server.admin_password)
    lost, again = Dictation(["We open at nine. ", "Every ", "day."]), Dictation(PIECES)
    async with model_that_says(lost, again) as model:
        chatbot = await Administrator(admin).chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(own_server.url, chatbot)))
        await widget.ask("When do you open?")
        lost.say_next()
        lost.say_next()
        await expect(widget.announced).to_have_text("We open at nine.")

        await asyncio.to_thread(own_server.kill)
        await expect(widget.status).to_have_text("Reconnecting…")
        await asyncio.to_thread(own_server.start)

        await expect(widget.answer_text).to_be_hidden(timeout=TAKEOVER_DEADLINE_MS)
        again.say_the_rest()
        await widget.expect_finished(WHOLE)
        await expect(widget.questions).to_have_count(1)
        await expect(widget.announced).to_have_text(WHOLE)
    await admin.close()


async def test_an_answer_that_failed_can_be_asked_for_again(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(["Here it is."])
    dictation.say_the_rest()
    async with model_that_says(FAILURE, dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("Are you there?")
        await expect(widget.answers.last.get_by_role("alert")).to_contain_text("cannot answer")

        await widget.tool("Try again").click()

        await widget.expect_finished("Here it is.")
        await expect(widget.questions).to_have_text(["Are you there?"])
