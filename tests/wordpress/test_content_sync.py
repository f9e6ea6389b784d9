"""A site's posts in the chatbot's knowledge: saved, hidden, deleted, many at once, server down."""

import asyncio
import json
import shutil
import time

import pytest
from playwright.async_api import Browser, expect

from tests.browser.widget import Widget
from tests.graphql_clients import GraphQLClient
from tests.wordpress.people import Shop, demo_chatbot, open_settings
from tests.wordpress.site import PHP

pytestmark = [pytest.mark.wordpress, pytest.mark.asyncio(loop_scope="module")]

CRON_SECONDS = 30
SOURCES = """
query ($id: ID!) { knowledgeSources(chatbotId: $id, first: 50) {
  edges { node { id kind url pageCount problems { reason } } } } }
"""
DELETE_SOURCE = """
mutation ($id: ID!) { deleteKnowledgeSource(input: {id: $id}) { __typename } }
"""


def post(shop: Shop, **fields: str) -> int:
    """A new post's id."""
    given = json.dumps({"post_type": "post", "post_status": "publish", **fields})
    return int(shop.site.php(f"echo wp_insert_post( json_decode( {given!r}, true ) );"))


def waiting(shop: Shop) -> int:
    return int(shop.site.php("echo demo_chatbot_waiting();"))


async def cron(shop: Shop) -> None:
    """Let WP-Cron run as WordPress calls it, until nothing waits."""
    give_up_at = time.monotonic() + CRON_SECONDS
    while waiting(shop):
        assert time.monotonic() < give_up_at, shop.site.php(
            "echo get_option( 'demo_chatbot_sync_problem' );"
        )
        assert (await shop.http.get("/wp-cron.php?doing_wp_cron")).status_code == 200


async def pages(shop: Shop, dashboard: GraphQLClient) -> int | None:
    """How many posts the chatbot knows of this site."""
    asked = {"id": await demo_chatbot(dashboard)}
    edges = (await dashboard.execute(SOURCES, asked))["knowledgeSources"]["edges"]
    own = [one["node"] for one in edges if one["node"]["url"] == shop.site.url]
    assert len(own) <= 1
    assert all(one["problems"] == [] for one in own)
    return own[0]["pageCount"] if own else None


async def citations(browser: Browser, shop: Shop, question: str) -> str:
    """The answer and what it cites, as a new visitor sees it."""
    context = await browser.new_context(locale="en-GB", reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(shop.site.url)
    widget = Widget(page)
    await widget.open()
    await widget.ask(question)
    await expect(widget.answer_text).not_to_be_empty()
    await expect(widget.send).to_be_visible()
    html: str = await widget.answers.last.evaluate("article => article.outerHTML")
    await context.close()
    return html


async def test_nothing_is_sent_before_somebody_chose_types(
    shop: Shop, dashboard: GraphQLClient
) -> None:
    post(shop, post_title="Not chosen", post_content="Not to be sent.")
    assert waiting(shop) == 0
    assert await pages(shop, dashboard) is None
    assert "demo_chatbot" not in shop.site.database.sql("SHOW TABLES", shop.site.name)


async def test_everything_is_sent_with_a_bar_and_only_what_is_public(
    shop: Shop, dashboard: GraphQLClient
) -> None:
    shop.site.php(
        """
        foreach ( range( 1, 63 ) as $n ) {
            wp_insert_post( array( 'post_status' => 'publish', 'post_title' => "Number $n مرحبا 🛒",
                'post_content' => "<p>The product $n costs $n coins.</p>" ) );
        }
        """
    )
    post(shop, post_title="A draft", post_content="Secret plans", post_status="draft")
    post(shop, post_title="Private", post_content="Secret plans", post_status="private")
    post(shop, post_title="Locked", post_content="Secret plans", post_password="open")
    published = int(
        shop.site.php(
            "echo count( get_posts( array( 'numberposts' => -1, 'has_password' => false ) ) );"
        )
    )
    await open_settings(shop.owner, shop.site)
    chosen = shop.owner.locator("tr", has_text="Let it answer from")
    await chosen.get_by_label("Posts").check()
    await shop.owner.get_by_role("button", name="Save Changes").click()
    place = shop.owner.locator("#demo-chatbot-sync")
    await place.get_by_role("button", name="Send everything now").click()
    await expect(place.locator("progress")).to_be_visible()
    await expect(place.locator("output")).to_have_text("All public content was sent.")
    await expect(shop.owner.get_by_text("Waiting to be sent")).to_be_hidden()
    bar = await place.locator("progress").evaluate("one => [one.value, one.max]")

    assert bar == [published, published]
    assert published >= 64
    assert await pages(shop, dashboard) == published


async def test_a_new_post_is_cited_and_one_in_the_trash_is_not(
    shop: Shop, browser: Browser, dashboard: GraphQLClient
) -> None:
    known = await pages(shop, dashboard)
    assert known is not None
    title = "Returning a quokkaphone"
    made = post(
        shop, post_title=title, post_content="<p>A quokkaphone can be returned for 41 days.</p>"
    )
    await cron(shop)
    assert await pages(shop, dashboard) == known + 1
    address = shop.site.php(f"echo get_permalink( {made} );")
    question = "For how many days can a quokkaphone be returned?"
    assert address.rstrip("/") in await citations(browser, shop, question)

    shop.site.php(f"wp_trash_post( {made} );")
    await cron(shop)
    assert await pages(shop, dashboard) == known
    assert address.rstrip("/") not in await citations(browser, shop, question)
    shop.site.php(f"wp_untrash_post( {made} ); wp_publish_post( {made} );")
    await cron(shop)
    assert await pages(shop, dashboard) == known + 1
    shop.site.php(f"wp_update_post( array( 'ID' => {made}, 'post_password' => 'open' ) );")
    await cron(shop)
    assert await pages(shop, dashboard) == known
    shop.site.php(f"wp_update_post( array( 'ID' => {made}, 'post_password' => '' ) );")
    await cron(shop)
    shop.site.php(f"wp_delete_post( {made}, true );")
    await cron(shop)
    assert await pages(shop, dashboard) == known


async def test_a_filter_can_hide_what_is_public_and_not_show_what_is_private(shop: Shop) -> None:
    made = post(shop, post_title="Locked", post_content="Secret", post_password="open")
    filters = "add_filter( 'demo_chatbot_is_public', '__return_{}' );"
    told = "echo (int) demo_chatbot_is_public( get_post( {} ) );"
    assert shop.site.php(filters.format("true") + told.format(made)) == "0"
    assert shop.site.php(told.format(1)) == "1"
    assert shop.site.php(filters.format("false") + told.format(1)) == "0"


async def test_what_a_server_that_is_down_missed_is_sent_later(
    shop: Shop, dashboard: GraphQLClient
) -> None:
    known = await pages(shop, dashboard)
    assert known is not None
    server = shop.site.php("echo demo_chatbot_server_url();")
    moved = (
        "$kept = get_option( 'demo_chatbot_connection' ); $kept['server_url'] = '{}';"
        "update_option( 'demo_chatbot_connection', $kept, false );"
    )
    shop.site.php(moved.format("http://127.0.0.1:9"))
    called = shop.site.calls_to_strangers
    post(shop, post_title="While it was down", post_content="<p>Written in the dark.</p>")
    for path in ("/", "/hello-world/"):
        assert (await shop.http.get(path)).status_code == 200
    assert shop.site.calls_to_strangers == called

    shop.site.php("demo_chatbot_send_due();")
    assert shop.site.calls_to_strangers != called
    assert waiting(shop) == 1
    assert "cannot be reached" in shop.site.php("echo get_option( 'demo_chatbot_sync_problem' );")
    row = "SELECT attempts, due_at > UNIX_TIMESTAMP() + 30 FROM wp_demo_chatbot_queue"
    assert shop.site.database.sql(row, shop.site.name).split() == ["1", "1"]
    called = shop.site.calls_to_strangers
    shop.site.php("demo_chatbot_send_due();")
    assert shop.site.calls_to_strangers == called
    shop.site.php("echo wp_next_scheduled( 'demo_chatbot_send' ) ? '' : wp_die( 'not scheduled' );")

    shop.site.php(moved.format(server))
    shop.site.database.sql("UPDATE wp_demo_chatbot_queue SET due_at = 0", shop.site.name)
    shop.site.php("demo_chatbot_send_due();")
    assert waiting(shop) == 0
    assert await pages(shop, dashboard) == known + 1
    assert shop.site.php("echo get_option( 'demo_chatbot_sync_problem' );") == ""


async def test_what_is_sent_twice_changes_nothing_and_two_senders_share(
    shop: Shop, dashboard: GraphQLClient
) -> None:
    known = await pages(shop, dashboard)
    shop.site.php("demo_chatbot_enqueue_all( array( 'post' ) );")
    sending = "while ( demo_chatbot_send_batch() ) {}"
    await asyncio.gather(*(asyncio.to_thread(shop.site.php, sending) for _ in range(2)))
    assert waiting(shop) == 0
    assert await pages(shop, dashboard) == known


async def test_a_post_that_is_refused_holds_up_no_other(
    shop: Shop, dashboard: GraphQLClient
) -> None:
    known = await pages(shop, dashboard)
    assert known is not None
    bad = post(shop, post_title="Refused", post_content="<p>Its address is none.</p>")
    post(shop, post_title="Accepted", post_content="<p>Its address is one.</p>")
    shop.site.php(
        f"""
        add_filter( 'post_link', function ( $link, $post ) {{
            return {bad} === $post->ID ? 'nowhere' : $link;
        }}, 10, 2 );
        demo_chatbot_send_due();
        """
    )
    assert await pages(shop, dashboard) == known + 1
    assert waiting(shop) == 1
    shop.site.database.sql("UPDATE wp_demo_chatbot_queue SET due_at = 0", shop.site.name)
    await cron(shop)
    assert await pages(shop, dashboard) == known + 2


async def test_a_source_that_was_deleted_is_made_anew_with_everything(
    shop: Shop, dashboard: GraphQLClient
) -> None:
    known = await pages(shop, dashboard)
    source = shop.site.php("echo get_option( 'demo_chatbot_source' );")
    await dashboard.execute(DELETE_SOURCE, {"id": source})
    assert await pages(shop, dashboard) is None
    post_id = 1
    shop.site.php(f"wp_update_post( array( 'ID' => {post_id} ) );")
    await cron(shop)
    assert await pages(shop, dashboard) == known


async def test_pages_and_a_shops_products_are_sent_with_what_the_shop_says_of_them(
    shop: Shop, browser: Browser, dashboard: GraphQLClient
) -> None:
    plugins = shop.site.folder / "wp-content" / "mu-plugins"
    shutil.copy(PHP / "shop.php", plugins)
    known = await pages(shop, dashboard)
    assert known is not None
    seen = post(shop, post_type="page", post_title="مرحبا 🛒", post_content="Our zebrafoil shop.")
    await choose(shop, "Posts", "Pages", "Products")
    await cron(shop)
    published = "SELECT COUNT(*) FROM wp_posts WHERE post_type = 'page' AND post_status = 'publish'"
    with_pages = known + int(shop.site.database.sql(published, shop.site.name))
    assert await pages(shop, dashboard) == with_pages
    said = await citations(browser, shop, "Which zebrafoil shop is this?")
    assert shop.site.php(f"echo get_permalink( {seen} );").rstrip("/") in said
    assert "مرحبا 🛒" in said

    kite = post(shop, post_type="product", post_title="Zebrakite", post_content="It flies.")
    changed = "update_post_meta( {}, '{}', '{}' ); do_action( 'woocommerce_update_product', {} );"
    shop.site.php(changed.format(kite, "_price", "19.90", kite))
    document = "echo demo_chatbot_document( {}, false )['html'] ?? 'not to be sent';"
    html = shop.site.php(document.format(kite))
    assert "<ul><li>Price: 19.90 €</li><li>Colour: green</li></ul>" in html.replace("\u00a0", " ")
    await cron(shop)
    assert await pages(shop, dashboard) == with_pages + 1
    shop.site.php(changed.format(kite, "_price", "24.50", kite))
    await cron(shop)
    assert "24.50" in await citations(browser, shop, "What is the price of the Zebrakite?")
    shop.site.php(changed.format(kite, "_visibility", "hidden", kite))
    assert shop.site.php(document.format(kite)) == "not to be sent"
    await cron(shop)
    assert await pages(shop, dashboard) == with_pages
    (plugins / "shop.php").unlink()


async def test_a_filter_adds_what_a_post_shows_beside_its_text(shop: Shop) -> None:
    made = post(shop, post_title="Opening", post_content="Our hours.")
    said = shop.site.php(
        f"""
        add_filter( 'demo_chatbot_post_html', function ( $html, $post ) {{
            return $html . "<p>From nine to five, says {{$post->post_title}}.</p>";
        }}, 10, 2 );
        echo demo_chatbot_document( {made}, false )['html'];
        """
    )
    assert said.endswith("<p>From nine to five, says Opening.</p>")


async def test_a_server_that_is_down_is_asked_once_for_many_heavy_posts(shop: Shop) -> None:
    heavy = "str_repeat( '<p>Many words about many things.</p>', 6000 )"
    shop.site.php(
        f"""
        foreach ( range( 1, 8 ) as $n ) {{
            wp_insert_post( array( 'post_status' => 'publish', 'post_title' => "Heavy $n",
                'post_content' => {heavy} ) );
        }}
        """
    )
    ready = waiting(shop)
    parcels = "echo count( iterator_to_array( demo_chatbot_parcels( $rows ), false ) );"
    rows = "$rows = $wpdb->get_results( 'SELECT * FROM wp_demo_chatbot_queue' );"
    assert int(shop.site.php(rows + parcels)) >= 2
    calls = len(shop.site.calls_to_strangers)
    shop.site.php(
        """
        add_filter( 'pre_http_request', function ( $reply, $arguments, $url ) {
            return new WP_Error( 'http_request_failed', 'cURL error 28: Operation timed out' );
        }, 99, 3 );
        demo_chatbot_send_due();
        """
    )
    assert len(shop.site.calls_to_strangers) == calls + 1
    assert waiting(shop) == ready
    shop.site.database.sql("UPDATE wp_demo_chatbot_queue SET due_at = 0", shop.site.name)
    await cron(shop)


async def choose(shop: Shop, *types: str) -> None:
    """Tick exactly these types of content."""
    await open_settings(shop.owner, shop.site)
    chosen = shop.owner.locator("tr", has_text="Let it answer from")
    for box in await chosen.get_by_role("checkbox").all():
        await box.uncheck()
    for name in types:
        await chosen.get_by_label(name).check()
    await shop.owner.get_by_role("button", name="Save Changes").click()
    await expect(shop.owner.locator(".notice-success").first).to_be_visible()


async def test_a_type_that_is_not_chosen_any_more_is_taken_away(
    shop: Shop, dashboard: GraphQLClient
) -> None:
    await choose(shop)
    await cron(shop)
    assert await pages(shop, dashboard) == 0


async def test_deleting_the_plugin_takes_the_queue_and_its_cron_away(shop: Shop) -> None:
    assert "wp_demo_chatbot_queue" in shop.site.database.sql("SHOW TABLES", shop.site.name)
    assert "demo_chatbot_look" in shop.site.php("echo wp_json_encode( _get_cron_array() );")
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
    assert [line for line in shop.site.debug_log if "demo-chatbot" in line] == []
