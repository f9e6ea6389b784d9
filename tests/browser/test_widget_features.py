"""What visitors do in the widget besides asking: lists, ratings, two tabs, offline, own data."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.administration import Administrator
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.relay import Relay
from tests.browser.widget import Widget
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
ANSWER = re.compile("Parlance is a self-hosted platform")
QUESTION = "What is Parlance?"
PIECES = ("We open ", "at nine. ", "Every day.")
WHOLE = "".join(PIECES)
MARKDOWN = (
    "## Hours\n\n- **Monday**: [nine](https://example.com/a)\n\n| a | b |\n|---|---|\n| 1 | 2 |"
)


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


def said(*pieces: str) -> Dictation:
    dictation = Dictation(pieces)
    dictation.say_the_rest()
    return dictation


async def test_two_tabs_show_the_same_conversation_while_it_grows(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(PIECES)
    async with model_that_says(said("Hello."), dictation) as model:
        url = site.show(script_of(server.url, await administrator.chatbot_with_model(model.url)))
        await widget.visit(url)
        await widget.ask("Hi")
        await widget.expect_finished("Hello.")
        other = Widget(await widget.page.context.new_page())
        await other.visit(url)
        await expect(other.questions).to_have_text(["Hi"])

        await widget.ask("When do you open?")
        dictation.say_next()
        await expect(other.questions).to_have_text(["Hi", "When do you open?"])
        await expect(other.answer_text).to_have_text(PIECES[0].strip())
        dictation.say_the_rest()

        await other.expect_finished(WHOLE)
        await widget.expect_finished(WHOLE)
        assert len(model.requests) == 2


async def test_a_question_asked_offline_is_sent_once_when_the_network_is_back(
    widget: Widget,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
    complaints: Complaints,
) -> None:
    complaints.expect("WebSocket connection to", "Failed to load resource")
    async with model_that_says(said(WHOLE)) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.page.context.set_offline(True)
        await widget.ask("When do you open?")
        await expect(widget.status).to_contain_text("You are offline")
        assert len(model.requests) == 0

        await widget.page.context.set_offline(False)

        await widget.expect_finished(WHOLE)
        await expect(widget.questions).to_have_count(1)
        assert len(model.requests) == 1


async def test_a_question_asked_offline_can_be_taken_back(
    widget: Widget, site: ClientSite, server: ServerProcess, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to", "Failed to load resource")
    await widget.visit(site.show(script_of(server.url)))
    await widget.page.context.set_offline(True)
    await widget.ask("When do you open?")
    await widget.question.fill("And on Sundays?")
    await widget.stop.click()

    await expect(widget.questions).to_have_count(0)
    await expect(widget.question).to_have_value("And on Sundays?")


async def test_an_answer_that_is_left_alone_does_not_follow_into_the_new_conversation(
    widget: Widget,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
    complaints: Complaints,
) -> None:
    complaints.expect("WebSocket connection to", "Failed to load resource")
    async with model_that_says(said("Old."), said("New.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.button("Conversations").click()
        await widget.button("New conversation").click()
        await widget.page.context.set_offline(True)
        await widget.ask("Old?")
        await widget.button("Conversations").click()
        await widget.button("New conversation").click()
        await expect(widget.questions).to_have_count(0)
        async with widget.page.expect_event("websocket") as coming:
            await widget.page.context.set_offline(False)
        socket = await coming.value
        await socket.wait_for_event("framereceived", lambda data: "AnswerCompleted" in str(data))

        await widget.ask("New?")
        await widget.expect_finished("New.")
        await widget.button("Conversations").click()
        await expect(widget.panel.locator(".side li")).to_have_count(2)


async def test_a_question_asked_offline_survives_a_reload(
    widget: Widget,
    site: ClientSite,
    relay: Relay,
    administrator: Administrator,
    complaints: Complaints,
) -> None:
    complaints.expect("WebSocket connection to", "Failed to load resource")
    async with model_that_says(said("Hello."), said(WHOLE)) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(relay.url, chatbot)))
        await widget.ask("Hi")
        await widget.expect_finished("Hello.")
        relay.cut()
        await widget.ask("When do you open?")
        await expect(widget.status).to_have_text("Reconnecting…")
        relay.mend()
        await widget.page.reload()

        await widget.expect_finished(WHOLE)
        await expect(widget.questions).to_have_text(["Hi", "When do you open?"])
        assert len(model.requests) == 2


async def test_conversations_are_listed_renamed_taken_up_again_and_deleted(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.visit(site.show(script_of(server.url)))
    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)
    await widget.button("Conversations").click()
    await widget.button("New conversation").click()
    await expect(widget.questions).to_have_count(0)
    await widget.ask("Where is the data stored?")
    await expect(widget.answers.last.get_by_role("time")).to_be_visible()

    await widget.button("Conversations").click()
    titles = widget.panel.locator("li .row span")
    await expect(titles).to_have_text(["Where is the data stored?", QUESTION])
    await widget.button(f"Rename: {QUESTION}").click()
    await widget.panel.get_by_label("Title").fill("The basics")
    await widget.panel.get_by_label("Title").press("Enter")
    await expect(titles.last).to_have_text("The basics")
    await widget.button("Delete: Where is the data stored?").click()
    await widget.button("Delete").last.click()
    await expect(titles).to_have_text(["The basics"])
    await titles.first.click()

    await expect(widget.questions).to_have_text([QUESTION])


async def test_an_answer_is_rated_with_a_comment_copied_and_given_anew(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    await widget.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    async with model_that_says(said("At nine."), said("At ten.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        await widget.expect_finished("At nine.")

        await widget.tool("Bad answer").click()
        comment = widget.panel.get_by_label("What was wrong?")
        await expect(comment).to_be_in_viewport(ratio=1)
        await comment.fill("It is ten.")
        await widget.button("Save").click()
        await expect(widget.answers.last).to_contain_text("Thank you")
        await expect(widget.tool("Bad answer")).to_have_attribute("aria-pressed", "true")
        await widget.tool("Copy").click()
        await expect(widget.tool("Copied")).to_be_visible()
        assert await widget.page.evaluate("navigator.clipboard.readText()") == "At nine."
        begun: list[str] = []
        widget.page.on(
            "request",
            lambda request: (
                begun.append(request.url)
                if "regenerateAnswer" in (request.post_data or "")
                else None
            ),
        )
        await widget.tool("Answer again").evaluate("button => { button.click(); button.click(); }")

        await widget.expect_finished("At ten.")
        await expect(widget.answers).to_have_count(1)
        assert len(begun) == 1
        await widget.page.reload()
        await widget.expect_finished("At ten.")
        await expect(widget.questions).to_have_count(1)


async def test_a_visitor_takes_the_own_data_along_and_erases_it(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.visit(site.show(script_of(server.url)))
    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)
    await widget.button("Menu").click()
    await widget.button("Download my data").click()
    link = widget.panel.get_by_role("link", name="Save the file")
    await expect(link).to_have_attribute("href", re.compile("/exports/"))

    await widget.button("Delete my data").click()
    await expect(widget.button("Cancel")).to_be_focused()
    await widget.button("Delete").last.click()

    await expect(widget.status).to_have_text("Your data has been deleted.")
    await expect(widget.questions).to_have_count(0)
    assert await widget.page.evaluate("localStorage.length") == 0


async def test_consent_is_asked_for_before_the_first_question(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    texts = [{"language": "EN", "consentText": "We keep what you write for 30 days."}]
    async with model_that_says(said(WHOLE)) as model:
        chatbot = await administrator.chatbot_like(model.url, texts=texts)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await expect(widget.panel.get_by_text("for 30 days")).to_be_visible()
        await expect(widget.question).to_be_hidden()
        await widget.page.evaluate("Parlance.ask('May I?')")
        await expect(widget.questions).to_have_count(0)
        async with widget.page.expect_request(
            lambda request: "startVisit" in (request.post_data or "")
        ) as started:
            await widget.button("Agree and continue").click()
            await widget.ask("Hi")
        request = await started.value

        sent = json.loads(request.post_data or "")["variables"]["i"]
        assert sent["consentVersion"] == "1 EN"
        await widget.expect_finished(WHOLE)
        await widget.page.reload()
        await expect(widget.question).to_be_visible()


async def test_answers_that_nobody_has_seen_are_counted_on_the_launcher(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        dictation.say_next()
        await expect(widget.answer_text).to_have_text(PIECES[0].strip())
        await widget.button("Close chat").click()
        dictation.say_the_rest()

        await expect(widget.launcher).to_have_accessible_name("Open chat, 1 new answer")
        await widget.launcher.click()
        await expect(widget.launcher).to_have_accessible_name("Open chat")
        await widget.expect_finished(WHOLE)


async def test_it_can_be_used_with_the_keyboard_alone(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.page.goto(site.show(script_of(server.url)))
    await expect(widget.launcher).to_be_visible()
    keyboard = widget.page.keyboard
    for _ in range(3):
        await keyboard.press("Tab")
    await expect(widget.page.locator("parlance-chat")).to_be_focused()
    await keyboard.press("Enter")
    await expect(widget.question).to_be_focused()
    await keyboard.type(QUESTION)
    await keyboard.press("Shift+Enter")
    await keyboard.press("Backspace")
    await keyboard.press("Enter")
    await widget.expect_finished(ANSWER)

    reached = []
    for _ in range(24):
        await keyboard.press("Shift+Tab")
        reached.append(await widget.page.evaluate(FOCUSED))
        if reached[-1] == "Conversations":
            break
    assert [name for name in reached if name] == [
        "Answer again",
        "Bad answer",
        "Good answer",
        "Copy",
        "3 sources",
        "Conversation",
        "Close chat",
        "Menu",
        "Conversations",
    ]
    await keyboard.press("Enter")
    await expect(widget.panel.get_by_role("heading", name="Conversations")).to_be_focused()
    await keyboard.press("Escape")
    await expect(widget.panel).to_be_hidden()
    await expect(widget.launcher).to_be_focused()


FOCUSED = """() => {
    const one = document.querySelector("parlance-chat").shadowRoot.activeElement;
    return one?.getAttribute("aria-label") ?? (one?.className === "cite" ? "" : one?.textContent);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
async def test_axe_finds_nothing(
    widget: Widget,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
    theme: str,
    language: str,
) -> None:
    await widget.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    async with model_that_says(said(MARKDOWN)) as model:
        chatbot = await administrator.chatbot_like(model.url, primaryColor="#f2c14e")
        script = script_of(server.url, chatbot, theme=theme, language=language)
        await widget.page.goto(site.show(script))
        await expect(widget.launcher).to_be_visible()
        await widget.page.add_script_tag(path=AXE)
        assert await findings(widget.page) == []
        await widget.open()
        question = widget.panel.locator("textarea")
        assert await findings(widget.page) == []
        await question.fill("Hours?")
        await question.press("Enter")
        await expect(widget.answers.last.get_by_role("time")).to_be_visible()
        assert await findings(widget.page) == []
        for at in (0, 1):
            await widget.panel.locator("header .tool:visible").nth(-3 + at).click()
            await expect(widget.panel.locator(".side h3")).to_be_visible()
            assert await findings(widget.page) == []


async def findings(page: Page) -> list[str]:
    """What axe-core has to say of the widget."""
    found = await page.evaluate("axe.run('parlance-chat')")
    return [
        f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]
    ]


async def test_arabic_runs_from_right_to_left(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.visit(site.show(script_of(server.url), lang="ar"))
    await expect(widget.panel).to_have_css("direction", "rtl")
    await expect(widget.panel.get_by_text("أنت تتحدث مع ذكاء اصطناعي")).to_be_visible()

    close = await widget.button("إغلاق المحادثة").bounding_box()
    name = await widget.panel.get_by_role("heading").first.bounding_box()
    assert close is not None
    assert name is not None
    assert close["x"] < name["x"]


@pytest.mark.parametrize("width", [320, 390])
async def test_it_fits_a_telephone(
    browser: Browser, site: ClientSite, server: ServerProcess, width: int
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 568}, has_touch=True, is_mobile=True
    )
    widget = Widget(await context.new_page())
    await widget.visit(site.show(script_of(server.url)))
    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)

    box = await widget.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": width, "height": 568}
    await expect(widget.send).to_be_in_viewport()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await widget.page.evaluate(overflow) == 0
    await expect(widget.panel).to_have_attribute("aria-modal", "true")
    covered = "document.querySelector('main').inert"
    assert await widget.page.evaluate(covered), "nobody gets into what the chat covers"
    await widget.send.focus()
    reached = []
    for _ in range(9):
        await widget.page.keyboard.press("Tab")
        reached.append(await widget.page.evaluate("document.activeElement.localName"))
    assert set(reached) <= {"parlance-chat", "body"}
    await widget.button("Close chat").click()
    assert not await widget.page.evaluate(covered)
    await context.close()


async def test_what_is_announced_are_sentences(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(["We open at **ni", "ne**. And we", " close at six."])
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("When do you open?")
        dictation.say_next()
        await expect(widget.answer_text).to_contain_text("We open")
        await expect(widget.announced.locator("p")).to_have_count(0)
        dictation.say_next()
        await expect(widget.announced.locator("p")).to_have_text(["We open at nine."])
        dictation.say_next()
        await expect(widget.announced.locator("p")).to_have_text(
            ["We open at nine.", "And we close at six."]
        )


async def test_a_new_configuration_reaches_an_open_widget(
    widget: Widget, site: ClientSite, server: ServerProcess, administrator: Administrator
) -> None:
    async with model_that_says(said("Hello.")) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        await widget.visit(site.show(script_of(server.url, chatbot)))
        await widget.ask("Hi")
        await widget.expect_finished("Hello.")

        await administrator.publish(chatbot, name="Renamed", primaryColor="#0a7d4f")

        await expect(widget.panel.get_by_role("heading", name="Renamed")).to_be_visible()
        await expect(widget.launcher).to_have_css("background-color", "rgb(10, 125, 79)")
