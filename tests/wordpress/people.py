"""What people do in WordPress's admin, in Chromium."""

import json
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.async_api import Page, expect

from tests.administration import chatbot_of_demo
from tests.api.operations import done
from tests.graphql_clients import GraphQLClient
from tests.wordpress.site import PASSWORD, WordPressSite

PLUGIN = """
query ($id: ID!, $flavour: PluginFlavour!) {
  wordpressPlugin(chatbotId: $id, flavour: $flavour) {
    fileName slug version download { url sha256 }
  }
}
"""


@dataclass(frozen=True)
class Shop:
    """A connected site.

    Attributes:
        owner: A page of its administrator, in the admin.
        http: For plain requests, as nobody.
        before: The front page before the plugin was connected.
        called: Whom the plugin had called by then.
        said: What the settings page said of the connection.
    """

    site: WordPressSite
    owner: Page
    http: httpx.AsyncClient
    before: str
    called: list[str]
    said: str

    def set(self, **settings: object) -> None:
        """Save settings as the form does, the others by default."""
        given = json.dumps(settings)
        self.site.php(
            f"""
            $given = json_decode( {given!r}, true );
            update_option( 'demo_chatbot_settings',
                array_merge( demo_chatbot_default_settings(), $given ) );
            """
        )

    async def has_launcher(self, path: str) -> bool:
        """Whether the page at a path has the launcher's script."""
        return "demo-chatbot-data" in (await self.http.get(path)).text


async def demo_chatbot(dashboard: GraphQLClient) -> str:
    """The id of the demo's chatbot."""
    return str((await chatbot_of_demo(dashboard))["id"])


async def fetched_plugin(
    dashboard: GraphQLClient, folder: Path, flavour: str, chatbot: str | None = None
) -> Path:
    """The plugin of a chatbot, by default the demo's, as a file."""
    asked = {"id": chatbot or await demo_chatbot(dashboard), "flavour": flavour}
    plugin = (await dashboard.execute(PLUGIN, asked))["wordpressPlugin"]
    async with httpx.AsyncClient(trust_env=False) as http:
        got = (await http.get(plugin["download"]["url"])).raise_for_status()
    path = folder / str(plugin["fileName"])
    path.write_bytes(got.content)
    return path


async def connection_code(dashboard: GraphQLClient, **more: str) -> str:
    """A code for the demo's chatbot."""
    given = {"chatbotId": await demo_chatbot(dashboard), **more}
    made = await done(dashboard, "createPluginConnection", given, "connectionCode")
    return str(made["connectionCode"])


async def sign_in(page: Page, site: WordPressSite, user: str = "admin") -> None:
    await page.goto(f"{site.url}/wp-login.php")
    await page.fill("#user_login", user)
    await page.fill("#user_pass", PASSWORD)
    await page.click("#wp-submit")
    await page.wait_for_url("**/wp-admin/**", wait_until="commit")


async def upload_and_activate(page: Page, site: WordPressSite, plugin: Path) -> None:
    await page.goto(f"{site.url}/wp-admin/plugin-install.php?tab=upload")
    await page.set_input_files("#pluginzip", str(plugin))
    await page.click("#install-plugin-submit")
    await page.get_by_role("link", name="Activate Plugin").click()
    await expect(page.locator("#message, .notice-success").first).to_contain_text("activated")


async def open_settings(page: Page, site: WordPressSite, slug: str = "demo-chatbot") -> None:
    await page.goto(f"{site.url}/wp-admin/options-general.php?page={slug}")


async def connect(
    page: Page,
    site: WordPressSite,
    code: str,
    server: str | None = None,
    slug: str = "demo-chatbot",
) -> None:
    await open_settings(page, site, slug)
    await page.get_by_label("Connection code").fill(code)
    if server is not None:
        await page.get_by_label("Server address").fill(server)
    await page.get_by_role("button", name="Connect", exact=True).click()
