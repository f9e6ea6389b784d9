"""Debian's Chromium, and pages in it that tell what went wrong in their console."""

import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, Page, async_playwright, expect

from tests.administration import Administrator
from tests.browser.client_site import ClientSite, client_site
from tests.browser.relay import Relay, relay_to
from tests.conftest import signed_in
from tests.server_process import ServerProcess

CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ACTION_DEADLINE_MS = 30_000
expect.set_options(timeout=ACTION_DEADLINE_MS)


class Complaints:
    """What a page reported in its console or threw."""

    def __init__(self, page: Page) -> None:
        self.texts: list[str] = []
        self.expected: tuple[str, ...] = ()
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)

    def expect(self, *parts: str) -> None:
        """Texts that contain one of these are part of the test."""
        self.expected = parts

    def unexpected(self) -> list[str]:
        return [text for text in self.texts if not any(part in text for part in self.expected)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.texts.append(message.text)

    def _on_error(self, error: Error) -> None:
        self.texts.append(str(error))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS)
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page with storage of its own."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(ACTION_DEADLINE_MS)
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def complaints(page: Page) -> AsyncIterator[Complaints]:
    """Fails the test when the page complains of something that it does not expect."""
    complaints = Complaints(page)
    yield complaints
    assert complaints.unexpected() == []


@pytest_asyncio.fixture(loop_scope="module")
async def relay(server: ServerProcess) -> AsyncIterator[Relay]:
    address = urlsplit(server.url)
    async with relay_to(address.hostname or "", address.port or 0) as relay:
        yield relay


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[ClientSite]:
    """A client's website."""
    async with client_site() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def administrator(server: ServerProcess) -> AsyncIterator[Administrator]:
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    yield Administrator(caller)
    await caller.close()
