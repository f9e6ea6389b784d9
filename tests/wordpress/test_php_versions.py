"""The plugin on the oldest and the newest PHP it is for, each with a WordPress of its time."""

import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
import pytest_asyncio

from set_up.php_versions import command_of, fetched_versions
from tests.graphql_clients import GraphQLClient
from tests.wordpress.database import MariaDB
from tests.wordpress.people import connection_code, fetched_plugin
from tests.wordpress.site import WordPressSite, running_site
from tests.wordpress.test_network import DELETE, INSTALL, connected

pytestmark = [pytest.mark.wordpress, pytest.mark.asyncio(loop_scope="module")]

OWN = "the machine's own"
WORDPRESS_OF_ITS_TIME = {"7.4": "bookworm", "8.4": "sid", OWN: "trixie"}
SEEN_BY_ADMINISTRATORS = """
require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once WP_PLUGIN_DIR . '/demo-chatbot/includes/admin-page.php';
wp_set_current_user( 1 );
demo_chatbot_register_settings();
ob_start();
demo_chatbot_print_page();
echo ob_get_clean();
"""
SENT = """
$chosen = array( 'site_wide' => '1', 'sync_types' => array( 'post', 'page' ) );
update_option( 'demo_chatbot_settings', demo_chatbot_sanitize_settings( $chosen ) );
demo_chatbot_send_due();
echo wp_json_encode( array( demo_chatbot_waiting(), get_option( 'demo_chatbot_sync_problem' ) ) );
"""
SIGNED = "echo demo_chatbot_identity_token( get_user_by( 'login', 'reader' ) );"
PRIVACY = """
echo wp_json_encode( array( demo_chatbot_export( 'reader@example.com' ),
    demo_chatbot_erase( 'reader@example.com' ) ) );
"""


def program(version: str) -> str:
    return "php" if version == OWN else str(command_of(version))


@pytest.fixture(scope="module", params=[*fetched_versions(), OWN])
def version(request: pytest.FixtureRequest) -> str:
    """Of PHP."""
    return str(request.param)


@pytest.fixture(scope="module")
def aged(
    version: str, mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WordPressSite]:
    folder = tmp_path_factory.mktemp("php")
    suite = WORDPRESS_OF_ITS_TIME[version]
    with running_site(folder, mariadb, suite, program(version)) as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plugins(
    dashboard: GraphQLClient, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Path]]:
    """Both flavours."""
    folder = tmp_path_factory.mktemp("plugins")
    made = {}
    for flavour in ("DIRECTORY", "SELF_UPDATING"):
        (folder / flavour).mkdir()
        made[flavour] = await fetched_plugin(dashboard, folder / flavour, flavour)
    yield made


@pytest.mark.parametrize("flavour", ["DIRECTORY", "SELF_UPDATING"])
async def test_every_file_is_php_of_that_version(
    version: str, plugins: dict[str, Path], flavour: str, tmp_path: Path
) -> None:
    assert complaints(program(version), plugins[flavour], tmp_path) == []


def complaints(php: str, plugin: Path, folder: Path) -> list[str]:
    """What PHP says to the syntax of a plugin's files."""
    with ZipFile(plugin) as archive:
        archive.extractall(folder)
    files = sorted(folder.rglob("*.php"))
    assert len(files) > 10
    said = []
    for file in files:
        done = subprocess.run([php, "-l", file], capture_output=True, text=True, check=False)
        if done.returncode:
            said.append(done.stdout + done.stderr)
    return said


async def test_it_runs_without_a_complaint(
    version: str, aged: WordPressSite, plugins: dict[str, Path], dashboard: GraphQLClient
) -> None:
    if version != OWN:
        assert aged.php("echo PHP_VERSION;").startswith(f"{version}.")
    plugin = plugins["SELF_UPDATING"]
    assert aged.php(INSTALL.format(plugin=plugin, everywhere="false")) == ""
    assert "Connection code" in aged.php(SEEN_BY_ADMINISTRATORS)
    code = await connection_code(dashboard)
    assert connected(aged, dashboard.url, code) == "Demo assistant"
    assert json.loads(aged.php(SENT)) == [0, ""]
    assert "Let it answer from" in aged.php(SEEN_BY_ADMINISTRATORS)
    assert aged.php(SIGNED).count(".") == 2
    exported, erased = json.loads(aged.php(PRIVACY))
    assert exported == {"data": [], "done": True}
    assert erased["items_retained"] is False
    async with httpx.AsyncClient(base_url=aged.url, trust_env=False, timeout=60) as http:
        assert "demo-chatbot-data" in (await http.get("/")).text
    aged.php(DELETE)
    assert not (aged.folder / "wp-content" / "plugins" / "demo-chatbot").exists()
    assert [line for line in aged.debug_log if "demo-chatbot" in line] == []
