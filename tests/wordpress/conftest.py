"""WordPress sites for the tests, one of each version, and Chromium to use them with."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from set_up.wordpress_trees import SUITES
from tests.administration import Administrator
from tests.browser.conftest import ACTION_DEADLINE_MS, CHROMIUM_FLAGS
from tests.conftest import signed_in
from tests.graphql_clients import GraphQLClient
from tests.server_process import ServerProcess
from tests.wordpress.database import MariaDB, running_mariadb
from tests.wordpress.people import (
    Shop,
    connect,
    connection_code,
    fetched_plugin,
    sign_in,
    upload_and_activate,
)
from tests.wordpress.site import WordPressSite, running_site


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A database server; its folder has a short name, since a socket's path is short."""
    with tempfile.TemporaryDirectory(prefix="wp") as folder, running_mariadb(Path(folder)) as one:
        yield one


@pytest.fixture(scope="module", params=SUITES)
def site(
    request: pytest.FixtureRequest, mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WordPressSite]:
    """A site of each version of WordPress."""
    folder = tmp_path_factory.mktemp("wordpress")
    with running_site(folder, mariadb, request.param) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dashboard(server: ServerProcess) -> AsyncIterator[GraphQLClient]:
    """The platform's admin in Parlance."""
    caller = await signed_in(server.url, server.admin_email, server.admin_password)
    yield caller
    await caller.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def administrator(dashboard: GraphQLClient) -> Administrator:
    return Administrator(dashboard)


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
    """A page of somebody who is not signed in."""
    context = await browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(ACTION_DEADLINE_MS)
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(
    site: WordPressSite,
    dashboard: GraphQLClient,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Shop]:
    """A site whose owner has uploaded, activated and connected the plugin, in Chromium."""
    plugin = await fetched_plugin(dashboard, tmp_path_factory.mktemp("plugin"), "DIRECTORY")
    context = await browser.new_context(locale="en-GB", viewport={"width": 1100, "height": 1300})
    context.set_default_timeout(ACTION_DEADLINE_MS)
    owner = await context.new_page()
    await sign_in(owner, site)
    await upload_and_activate(owner, site, plugin)
    async with httpx.AsyncClient(base_url=site.url, trust_env=False, timeout=60) as http:
        before = (await http.get("/")).text
        called = site.calls_to_strangers
        await connect(owner, site, await connection_code(dashboard, siteUrl=site.url))
        said = await owner.locator(".wrap .notice").inner_text()
        yield Shop(site, owner, http, before, called, said)
    await context.close()
