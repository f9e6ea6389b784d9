"""A network of sites, and a plugin that updates itself: on the newest WordPress."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.api.operations import done, new_chatbot
from tests.browser.conftest import ACTION_DEADLINE_MS
from tests.graphql_clients import GraphQLClient
from tests.wordpress.database import MariaDB
from tests.wordpress.people import (
    connect,
    connection_code,
    fetched_plugin,
    sign_in,
    upload_and_activate,
)
from tests.wordpress.site import WordPressSite, running_site

pytestmark = [pytest.mark.wordpress, pytest.mark.asyncio(loop_scope="module")]

NETWORK = """
define( 'MULTISITE', true );
define( 'SUBDOMAIN_INSTALL', false );
define( 'DOMAIN_CURRENT_SITE', '{host}' );
define( 'PATH_CURRENT_SITE', '/' );
define( 'SITE_ID_CURRENT_SITE', 1 );
define( 'BLOG_ID_CURRENT_SITE', 1 );
"""
MAKE_NETWORK = """
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
foreach ( $wpdb->tables( 'ms_global' ) as $table => $name ) { $wpdb->$table = $name; }
install_network();
$made = populate_network( 1, '{host}', 'admin@example.com', 'Network', '/', false );
echo true === $made ? '' : wp_json_encode( $made );
"""
INSTALL = """
require_once ABSPATH . 'wp-admin/includes/file.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
WP_Filesystem();
unzip_file( '{plugin}', WP_PLUGIN_DIR );
wp_cache_flush();
$said = activate_plugin( 'demo-chatbot/demo-chatbot.php', '', {everywhere} );
echo is_wp_error( $said ) ? $said->get_error_message() : '';
"""
DELETE = """
require_once ABSPATH . 'wp-admin/includes/plugin.php';
require_once ABSPATH . 'wp-admin/includes/file.php';
deactivate_plugins( 'demo-chatbot/demo-chatbot.php' );
delete_plugins( array( 'demo-chatbot/demo-chatbot.php' ) );
"""


@pytest.fixture(scope="module")
def newest(mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPressSite]:
    with running_site(tmp_path_factory.mktemp("network"), mariadb, "sid") as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(newest: WordPressSite) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=newest.url, trust_env=False, timeout=60) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def owner(newest: WordPressSite, browser: Browser) -> AsyncIterator[Page]:
    """A page of the administrator, signed in."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1100, "height": 1300})
    context.set_default_timeout(ACTION_DEADLINE_MS)
    page = await context.new_page()
    await sign_in(page, newest)
    yield page
    await context.close()


def connected(site: WordPressSite, server: str, code: str) -> str:
    return site.php(
        f"$said = demo_chatbot_connect( '{server}', '{code}' );"
        "echo is_wp_error( $said ) ? $said->get_error_message() : $said['name'];"
    )


async def test_a_plugin_updates_itself_and_only_with_what_was_announced(
    newest: WordPressSite, dashboard: GraphQLClient, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    plugin = await fetched_plugin(dashboard, tmp_path, "SELF_UPDATING")
    assert newest.php(INSTALL.format(plugin=plugin, everywhere="false")) == ""
    main = newest.folder / "wp-content" / "plugins" / "demo-chatbot" / "demo-chatbot.php"
    current = main.read_text()
    main.write_text(re.sub(r"Version: [\d.]+", "Version: 0.0.1", current))

    assert "demo-chatbot" not in newest.php(OFFERED)
    assert newest.calls_to_strangers == []
    made = connected(newest, dashboard.url, await connection_code(dashboard))
    assert made == "Demo assistant"
    assert newest.php(OFFERED) == f"{dashboard.url}/plugins/demo.zip"

    refused = newest.php("update_option( 'demo_chatbot_update_hash', 'another' );" + UPGRADE)
    assert "not the one that the server announced" in refused
    assert "Version: 0.0.1" in main.read_text()
    newest.php(OFFERED)
    assert newest.php(UPGRADE).endswith("updated")
    assert main.read_text() == current
    assert (await http.get("/")).status_code == 200
    newest.php(DELETE)


OFFERED = """
require_once ABSPATH . 'wp-admin/includes/update.php';
wp_clean_plugins_cache( true );
wp_update_plugins();
$offered = get_site_transient( 'update_plugins' )->response;
echo isset( $offered['demo-chatbot/demo-chatbot.php'] )
    ? $offered['demo-chatbot/demo-chatbot.php']->package : '';
"""
UPGRADE = """
require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
$skin = new Automatic_Upgrader_Skin();
$done = ( new Plugin_Upgrader( $skin ) )->upgrade( 'demo-chatbot/demo-chatbot.php' );
echo implode( ' ', $skin->get_upgrade_messages() ), is_wp_error( $skin->result )
    ? $skin->result->get_error_message() : '', true === $done ? 'updated' : '';
"""


async def test_a_client_with_a_name_in_chinese_has_a_plugin_that_works(
    newest: WordPressSite,
    dashboard: GraphQLClient,
    tmp_path: Path,
    owner: Page,
    http: httpx.AsyncClient,
) -> None:
    given = {"slug": "yunduo", "name": "云朵商店 🛒"}
    client = (await done(dashboard, "createClient", given, "client { id }"))["client"]["id"]
    chatbot = await new_chatbot(dashboard, client, name="小云")
    plugin = await fetched_plugin(dashboard, tmp_path, "DIRECTORY", chatbot)
    await upload_and_activate(owner, newest, plugin)
    await expect(owner.get_by_role("link", name="云朵商店 🛒 Chatbot").first).to_be_visible()
    code = await connection_code(dashboard, chatbotId=chatbot)
    await connect(owner, newest, code, slug="yunduo-chatbot")
    await expect(owner.locator(".wrap h1")).to_have_text("云朵商店 🛒 Chatbot")
    await expect(owner.locator(".wrap .notice")).to_contain_text("小云")
    assert "yunduo-chatbot-data" in (await http.get("/")).text
    newest.php(DELETE.replace("demo-chatbot", "yunduo-chatbot"))


async def test_two_sites_of_a_network_are_apart_and_deleting_leaves_nothing_on_either(
    newest: WordPressSite, dashboard: GraphQLClient, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    host = newest.url.removeprefix("http://")
    assert newest.php(MAKE_NETWORK.replace("{host}", host)) == ""
    newest.configure(NETWORK.format(host=host))
    newest.php(
        f"wp_insert_site( array( 'domain' => '{host}', 'path' => '/second/', 'user_id' => 1 ) );"
    )
    plugin = await fetched_plugin(dashboard, tmp_path, "DIRECTORY")
    assert newest.php(INSTALL.format(plugin=plugin, everywhere="true")) == ""
    made = connected(newest, dashboard.url, await connection_code(dashboard))
    assert made == "Demo assistant"

    assert "demo-chatbot-data" in (await http.get("/")).text
    second = await http.get("/second/")
    assert second.status_code == 200
    assert "demo-chatbot-data" not in second.text
    newest.php("update_site_option( 'demo_chatbot_network', array( 'exclude_paths' => '/' ) );")
    assert "demo-chatbot-data" not in (await http.get("/")).text

    newest.php("switch_to_blog( 2 ); update_option( 'demo_chatbot_settings', array() );")
    kept = "switch_to_blog( 2 ); echo wp_json_encode( get_option( 'demo_chatbot_settings' ) );"
    assert newest.php(kept) == "[]"
    newest.php(DELETE)
    for left in (
        "SELECT option_name FROM wp_options WHERE option_name LIKE '%demo_chatbot%'",
        "SELECT option_name FROM wp_2_options WHERE option_name LIKE '%demo_chatbot%'",
        "SELECT meta_key FROM wp_sitemeta WHERE meta_key LIKE '%demo_chatbot%'",
    ):
        assert newest.database.sql(left, newest.name) == ""


async def test_a_networks_administrator_says_what_its_sites_begin_with(
    newest: WordPressSite,
    dashboard: GraphQLClient,
    tmp_path: Path,
    owner: Page,
    http: httpx.AsyncClient,
) -> None:
    plugin = await fetched_plugin(dashboard, tmp_path, "DIRECTORY")
    assert newest.php(INSTALL.format(plugin=plugin, everywhere="true")) == ""
    connected(newest, dashboard.url, await connection_code(dashboard))
    await sign_in(owner, newest)
    settings = f"{newest.url}/wp-admin/network/settings.php?page=demo-chatbot"
    await owner.goto(settings)
    await owner.get_by_label("Never on these paths").fill("/sample-page")
    await owner.get_by_role("button", name="Save Changes").click()
    await expect(owner.locator(".notice-success")).to_have_text("Settings saved.")
    await expect(owner.get_by_label("Never on these paths")).to_have_value("/sample-page")
    assert "demo-chatbot-data" in (await http.get("/")).text
    assert "demo-chatbot-data" not in (await http.get("/sample-page/")).text

    form = {"action": "demo_chatbot_network", "demo_chatbot_settings[site_wide]": "0"}
    forged = await http.post("/wp-admin/network/edit.php?action=demo_chatbot_network", data=form)
    assert forged.status_code in {302, 403}
    await owner.goto(settings)
    await expect(owner.get_by_label("Never on these paths")).to_have_value("/sample-page")


async def test_a_server_that_is_down_is_asked_once_by_a_network_that_goes(
    newest: WordPressSite,
) -> None:
    """Each site would wait for it anew."""
    gone = (
        "foreach ( array( 1, 2 ) as $site ) { switch_to_blog( $site );"
        "update_option( 'demo_chatbot_connection',"
        " array( 'server_url' => 'http://127.0.0.1:9', 'api_key' => 'plk_x' ) ); }"
    )
    newest.php(gone)
    before = len([one for one in newest.calls_to_strangers if "127.0.0.1:9" in one])
    newest.php(DELETE)
    asked = [one for one in newest.calls_to_strangers if "127.0.0.1:9" in one]
    assert len(asked) == before + 1
    left = "SELECT option_name FROM wp_{}options WHERE option_name LIKE '%demo_chatbot%'"
    assert [newest.database.sql(left.format(one), newest.name) for one in ("", "2_")] == ["", ""]


@pytest.mark.parametrize(
    ("locale", "text"),
    [("de_DE", "Verbindungscode"), ("pt_BR", "Código de conexão"), ("ar", "رمز الاتصال")],
)
async def test_the_plugin_speaks_the_sites_language(
    newest: WordPressSite, dashboard: GraphQLClient, tmp_path: Path, locale: str, text: str
) -> None:
    plugin = await fetched_plugin(dashboard, tmp_path, "DIRECTORY")
    assert newest.php(INSTALL.format(plugin=plugin, everywhere="false")) == ""
    said = newest.php(
        f"add_filter( 'locale', function () {{ return '{locale}'; }} );"
        f"add_filter( 'determine_locale', function () {{ return '{locale}'; }} );"
        "demo_chatbot_load_translations(); echo __( 'Connection code', 'demo-chatbot' );"
    )
    newest.php(DELETE)
    assert said == text
