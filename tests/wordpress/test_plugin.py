"""The plugin as a site's owner meets it: uploaded, activated, connected, seen on the front page."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.widget import Widget
from tests.graphql_clients import GraphQLClient
from tests.wordpress.people import (
    connect,
    connection_code,
    fetched_plugin,
    sign_in,
    upload_and_activate,
)
from tests.wordpress.site import WordPressSite

pytestmark = [pytest.mark.wordpress, pytest.mark.asyncio(loop_scope="module")]


async def test_a_plugin_is_uploaded_connected_and_answers(
    site: WordPressSite, dashboard: GraphQLClient, page: Page, browser: Browser, tmp_path: Path
) -> None:
    plugin = await fetched_plugin(dashboard, tmp_path, "DIRECTORY")
    await sign_in(page, site)
    await upload_and_activate(page, site, plugin)
    await page.goto(site.url)
    assert await page.locator("#demo-chatbot-data").count() == 0
    assert site.calls_to_strangers == []

    await connect(page, site, await connection_code(dashboard))
    await expect(page.locator(".notice-success")).to_contain_text("Connected with")

    visitor = await browser.new_page()
    await visitor.goto(site.url)
    widget = Widget(visitor)
    await widget.open()
    await widget.ask("What are the opening hours?")
    await expect(widget.answer_text).not_to_be_empty()
    await visitor.close()
    assert [line for line in site.debug_log if "demo-chatbot" in line] == []
