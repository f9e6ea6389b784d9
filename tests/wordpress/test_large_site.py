"""A site with 100 MB of posts: noted at once, sent in little memory, and no page waits for it."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.graphql_clients import GraphQLClient
from tests.wordpress.database import MariaDB
from tests.wordpress.people import connection_code, fetched_plugin
from tests.wordpress.site import WordPressSite, running_site
from tests.wordpress.test_network import INSTALL, connected

pytestmark = [pytest.mark.wordpress, pytest.mark.asyncio(loop_scope="module")]

POSTS = 2_000
POST_BYTES = 50_000
PER_BATCH = 20
FILL = """
INSERT INTO wp_posts (post_date, post_date_gmt, post_title, post_name, post_content, post_excerpt,
    to_ping, pinged, post_content_filtered)
SELECT NOW(), UTC_TIMESTAMP(), CONCAT('Post ', seq), CONCAT('post-', seq),
    REPEAT(CONCAT('<p>Post number ', seq, ' says many words about things.</p>'), 1000),
    '', '', '', '' FROM seq_1_to_2000
"""
MEMORY = "64M"
"""What PHP may use; WordPress asks for 40M for pages and for 256M in its admin."""

BATCHES = 3
CHOOSE = """
$chosen = array( 'sync_types' => array( 'post' ) );
update_option( 'demo_chatbot_settings', array_merge( demo_chatbot_default_settings(), $chosen ) );
echo demo_chatbot_waiting();
"""
SEND = """
$before = memory_get_usage();
$used   = array();
foreach ( range( 1, BATCHES ) as $n ) {
    demo_chatbot_send_batch();
    gc_collect_cycles();
    $used[] = memory_get_usage() - $before;
}
echo wp_json_encode( array( 'waiting' => demo_chatbot_waiting(), 'used' => $used ) );
""".replace("BATCHES", str(BATCHES))


@pytest.fixture(scope="module")
def large(mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPressSite]:
    with running_site(tmp_path_factory.mktemp("large"), mariadb, "sid") as site:
        mariadb.sql(FILL, site.name)
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plugin(
    large: WordPressSite, dashboard: GraphQLClient, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The plugin, connected."""
    package = await fetched_plugin(dashboard, tmp_path_factory.mktemp("plugin"), "DIRECTORY")
    assert large.php(INSTALL.format(plugin=package, everywhere="false")) == ""
    assert connected(large, dashboard.url, await connection_code(dashboard)) == "Demo assistant"
    return package


@pytest.mark.usefixtures("plugin")
async def test_a_hundred_megabytes_are_noted_and_sent_in_little_memory(
    large: WordPressSite,
) -> None:
    size = "SELECT SUM(LENGTH(post_content)) FROM wp_posts WHERE post_type = 'post'"
    assert int(large.database.sql(size, large.name)) >= POSTS * POST_BYTES
    before = large.calls_to_strangers
    assert int(large.php(CHOOSE, memory_limit=MEMORY)) == POSTS + 1
    assert large.calls_to_strangers == before
    sent = json.loads(large.php(SEND, memory_limit=MEMORY))
    assert sent["waiting"] == POSTS + 1 - BATCHES * PER_BATCH
    assert sent["used"][-1] - sent["used"][0] < POST_BYTES * PER_BATCH


@pytest.mark.usefixtures("plugin")
async def test_a_page_is_served_while_all_of_it_waits(large: WordPressSite) -> None:
    calls = large.calls_to_strangers
    async with httpx.AsyncClient(base_url=large.url, trust_env=False, timeout=60) as http:
        assert (await http.get("/post-7/")).status_code == 200
    assert large.calls_to_strangers == calls
