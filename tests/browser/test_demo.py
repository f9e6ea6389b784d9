"""The demo page as a visitor sees it: Chromium, a running server, and a network that gets cut."""

import asyncio
import json
import re
from collections.abc import Sequence

import httpx
import pytest
from playwright.async_api import Locator, Page, Route, WebSocketRoute, expect

from tests.administration import Administrator
from tests.browser.conftest import Complaints
from tests.browser.relay import Relay
from tests.conftest import signed_in
from tests.providers.dictation import FAILURE, Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DEADLINE_S = 15.0
TAKEOVER_DEADLINE_MS = 60_000  # the dead server's lease lapses first
PIECES = ("The shop opens ", "at nine in the morning, ", "also on Saturdays.")
WHOLE = "".join(PIECES)
GREETING_IN_ARABIC = "مرحبا، متى يفتح المتجر؟"
ANSWER_IN_ARABIC = "يفتح المتجر في التاسعة صباحًا."


class Demo:
    """The page by what a visitor calls its parts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.question = page.get_by_label("Your question")
        self.conversation = page.get_by_role("log", name="Conversation")
        self.status = page.get_by_role("status")
        self.send = page.get_by_role("button", name="Send")
        self.stop = page.get_by_role("button", name="Stop")
        self.retry = page.get_by_role("button", name="Retry")

    @property
    def questions(self) -> Locator:
        return self.conversation.get_by_role("article", name="You")

    @property
    def answers(self) -> Locator:
        return self.conversation.get_by_role("article", name="Assistant")

    @property
    def answer_text(self) -> Locator:
        return self.answers.last.locator(".bubble")

    async def open(self, url: str, embed_key: str = "demo") -> None:
        await self.page.goto(f"{url}/demo?chatbot={embed_key}")
        await expect(self.send).to_be_enabled()
        await expect(self.status).to_have_text("")

    async def ask(self, text: str) -> None:
        await self.question.fill(text)
        await self.question.press("Enter")

    async def expect_finished(self, text: str | re.Pattern[str]) -> None:
        await expect(self.answer_text).to_have_text(text)
        await expect(self.send).to_be_visible()
        await expect(self.status).to_have_text("")


@pytest.fixture
def demo(page: Page, complaints: Complaints) -> Demo:
    return Demo(page)


async def test_the_page_says_that_it_is_an_ai_before_anything_is_asked(
    demo: Demo, server: ServerProcess
) -> None:
    await demo.open(server.url)

    await expect(demo.page.get_by_text("You are talking to an AI")).to_be_visible()
    await expect(demo.conversation.get_by_role("article")).to_have_count(1)
    assert await demo.page.evaluate("sessionStorage.length + localStorage.length") == 0


async def test_a_starter_question_is_answered_from_the_knowledge_base_with_its_source(
    demo: Demo, server: ServerProcess
) -> None:
    await demo.open(server.url)
    starter = demo.page.get_by_role("group", name="Suggested questions").get_by_role("button").first
    question = await starter.inner_text()

    await starter.click()

    await expect(demo.questions).to_have_text([question])
    await demo.expect_finished(re.compile(r"\[1\]"))
    sources = demo.answers.last.get_by_role("listitem")
    await expect(sources.first).to_contain_text(re.compile(r"^1\S"))
    await expect(sources.first.locator("q")).to_have_text(re.compile(r"\w"))


async def test_a_question_that_is_typed_before_the_page_is_ready_waits_for_it(
    demo: Demo, server: ServerProcess
) -> None:
    go_on = asyncio.Event()

    async def hold_back(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await demo.page.route("**/graphql", hold_back)
    await demo.page.goto(f"{server.url}/demo")
    await expect(demo.status).to_have_text("Connecting…")
    await demo.ask("What is Parlance?")
    await expect(demo.questions).to_have_count(0)

    go_on.set()

    await demo.expect_finished(re.compile(r"Parlance"))


async def test_the_answer_grows_while_the_model_speaks(
    demo: Demo, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        await demo.open(server.url, await administrator.chatbot_with_model(model.url))
        await demo.ask("When do you open?")

        for count in range(1, len(PIECES) + 1):
            dictation.say_next()
            await expect(demo.answer_text).to_have_text("".join(PIECES[:count]))
            await expect(demo.stop if count < len(PIECES) else demo.answer_text).to_be_visible()
        await demo.expect_finished(WHOLE)


async def test_stop_ends_the_models_work_and_keeps_the_text(
    demo: Demo, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        await demo.open(server.url, await administrator.chatbot_with_model(model.url))
        await demo.ask("When do you open?")
        dictation.say_next()
        await expect(demo.answer_text).to_have_text(PIECES[0])

        await demo.stop.click()

        async with asyncio.timeout(DEADLINE_S):
            await model.client_closed.wait()
        await demo.expect_finished(PIECES[0])
        await expect(demo.answers.last).to_contain_text("Stopped.")
        await expect(demo.question).to_be_focused()


async def test_a_reload_in_the_middle_goes_on_with_the_same_answer(
    demo: Demo, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        await demo.open(server.url, await administrator.chatbot_with_model(model.url))
        await demo.ask("When do you open?")
        dictation.say_next()
        await expect(demo.answer_text).to_have_text(PIECES[0])

        await demo.page.reload()
        await expect(demo.answer_text).to_have_text(PIECES[0])
        dictation.say_the_rest()

        await demo.expect_finished(WHOLE)
        await expect(demo.questions).to_have_text(["When do you open?"])
        await expect(demo.answers).to_have_count(1)
        assert len(model.requests) == 1


async def test_a_reload_after_the_end_shows_the_conversation_again(
    demo: Demo, server: ServerProcess
) -> None:
    await demo.open(server.url)
    await demo.ask("What can you do?")
    await expect(demo.send).to_be_visible()
    shown = await demo.conversation.inner_text()

    await demo.page.reload()

    await expect(demo.questions).to_have_text(["What can you do?"])
    await expect(demo.conversation).to_have_text(shown, use_inner_text=True)


async def test_a_cut_connection_is_taken_up_where_it_broke(
    demo: Demo, relay: Relay, administrator: Administrator, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        await demo.open(relay.url, await administrator.chatbot_with_model(model.url))
        await demo.ask("When do you open?")
        dictation.say_next()
        await expect(demo.answer_text).to_have_text(PIECES[0])

        relay.cut()
        await expect(demo.status).to_have_text("Reconnecting…")
        async with asyncio.timeout(DEADLINE_S):
            await relay.refused.wait()
        dictation.say_next()
        await expect(demo.answer_text).to_have_text(PIECES[0])
        relay.mend()

        await expect(demo.answer_text).to_have_text(PIECES[0] + PIECES[1])
        dictation.say_next()
        await demo.expect_finished(WHOLE)
        assert len(model.requests) == 1


async def test_an_answer_survives_the_server_that_gave_it(
    demo: Demo, own_server: ServerProcess, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    await asyncio.to_thread(own_server.start)
    admin = await signed_in(own_server.url, own_server.admin_email, own_server.admin_password)
    lost, again = Dictation(PIECES), Dictation(PIECES)
    async with model_that_says(lost, again) as model:
        embed_key = await Administrator(admin).chatbot_with_model(model.url)
        await demo.open(own_server.url, embed_key)
        await demo.ask("When do you open?")
        lost.say_next()
        await expect(demo.answer_text).to_have_text(PIECES[0])

        await asyncio.to_thread(own_server.kill)
        await expect(demo.status).to_have_text("Reconnecting…")
        await asyncio.to_thread(own_server.start)

        await expect(demo.answer_text).to_be_hidden(timeout=TAKEOVER_DEADLINE_MS)
        again.say_the_rest()
        await demo.expect_finished(WHOLE)
        await expect(demo.questions).to_have_count(1)
    await admin.close()


async def test_an_answer_that_failed_can_be_asked_for_again(
    demo: Demo, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation(["Here it is."])
    dictation.say_the_rest()
    async with model_that_says(FAILURE, dictation) as model:
        await demo.open(server.url, await administrator.chatbot_with_model(model.url))
        await demo.ask("Are you there?")
        await expect(demo.answers.last.get_by_role("alert")).to_contain_text("cannot answer")

        await demo.retry.click()

        await demo.expect_finished("Here it is.")
        await expect(demo.questions).to_have_text(["Are you there?"])


async def test_a_token_that_is_no_longer_good_is_replaced_without_a_word(
    demo: Demo, server: ServerProcess, complaints: Complaints
) -> None:
    await demo.open(server.url)
    await demo.ask("What can you do?")
    await expect(demo.send).to_be_visible()
    await demo.page.evaluate(
        """() => {
            const name = sessionStorage.key(0);
            const kept = JSON.parse(sessionStorage.getItem(name));
            kept.visit.widgetToken = "no longer good";
            sessionStorage.setItem(name, JSON.stringify(kept));
        }"""
    )
    await demo.page.reload()
    await expect(demo.send).to_be_enabled()

    await demo.ask("And what else?")

    await demo.expect_finished(re.compile(r"\w"))
    await expect(demo.questions.last).to_have_text("And what else?")


async def test_an_unknown_embed_key_is_explained(demo: Demo, server: ServerProcess) -> None:
    await demo.page.goto(f"{server.url}/demo?chatbot=nobody")

    await expect(demo.status).to_have_text(
        "No chatbot has the embed key “nobody”. Please check the address of this page."
    )
    await expect(demo.page.get_by_role("button", name="Try again")).to_be_visible()


async def test_right_to_left_text_runs_from_right_to_left(
    demo: Demo, server: ServerProcess, administrator: Administrator
) -> None:
    dictation = Dictation([ANSWER_IN_ARABIC])
    dictation.say_the_rest()
    async with model_that_says(dictation) as model:
        await demo.open(server.url, await administrator.chatbot_with_model(model.url))
        await demo.ask(GREETING_IN_ARABIC)
        await demo.expect_finished(ANSWER_IN_ARABIC)

    await expect(demo.questions.last.locator(".bubble")).to_have_css("direction", "rtl")
    await expect(demo.answer_text).to_have_css("direction", "rtl")
    await expect(demo.page.locator("body")).to_have_css("direction", "ltr")


async def test_markup_from_visitor_and_model_is_shown_and_not_obeyed(
    demo: Demo, server: ServerProcess, administrator: Administrator
) -> None:
    markup = "<img src=x onerror=\"document.title = 'taken over'\"><b>bold</b>"
    dictation = Dictation([markup])
    dictation.say_the_rest()
    async with model_that_says(dictation) as model:
        await demo.open(server.url, await administrator.chatbot_with_model(model.url))
        await demo.ask(markup)
        await demo.expect_finished(markup)

    await expect(demo.questions.last).to_have_text(markup)
    await expect(demo.conversation.locator("img, b")).to_have_count(0)
    assert "taken over" not in await demo.page.title()


@pytest.mark.parametrize(
    ("address", "links"), [("https://example.com/a", 1), ("javascript:document.title='x'", 0)]
)
async def test_only_web_addresses_become_links(
    demo: Demo, server: ServerProcess, address: str, links: int
) -> None:
    def give_sources_an_address(socket: WebSocketRoute) -> None:
        there = socket.connect_to_server()
        there.on_message(
            lambda text: socket.send(str(text).replace('"url":null', f'"url":"{address}"'))
        )

    await demo.page.route_web_socket("**/graphql", give_sources_an_address)
    await demo.open(server.url)
    await demo.ask("What is Parlance?")

    sources = demo.answers.last.get_by_role("list")
    await expect(sources.get_by_role("listitem").first).to_be_visible()
    await expect(sources.get_by_role("link").first).to_have_count(links)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("  \n ", "write a question"), ("x" * 4_001, "at most 4,000 characters")],
    ids=["empty", "too long"],
)
async def test_a_question_that_cannot_be_asked_is_not_sent(
    demo: Demo, server: ServerProcess, text: str, problem: str
) -> None:
    await demo.open(server.url)

    await demo.ask(text)

    await expect(demo.page.get_by_role("alert")).to_contain_text(problem)
    await expect(demo.question).to_have_value(text)
    await expect(demo.questions).to_have_count(0)


async def test_shift_enter_begins_a_new_line(demo: Demo, server: ServerProcess) -> None:
    await demo.open(server.url)

    await demo.question.fill("One")
    await demo.question.press("Shift+Enter")
    await demo.question.press_sequentially("two")

    await expect(demo.question).to_have_value("One\ntwo")
    await expect(demo.questions).to_have_count(0)


async def test_everything_can_be_reached_with_the_keyboard(
    demo: Demo, server: ServerProcess
) -> None:
    await demo.open(server.url)
    reached = []
    for _ in range(20):
        await demo.page.keyboard.press("Tab")
        reached.append(await demo.page.evaluate("document.activeElement.id"))
        if reached[-1] == "send":
            break

    assert [name for name in reached if name] == ["log", "question", "send"]


@pytest.mark.parametrize("width", [320, 390])
async def test_it_fits_a_telephone(demo: Demo, server: ServerProcess, width: int) -> None:
    await demo.page.set_viewport_size({"width": width, "height": 640})
    await demo.open(server.url)
    await demo.ask("What can you do?")
    await expect(demo.send).to_be_visible()

    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await demo.page.evaluate(overflow) == 0
    await expect(demo.send).to_be_in_viewport()


async def test_every_file_is_served_with_a_strict_policy_and_revalidates(
    server: ServerProcess,
) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        page = await http.get("/demo")
        names: Sequence[str] = re.findall(r'(?:src|href)="(demo/[^"]+)"', page.text)
        assert names

        for name in ["demo", *names]:
            answer = await http.get(f"/{name}")
            assert answer.status_code == 200
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-cache"
            assert answer.headers["referrer-policy"] == "no-referrer"
            again = await http.get(f"/{name}", headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["index.html", "nothing.js", "..%2f__init__.py", "%2e%2e/__init__.py", "chat.js%00"]
)
async def test_nothing_else_is_served(server: ServerProcess, name: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        assert (await http.get(f"/demo/{name}")).status_code == 404


async def test_the_page_loads_nothing_from_elsewhere(demo: Demo, server: ServerProcess) -> None:
    hosts = set()
    demo.page.on("request", lambda request: hosts.add(httpx.URL(request.url).netloc.decode()))

    await demo.open(server.url)
    await demo.ask("What can you do?")
    await expect(demo.send).to_be_visible()

    assert hosts == {httpx.URL(server.url).netloc.decode()}


async def test_what_is_kept_for_a_reload_is_the_visit_and_no_answer(
    demo: Demo, server: ServerProcess
) -> None:
    await demo.open(server.url)
    await demo.ask("What can you do?")
    await expect(demo.answers).to_have_count(1)
    await expect(demo.send).to_be_visible()

    kept = json.loads(await demo.page.evaluate("sessionStorage.getItem('parlance-demo:demo')"))

    assert set(kept) == {"visit", "conversationId", "question"}
    assert kept["question"] is None
