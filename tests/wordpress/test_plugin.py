"""The plugin as a site's owner and visitors meet it, on each version of WordPress."""

import asyncio
import json
import re

import httpx
import jwt
import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.widget import Widget
from tests.graphql_clients import GraphQLClient
from tests.wordpress.certificates import untrusted_server
from tests.wordpress.people import (
    Shop,
    connect,
    connection_code,
    demo_chatbot,
    open_settings,
    sign_in,
)
from tests.wordpress.site import WordPressSite

pytestmark = [pytest.mark.wordpress, pytest.mark.asyncio(loop_scope="module")]

DATA = re.compile(r'<div id="demo-chatbot-data" hidden data-settings="([^"]*)"')
FRONT_SCRIPT = re.compile(r"""(<script[^>]*src=["']([^"']*front\.js[^"']*)["'][^>]*></script>)""")
QUESTION = "What are the opening hours?"
VISITORS = """
query ($id: ID!) {
  chatbot(id: $id) { conversations(first: 1) { edges { node { visitor { userId userEmail } } } } }
}
"""


async def signed_in_page(browser: Browser, site: WordPressSite, user: str = "reader") -> Page:
    context = await browser.new_context(locale="en-GB", reduced_motion="reduce")
    page = await context.new_page()
    await sign_in(page, site, user)
    return page


async def test_nothing_is_sent_or_shown_before_somebody_connects(shop: Shop) -> None:
    assert shop.called == []
    assert "demo-chatbot-data" not in shop.before
    assert "front.js" not in shop.before
    assert "Connected with" in shop.said


async def test_a_visitor_gets_an_answer_on_the_front_page(shop: Shop, page: Page) -> None:
    await page.goto(shop.site.url)
    widget = Widget(page)
    await widget.open()
    await widget.ask(QUESTION)
    await expect(widget.answer_text).not_to_be_empty()


async def test_the_launcher_keeps_to_paths_types_and_languages(shop: Shop) -> None:
    shop.set(include_paths="/sample-page/*\n/café/*")
    assert not await shop.has_launcher("/")
    assert await shop.has_launcher("/sample-page/")
    shop.set(exclude_paths="/sample-*")
    assert await shop.has_launcher("/")
    assert not await shop.has_launcher("/sample-page/?x=1")
    shop.set(post_types=["post"])
    assert await shop.has_launcher("/hello-world/")
    assert not await shop.has_launcher("/sample-page/")
    shop.set(languages="de, fr")
    assert not await shop.has_launcher("/")
    shop.set(languages="en")
    assert await shop.has_launcher("/")
    shop.set(site_wide=False)
    assert not await shop.has_launcher("/")
    shop.set()


async def test_the_language_is_that_of_the_plugin_for_several_languages(shop: Shop) -> None:
    wpml = "add_filter( 'wpml_current_language', function () { return 'pt-br'; } );"
    polylang = "eval( 'function pll_current_language() { return \"de\"; }' );"
    telling = "echo demo_chatbot_language(), (int) demo_chatbot_language_allowed( 'pt, en' );"
    assert shop.site.php(wpml + telling) == "pt-br1"
    assert shop.site.php(polylang + wpml + telling) == "de0"
    assert shop.site.php(telling) == "en-us1"


async def test_the_launcher_is_for_whom_it_is_meant(
    shop: Shop, page: Page, browser: Browser
) -> None:
    reader = await signed_in_page(browser, shop.site)
    for settings, for_reader, for_visitor in (
        ({"audience": "logged_in"}, True, False),
        ({"audience": "logged_out"}, False, True),
        ({"audience": "roles", "roles": ["subscriber"]}, True, False),
        ({"audience": "roles", "roles": ["editor"]}, False, False),
    ):
        shop.set(**settings)
        for one, shows in ((reader, for_reader), (page, for_visitor)):
            await one.goto(shop.site.url, wait_until="networkidle")
            await expect(one.locator("parlance-chat")).to_have_count(int(shows))
    shop.set()
    await reader.context.close()


async def test_a_signed_in_user_is_known_and_no_page_says_so(
    shop: Shop, browser: Browser, dashboard: GraphQLClient
) -> None:
    shop.set(send_email=True)
    reader = await signed_in_page(browser, shop.site)
    response = await reader.goto(shop.site.url)
    assert response is not None
    html = await response.text()
    widget = Widget(reader)
    await widget.open()
    await widget.ask(QUESTION)
    await expect(widget.answer_text).not_to_be_empty()

    known = await known_visitor(dashboard)
    user_id = shop.site.php("echo demo_chatbot_user_id( get_user_by( 'login', 'reader' )->ID );")
    assert known == {"userId": user_id, "userEmail": "reader@example.com"}
    nobodys = (await shop.http.get("/")).text
    assert DATA.findall(html) == DATA.findall(nobodys) != []
    secret, api_key = stored_secrets(shop.site)
    for private in (
        user_id,
        "eyJ",
        secret,
        api_key,
        shop.site.php("echo get_option('demo_chatbot_site');"),
    ):
        assert private not in html
    await stored_page_makes_nobody_known(shop, browser, html, dashboard)
    shop.set()
    await reader.context.close()


async def stored_page_makes_nobody_known(
    shop: Shop, browser: Browser, html: str, dashboard: GraphQLClient
) -> None:
    """What a page cache kept of a signed-in user's page, shown to a stranger."""
    stored = shop.site.folder / "wp-content" / "stored.html"
    stored.write_text(html)
    context = await browser.new_context(locale="en-GB")
    stranger = await context.new_page()
    await stranger.goto(f"{shop.site.url}/")
    widget = Widget(stranger)
    await widget.open()
    await widget.ask(QUESTION)
    await expect(widget.answer_text).not_to_be_empty()
    assert await known_visitor(dashboard) == {"userId": None, "userEmail": None}
    stored.unlink()
    await context.close()


async def known_visitor(dashboard: GraphQLClient) -> dict[str, str | None]:
    """Whom the newest conversation is with."""
    found = await dashboard.execute(VISITORS, {"id": await demo_chatbot(dashboard)})
    chatbot = found["chatbot"]
    visitor: dict[str, str | None] = chatbot["conversations"]["edges"][0]["node"]["visitor"]
    return visitor


def stored_secrets(site: WordPressSite) -> list[str]:
    told = site.php(
        "$kept = get_option( 'demo_chatbot_connection' );"
        "echo $kept['secret'], ' ', $kept['api_key'];"
    )
    return told.split()


async def test_identity_is_for_pages_of_the_site_alone_and_kept_by_no_cache(
    shop: Shop, browser: Browser
) -> None:
    reader = await signed_in_page(browser, shop.site)
    cookies = {one["name"]: one["value"] for one in await reader.context.cookies()}
    path, own = "/wp-json/demo-chatbot/v1/identity", {"Origin": shop.site.url}
    async with httpx.AsyncClient(
        base_url=shop.site.url, cookies=cookies, trust_env=False, timeout=60
    ) as http:
        answer = await http.post(path, headers=own)
        assert answer.headers["cache-control"] == "no-store, private"
        claims = jwt.decode(
            answer.json()["token"], stored_secrets(shop.site)[0], algorithms=["HS256"]
        )
        assert claims["exp"] - claims["iat"] == 600
        assert "user_email" not in claims
        for headers in ({"Origin": "https://evil.example"}, {}, {"Origin": "null"}):
            assert (await http.post(path, headers=headers)).status_code in {401, 403}
        assert (await http.get(path, headers=own)).status_code == 404
    assert (await shop.http.post(path, headers=own)).json()["token"] is None
    await reader.context.close()


@pytest.mark.parametrize(
    "content",
    ['[parlance height="500"]', '<!-- wp:demo-chatbot/chat {"height":500} /-->'],
    ids=["shortcode", "block"],
)
async def test_the_chat_stands_within_a_page(shop: Shop, page: Page, content: str) -> None:
    shop.set(site_wide=False)
    address = shop.site.php(
        f"""
        echo get_permalink( wp_insert_post( array(
            'post_type' => 'page', 'post_status' => 'publish',
            'post_title' => 'مرحبا 🛒', 'post_content' => {content!r} ) ) );
        """
    )
    await page.goto(address)
    widget = Widget(page)
    await expect(widget.panel).to_be_visible()
    await widget.ask(QUESTION)
    await expect(widget.answer_text).not_to_be_empty()
    place = await widget.panel.bounding_box()
    assert place is not None
    assert round(place["height"]) == 500
    shop.set()


async def test_the_block_can_be_put_in_by_hand(shop: Shop) -> None:
    await shop.owner.goto(f"{shop.site.url}/wp-admin/post-new.php?post_type=page")
    found = await shop.owner.wait_for_function(
        "() => window.wp?.blocks?.getBlockType('demo-chatbot/chat')?.title"
    )
    assert await found.json_value() == "Chatbot"


async def test_no_page_waits_for_a_server(shop: Shop) -> None:
    before = shop.site.calls_to_strangers
    for path in ("/", "/hello-world/", "/sample-page/"):
        assert (await shop.http.get(path)).status_code == 200
    assert shop.site.calls_to_strangers == before


async def test_a_page_stays_as_it_is_when_the_server_is_down(shop: Shop, page: Page) -> None:
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    await page.route("**/widget.js", lambda route: route.abort())
    await page.goto(shop.site.url, wait_until="networkidle")
    await expect(page.locator("parlance-chat")).to_have_count(0)
    assert broken == []


async def test_a_server_that_hangs_holds_up_no_page(shop: Shop, page: Page) -> None:
    answered = asyncio.Event()

    async def hang(route: Route) -> None:
        await answered.wait()
        await route.abort()

    await page.route("**/widget.js", hang)
    async with page.expect_request("**/widget.js"):
        await page.goto(shop.site.url, wait_until="load")
    loaded = "performance.getEntriesByType('navigation')[0].loadEventEnd > 0"
    await page.wait_for_function(f"() => {loaded}")
    answered.set()


async def test_the_chat_waits_for_the_visitors_consent(shop: Shop, page: Page) -> None:
    shop.set(wait_consent=True)
    server = shop.site.php("echo demo_chatbot_server_url();")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(shop.site.url, wait_until="networkidle")
    await page.evaluate(
        "() => { window.wp_has_consent = (kind) => window.agreed === kind;"
        " document.dispatchEvent(new CustomEvent('wp_consent_type_defined')); }"
    )
    agree = (
        "(kind) => { window.agreed = kind;"
        " document.dispatchEvent(new CustomEvent('wp_listen_for_consent_change')); }"
    )
    await page.evaluate(agree, "marketing")
    await expect(page.locator("parlance-chat")).to_have_count(0)
    assert asked
    assert not [url for url in asked if url.startswith(server)]
    await page.evaluate(agree, "functional")
    await expect(page.locator("parlance-chat")).to_have_count(1)
    shop.set()


async def test_plugins_that_combine_and_delay_scripts_only_delay_the_chat(
    shop: Shop, page: Page
) -> None:
    """What cache plugins make of a page: its scripts in one, run at the visitor's first touch."""
    html = (await shop.http.get("/")).text
    [(tag, address)] = FRONT_SCRIPT.findall(html)
    source = (await shop.http.get(address)).text
    stored = shop.site.folder / "wp-content" / "stored.html"
    stored.write_text(html.replace(tag, ""))
    await page.goto(f"{shop.site.url}/", wait_until="load")
    stored.unlink()
    await expect(page.locator("parlance-chat")).to_have_count(0)
    await page.add_script_tag(content=f"var first=1;{source};var last=1;")
    widget = Widget(page)
    await widget.open()
    await widget.ask(QUESTION)
    await expect(widget.answer_text).not_to_be_empty()


async def test_settings_are_saved_and_cleaned(shop: Shop) -> None:
    await open_settings(shop.owner, shop.site)
    await shop.owner.get_by_label("Only on these paths").fill("/shop/*\n<script>alert(1)</script>")
    await shop.owner.get_by_label("Launcher for").select_option("logged_in")
    await shop.owner.get_by_role("button", name="Save Changes").click()
    await expect(
        shop.owner.locator("#setting-error-settings_updated, .notice-success").first
    ).to_be_visible()
    kept = json.loads(shop.site.php("echo wp_json_encode( demo_chatbot_settings() );"))
    assert kept["include_paths"].split("\n")[0].strip() == "/shop/*"
    assert "<script>" not in kept["include_paths"]
    assert kept["audience"] == "logged_in"
    shop.set()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://no-such-host.invalid", "There is no server called no-such-host.invalid"),
        ("http://blocked.example", "Add blocked.example to WP_ACCESSIBLE_HOSTS"),
        ("http://127.0.0.1:9", "cannot be reached from this site"),
        ("not an address", "This is no server address"),
    ],
)
async def test_a_wrong_address_is_told_in_a_sentence(
    shop: Shop, address: str, sentence: str
) -> None:
    assert sentence in connecting(shop, address, "plc_" + "a" * 40)


def connecting(shop: Shop, server: str, code: str) -> str:
    """What the plugin says to somebody who connects."""
    return shop.site.php(
        f"""
        add_filter( 'block_local_requests', '__return_false' );
        add_filter( 'http_request_host_is_external', '__return_true' );
        $kept = get_option( 'demo_chatbot_connection' );
        $said = demo_chatbot_connect( '{server}', '{code}' );
        echo is_wp_error( $said ) ? $said->get_error_message() : 'connected';
        """
    )


async def test_a_certificate_that_nobody_trusts_is_told(shop: Shop) -> None:
    with untrusted_server() as address:
        assert "The certificate of 127.0.0.1" in connecting(shop, address, "plc_" + "a" * 40)


async def test_a_server_of_somebody_else_is_told(shop: Shop) -> None:
    said = connecting(shop, shop.site.url, "plc_" + "a" * 40)
    assert "answers, but not like a Parlance server" in said or "refused" in said


async def test_a_used_code_is_told(shop: Shop, dashboard: GraphQLClient) -> None:
    server = shop.site.php("echo demo_chatbot_server_url();")
    assert "was used or has expired" in connecting(shop, server, "plc_" + "a" * 40)
    assert "This is no connection code" in connecting(shop, server, "nonsense")


async def test_what_is_kept_of_a_user_is_exported_and_erased(shop: Shop, browser: Browser) -> None:
    reader = await signed_in_page(browser, shop.site)
    await reader.goto(shop.site.url)
    widget = Widget(reader)
    await widget.open()
    await widget.ask("A question to be exported")
    await expect(widget.answer_text).not_to_be_empty()
    await reader.context.close()

    exported = json.loads(shop.site.php(WITH_TOOL.format(tool="exporters")))
    assert "A question to be exported" in json.dumps(exported["data"], ensure_ascii=False)
    assert exported["done"] is True
    erased = json.loads(shop.site.php(WITH_TOOL.format(tool="erasers")))
    assert (erased["items_removed"], erased["items_retained"]) == (True, False)
    again = json.loads(shop.site.php(WITH_TOOL.format(tool="exporters")))
    assert again["data"] == []


WITH_TOOL = """
$tools = apply_filters( 'wp_privacy_personal_data_{tool}', array() );
echo wp_json_encode( $tools['demo-chatbot']['callback']( 'reader@example.com', 1 ) );
"""


async def test_the_privacy_policy_gets_a_text(shop: Shop) -> None:
    await shop.owner.goto(f"{shop.site.url}/wp-admin/options-privacy.php?tab=policyguide")
    await expect(shop.owner.locator("body")).to_contain_text("Our chat is provided by 127.0.0.1")


async def test_a_revoked_key_is_told(shop: Shop, dashboard: GraphQLClient) -> None:
    shop.site.php(
        "$kept = get_option( 'demo_chatbot_connection' );"
        "$url = demo_chatbot_connection_url();"
        "demo_chatbot_ask_server( 'DELETE', $url, null, $kept['api_key'] );"
    )
    await open_settings(shop.owner, shop.site)
    await shop.owner.get_by_role("button", name="Test the connection").click()
    await expect(shop.owner.locator(".notice-error")).to_contain_text("was ended on the server")
    await shop.owner.get_by_role("button", name="Disconnect").click()
    assert not await shop.has_launcher("/")
    await connect(shop.owner, shop.site, await connection_code(dashboard))
    await expect(shop.owner.locator(".notice-success")).to_contain_text("Connected with")
    assert await shop.has_launcher("/")


async def test_nothing_complained_and_deleting_it_leaves_nothing(
    shop: Shop, dashboard: GraphQLClient
) -> None:
    assert [line for line in shop.site.debug_log if "demo-chatbot" in line] == []
    if not shop.site.version.startswith("6.1"):
        # No site of WordPress's makers can be reached from here, which it notes itself.
        assert [line for line in shop.site.debug_log if "WordPress.org" not in line] == []
    (_, api_key) = stored_secrets(shop.site)
    shop.site.php(
        """
        require_once ABSPATH . 'wp-admin/includes/plugin.php';
        require_once ABSPATH . 'wp-admin/includes/file.php';
        deactivate_plugins( 'demo-chatbot/demo-chatbot.php' );
        delete_plugins( array( 'demo-chatbot/demo-chatbot.php' ) );
        """
    )
    left = "SELECT option_name FROM wp_options WHERE option_name LIKE '%demo_chatbot%'"
    assert shop.site.database.sql(left, shop.site.name) == ""
    assert "demo_chatbot" not in shop.site.database.sql("SHOW TABLES", shop.site.name)
    assert "demo_chatbot" not in shop.site.php("echo wp_json_encode( _get_cron_array() );")
    assert not (shop.site.folder / "wp-content" / "plugins" / "demo-chatbot").exists()
    assert (await used(api_key, dashboard)) == "TOKEN_REVOKED"


async def used(api_key: str, dashboard: GraphQLClient) -> str | None:
    """What the server says to a key."""
    caller = GraphQLClient(dashboard.url, api_key)
    said = await caller.send("{ chatbots { totalCount } }")
    await caller.close()
    code: str | None = said["errors"][0]["extensions"]["code"]
    return code
