"""The demo pages: a fictional company's site with the widget, and the page for integrators."""

import re
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.administration import Administrator
from tests.browser.conftest import Complaints
from tests.browser.test_widget_features import AXE
from tests.browser.widget import Widget
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

LANGUAGES = sorted(path.stem for path in Path("widget/src/languages").glob("??.js"))
PIECES = ("We open ", "at nine.")


@pytest.fixture
def widget(page: Page, complaints: Complaints) -> Widget:
    return Widget(page)


async def test_the_companys_button_opens_the_chat_and_a_starter_is_answered(
    widget: Widget, server: ServerProcess
) -> None:
    await widget.page.goto(f"{server.url}/demo")
    await expect(widget.launcher).to_be_visible()
    await widget.page.get_by_role("button", name="Ask our assistant").first.click()
    starter = widget.panel.get_by_role("group", name="Suggested questions").get_by_role("button")
    question = await starter.first.inner_text()
    await starter.first.click()

    await widget.expect_finished(re.compile(r"\w"))
    await expect(widget.questions).to_have_text([question])


async def test_it_speaks_each_of_the_sixteen_languages(
    widget: Widget, server: ServerProcess
) -> None:
    titles, launchers = set(), set()
    for language in LANGUAGES:
        await widget.page.goto(f"{server.url}/demo?lang={language}")
        await expect(widget.page.locator("html")).to_have_attribute("lang", language)
        await expect(widget.launcher).to_be_visible()
        titles.add(await widget.page.locator("h1").inner_text())
        launchers.add(await widget.launcher.get_attribute("aria-label"))

    assert len(titles) == len(launchers) == len(LANGUAGES)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("path", ["/demo", "/demo/test"])
async def test_axe_finds_nothing_on_the_pages(
    widget: Widget, server: ServerProcess, path: str, language: str
) -> None:
    await widget.page.goto(f"{server.url}{path}?lang={language}")
    await expect(widget.page.locator("h1")).to_be_visible()
    source = AXE.read_text()
    await widget.page.evaluate(source)
    found = await widget.page.evaluate("axe.run()")

    assert [one["id"] for one in found["violations"]] == []


@pytest.mark.parametrize("width", [320, 768])
async def test_the_company_fits_small_screens(
    widget: Widget, server: ServerProcess, width: int
) -> None:
    await widget.page.set_viewport_size({"width": width, "height": 640})
    await widget.page.goto(f"{server.url}/demo?lang=de")
    await expect(widget.launcher).to_be_visible()

    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await widget.page.evaluate(overflow) == 0


async def test_the_page_for_integrators_shows_what_happens_and_takes_the_network_away(
    widget: Widget, server: ServerProcess, administrator: Administrator, complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to")
    dictation = Dictation(PIECES)
    async with model_that_says(dictation) as model:
        chatbot = await administrator.chatbot_with_model(model.url)
        page = widget.page
        await page.goto(f"{server.url}/demo/test?chatbot={chatbot}")
        await page.get_by_role("button", name="Init").click()
        await expect(widget.launcher).to_be_visible()
        await page.get_by_role("button", name="Open", exact=True).click()
        await widget.ask("When do you open?")
        dictation.say_next()
        await expect(widget.answer_text).to_have_text(PIECES[0].strip())
        await expect(page.locator("#transport")).to_have_text("websocket")

        await page.get_by_role("button", name="Go offline").click()
        dictation.say_the_rest()
        await expect(widget.status).not_to_have_text("")
        await page.get_by_role("button", name="Go online").click()

        await widget.expect_finished("".join(PIECES))
        await expect(page.locator("#characters")).to_have_text(str(len("".join(PIECES))))
        await page.get_by_role("button", name="Drop the socket").click()
        await page.get_by_role("button", name="Destroy").click()
        await expect(widget.element).to_have_count(0)


async def test_every_file_is_served_with_a_strict_policy_and_revalidates(
    server: ServerProcess,
) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        page = await http.get("/demo")
        names: Sequence[str] = re.findall(r'(?:src|href)="(demo/[^"]+)"', page.text)
        assert names

        for name in ["demo", *names, "demo/test.js", "demo/texts.js"]:
            answer = await http.get(f"/{name}")
            assert answer.status_code == 200
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-cache"
            again = await http.get(f"/{name}", headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["index.html", "nothing.js", "..%2f__init__.py", "%2e%2e/__init__.py", "site.js%00"]
)
async def test_nothing_else_is_served(server: ServerProcess, name: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        assert (await http.get(f"/demo/{name}")).status_code == 404


@pytest.mark.parametrize("chatbot", ['"><script>alert(1)</script>', "a b", "x" * 200, ""])
async def test_an_address_puts_nothing_but_a_key_into_the_page(
    server: ServerProcess, chatbot: str
) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        page = await http.get("/demo", params={"chatbot": chatbot})
        assert 'data-chatbot="demo"' in page.text
        other = await http.get("/demo", params={"chatbot": "another-1"})
        assert 'data-chatbot="another-1"' in other.text
