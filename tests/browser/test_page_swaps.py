"""Turbo swaps pages without loading them, and keeps copies of those it has left."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.client_site import ClientSite, script_of
from tests.browser.conftest import Complaints
from tests.browser.widget import Widget
from tests.server_process import ROOT, ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

TURBO = ROOT / "node_modules/@hotwired/turbo/dist/turbo.es2017-umd.js"
QUESTION = "What is Parlance?"


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


def show_with_turbo(site: ClientSite, server: ServerProcess) -> str:
    """Two pages that link to each other, each with the one line in its body."""
    script = "text/javascript; charset=utf-8"
    site.pages["/turbo.js"] = TURBO.read_text(), {"content-type": script}
    line = script_of(server.url)
    for path, title in (("/other", "Other"), ("/", "First")):
        url = site.show(line, path=path, title=title, body='<a href="/">First page</a>')
        page, headers = site.pages[path]
        turbo = '<script src="/turbo.js"></script></head>'
        site.pages[path] = page.replace("</head>", turbo, 1), headers
    return url


async def expect_one_chat_that_answers(widget: Widget, questions: int) -> None:
    await expect(widget.element).to_have_count(1)
    await expect(widget.panel).to_be_visible()
    await expect(widget.questions).to_have_text([QUESTION] * questions)
    await widget.ask(QUESTION)
    await expect(widget.questions).to_have_count(questions + 1)
    await expect(widget.answers).to_have_count(questions + 1)
    await expect(widget.tool("Copy")).to_be_visible()


async def test_the_chat_stays_while_turbo_goes_from_page_to_page_and_back(
    widget: Widget, site: ClientSite, server: ServerProcess
) -> None:
    page = widget.page
    await widget.visit(show_with_turbo(site, server))
    await page.evaluate("window.loadedOnce = true")
    await widget.ask(QUESTION)
    await expect(widget.tool("Copy")).to_be_visible()

    await page.get_by_role("link", name="Another page").click()
    await expect(page.get_by_role("heading", name="Other")).to_be_visible()
    await expect_one_chat_that_answers(widget, 1)
    await page.go_back()
    await expect(page.get_by_role("heading", name="First")).to_be_visible()
    await expect_one_chat_that_answers(widget, 2)
    await page.get_by_role("link", name="Another page").click()
    await expect(page.get_by_role("heading", name="Other")).to_be_visible()
    await expect_one_chat_that_answers(widget, 3)

    assert await page.evaluate("window.loadedOnce"), "no page was loaded anew"
