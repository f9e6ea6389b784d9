"""A shop's page that a JavaScript framework makes, with the widget's component in it."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.client_site import ClientSite
from tests.providers.node import node_binary
from tests.real_clients.guide_project import run_tool

BUNDLE = Path(__file__).parent / "programs" / "bundle.mjs"


def built(folder: Path, name: str, application: str) -> str:
    """A page's program, of this source in a file of this name."""
    source, bundle = folder / name, folder / "bundled.js"
    source.write_text(application)
    run_tool(folder, node_binary(), str(BUNDLE), str(source), str(bundle))
    return bundle.read_text()


def show(site: ClientSite, program: str) -> str:
    """A page with this program; gives its address."""
    site.pages["/shop.js"] = program, {"content-type": "text/javascript; charset=utf-8"}
    return site.show('<script src="/shop.js"></script>', body='<div id="shop"></div>')


async def expect_comes_and_goes(page: Page) -> None:
    """The button takes the component off the page and puts it there again, without a trace."""
    launcher = page.get_by_role("button", name="Open chat")
    await expect(launcher).to_have_count(1)
    for _ in range(2):
        await page.get_by_role("button", name="Chat on or off").click()
        await expect(launcher).to_have_count(0)
        assert await page.locator("parlance-chat").count() == 0
        await page.get_by_role("button", name="Chat on or off").click()
        await expect(launcher).to_have_count(1)
    assert await page.locator("script[src*='/widget.js']").count() == 1


async def expect_opening_is_told(page: Page) -> None:
    """The component gives the widget to its owner, who counts how often it was opened."""
    await page.get_by_role("button", name="Open chat").click()
    await expect(page.get_by_label("Your message")).to_be_visible()
    await expect(page.get_by_role("status").first).to_have_text("1")
