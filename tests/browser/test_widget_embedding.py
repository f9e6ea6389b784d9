"""How the widget gets into pages: strict policies, many at once, page swaps, silence first."""

import asyncio
import re

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.administration import Administrator
from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.widget import Widget
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ANSWER = re.compile("Parlance is a self-hosted platform")
QUESTION = "What is Parlance?"
DEADLINE_S = 30.0
STORED = "localStorage.length + sessionStorage.length"


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


def policy(server: ServerProcess) -> dict[str, str]:
    """What the strictest pages send."""
    socket = server.url.replace("http", "ws")
    return {
        "content-security-policy": "default-src 'none'; script-src 'nonce-once';"
        f" connect-src {server.url} {socket}; require-trusted-types-for 'script';"
        " trusted-types 'none'; base-uri 'none'"
    }


async def test_a_strict_policy_with_trusted_types_is_no_obstacle(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    script = script_of(server.url).replace("<script", '<script nonce="once"')
    await widget.visit(site.show(script, headers=policy(server)))
    await widget.ask(QUESTION)

    await widget.expect_finished(ANSWER)
    await expect(widget.panel).to_have_css("border-top-left-radius", "20px")
    await widget.button("Menu").click()
    await expect(widget.button("Download my data")).to_be_visible()


async def test_where_the_policy_lets_no_socket_through_server_sent_events_do(
    widget: Widget, site: ClientSite, server: ServerProcess, complaints: Complaints
) -> None:
    complaints.expect("Content Security Policy", "content security policy")
    headers = {"content-security-policy": f"connect-src {server.url}"}
    await widget.page.add_init_script(
        "addEventListener('parlance:transport', (event) => { window.way = event.detail.way; })"
    )
    await widget.visit(site.show(script_of(server.url), headers=headers))
    await widget.ask(QUESTION)

    await widget.expect_finished(ANSWER)
    assert await widget.page.evaluate("window.way") == "sse"


async def test_where_no_stream_gets_through_the_widget_asks_again_and_again(
    widget: Widget, site: ClientSite, server: ServerProcess, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to", "Failed to load resource")

    async def shut(socket: WebSocketRoute) -> None:
        await socket.close(code=1011)

    await widget.page.route_web_socket("**/graphql", shut)
    await widget.page.route(
        "**/graphql",
        lambda route: (
            route.abort()
            if "event-stream" in route.request.headers.get("accept", "")
            else route.continue_()
        ),
    )
    await widget.visit(site.show(script_of(server.url)))
    await widget.page.evaluate(
        "ways = []; Parlance.on('transport', ({detail}) => ways.push(detail.way))"
    )
    await widget.ask(QUESTION)

    await widget.expect_finished(ANSWER)
    assert await widget.page.evaluate("ways") == ["poll"]


async def test_before_the_visitor_acts_nothing_is_stored_and_only_the_configuration_asked_for(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    asked: list[str] = []
    widget.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    await widget.page.goto(site.show(script_of(server.url)))
    await expect(widget.launcher).to_be_visible()
    await widget.page.wait_for_load_state("networkidle")

    own = [one for one in asked if site.origin not in one]
    configuration = f"GET {server.url}/widget/config/demo?language=en"
    assert own == [f"GET {server.url}/widget.js", configuration]
    assert await widget.page.evaluate(STORED) == 0

    await widget.open()
    await expect(widget.question).to_be_focused()
    assert await widget.page.evaluate("localStorage.length") == 0, "looking is not asking"


async def test_no_request_goes_anywhere_else(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    asked: list[str] = []
    widget.page.on("request", lambda request: asked.append(request.url))
    await widget.visit(site.show(script_of(server.url)))
    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)

    assert all(one.startswith((server.url, site.origin)) for one in asked)
    assert await widget.page.evaluate("document.cookie") == ""


async def test_a_page_that_loads_it_twice_has_one(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    script = script_of(server.url)
    await widget.page.goto(site.show(script + script))
    await expect(widget.launcher).to_be_visible()
    await widget.page.wait_for_load_state("networkidle")

    await expect(widget.element).to_have_count(1)


async def test_two_chatbots_stand_side_by_side(
    page: Page,
    complaints: Complaints,
    site: ClientSite,
    server: ServerProcess,
    administrator: Administrator,
) -> None:
    other = await administrator.chatbot("Another one", primaryColor="#b3261e")
    await page.goto(site.show(script_of(server.url) + script_of(server.url, other)))
    launchers = page.locator("parlance-chat button.launcher")
    await expect(launchers).to_have_count(2)

    boxes = [await launchers.nth(at).bounding_box() for at in (0, 1)]
    left, right = sorted(box["x"] for box in boxes if box is not None)
    assert left + 60 <= right
    await page.evaluate("(chatbot) => Parlance.open(chatbot)", other)
    await expect(page.get_by_role("dialog", name="Another one")).to_be_visible()
    await expect(page.get_by_role("dialog", name="Demo assistant")).to_be_hidden()


async def test_a_page_swap_without_a_reload_keeps_the_chat(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.visit(site.show(script_of(server.url)))
    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)

    await widget.page.evaluate(
        """() => {
            const body = document.createElement("body");
            body.innerHTML = "<main><h1>Another page</h1></main>";
            const old = document.querySelector("script[data-chatbot]");
            const script = document.createElement("script");
            script.src = old.src;
            script.dataset.chatbot = old.dataset.chatbot;
            body.append(script);
            document.body.replaceWith(body);
        }"""
    )

    await expect(widget.page.get_by_role("heading", name="Another page")).to_be_visible()
    await expect(widget.element).to_have_count(1)
    await expect(widget.questions).to_have_text([QUESTION])
    await widget.ask(QUESTION)
    await expect(widget.questions).to_have_count(2)
    await widget.expect_finished(ANSWER)


async def test_a_page_that_is_swapped_all_day_keeps_the_chat(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.visit(site.show(script_of(server.url)))
    await widget.page.clock.install()
    for _ in range(25):
        await widget.page.clock.run_for(1_000)
        await widget.page.evaluate("document.querySelector('parlance-chat').remove()")
        await widget.page.clock.run_for(100)
        await expect(widget.element).to_have_count(1)
    await expect(widget.panel).to_be_visible()


async def test_what_a_page_wants_before_the_chat_is_ready_happens_then(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.page.goto(site.show(f'<script src="{server.url}/widget.js"></script>'))
    await widget.page.evaluate("Parlance.init({ chatbot: 'demo' }), void Parlance.open()")
    await expect(widget.panel).to_be_visible()


async def test_a_picture_named_like_the_running_script_hides_nothing(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    picture = '<img name="currentScript" alt="">'
    await widget.visit(site.show(picture + script_of(server.url)))


async def test_a_script_that_comes_late_is_in_time(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.page.goto(site.show(""))
    await widget.page.evaluate(
        """(src) => {
            const script = document.createElement("script");
            script.src = src;
            script.dataset.chatbot = "demo";
            document.body.append(script);
        }""",
        f"{server.url}/widget.js",
    )
    await widget.open()


async def test_the_page_is_told_and_tells(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.page.goto(site.show(f'<script src="{server.url}/widget.js"></script>'))
    told = await widget.page.evaluate(
        """async () => {
            const told = [];
            const names = ["ready", "open", "question", "answer", "close"];
            for (const name of names) Parlance.on(name, () => told.push(name));
            const next = (name) => new Promise((done) => Parlance.on(name, done));
            const [ready, answered, closed] = ["ready", "answer", "close"].map(next);
            Parlance.init({ chatbot: "demo", position: "top-left", primaryColor: "#0a7d4f" });
            await ready;
            Parlance.ask("What is Parlance?");
            await answered;
            await Parlance.toggle();
            await closed;
            return [told, Parlance.version];
        }"""
    )

    assert told == [["ready", "open", "question", "answer", "close"], "0.1.0"]
    box = await widget.launcher.bounding_box()
    assert box is not None
    assert (box["x"], box["y"]) == (20, 20)
    await expect(widget.launcher).to_have_css("background-color", "rgb(10, 125, 79)")


async def test_destroy_leaves_nothing_behind(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    before = "document.documentElement.outerHTML"
    url = site.show(f'<script src="{server.url}/widget.js"></script>')
    await widget.page.goto(url)
    blank = await widget.page.evaluate(before)
    closed = asyncio.Event()
    widget.page.on("websocket", lambda socket: socket.on("close", lambda _: closed.set()))
    await widget.page.evaluate("Parlance.init({ chatbot: 'demo' })")
    await widget.open()
    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)

    await widget.page.evaluate("Parlance.destroy()")

    async with asyncio.timeout(DEADLINE_S):
        await closed.wait()
    await expect(widget.element).to_have_count(0)
    assert await widget.page.evaluate(before) == blank
    await widget.page.evaluate("Parlance.init({ chatbot: 'demo' })")
    await expect(widget.questions).to_have_text([QUESTION])


async def test_an_inline_chat_stands_in_the_page(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    script = f'<script async src="{server.url}/widget.js"></script>'
    body = '<parlance-chat chatbot="demo"></parlance-chat>'
    await widget.page.goto(site.show(script, body=body))
    await expect(widget.panel.get_by_role("button", name="Close chat")).to_be_hidden()
    await expect(widget.page.get_by_role("region", name="Demo assistant")).to_be_visible()

    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)

    await widget.element.evaluate("(element) => element.remove()")
    await expect(widget.element).to_have_count(0)


async def test_a_whole_page_can_be_the_chat(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.page.goto(site.show(script_of(server.url, display="page")))
    await expect(widget.panel).to_be_visible()

    box = await widget.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 1280, "height": 800}
    await expect(widget.launcher).to_have_count(0)


async def test_with_storage_blocked_it_talks_all_the_same(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"]) {
            Object.defineProperty(window, name, { get() { throw new DOMException("blocked"); } });
        }"""
    )
    await widget.visit(site.show(script_of(server.url)))
    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)
    await widget.ask(QUESTION)
    await expect(widget.questions).to_have_count(2)
    await widget.expect_finished(ANSWER)


async def test_an_unknown_key_and_a_foreign_page_are_explained_in_the_console(
    widget: Widget,
    site: ClientSite,
    server: ServerProcess,
    complaints: Complaints,
) -> None:
    complaints.expect('There is no chatbot with the embed key "nobody"', "404")
    await widget.page.goto(site.show(script_of(server.url, "nobody")))
    await widget.page.wait_for_load_state("networkidle")

    assert any("nobody" in text for text in complaints.texts)
    await expect(widget.launcher).to_have_count(0)


async def test_opening_moves_nothing_on_the_page(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    await widget.page.add_init_script(
        """window.shifts = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) window.shifts += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    await widget.visit(site.show(script_of(server.url)))
    await widget.ask(QUESTION)
    await widget.expect_finished(ANSWER)

    place = "document.querySelector('h1').getBoundingClientRect().top"
    assert await widget.page.evaluate(place) > 0
    assert await widget.page.evaluate("window.shifts") == 0
