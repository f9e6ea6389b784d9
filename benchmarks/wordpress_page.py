"""How long a WordPress site takes to make its front page, whatever the chat's server does.

Without the plugin's chat, with it while Parlance answers, and while Parlance hangs: one site, in
turns. A listener that takes connections and says nothing stands for a server that hangs, which is
worse for whoever waits than one that refuses.
"""

import asyncio
import shutil
import socket
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from set_up.wordpress_trees import missing_trees
from tests.conftest import signed_in
from tests.server_process import ServerProcess
from tests.wordpress.database import running_mariadb
from tests.wordpress.people import connection_code, fetched_plugin
from tests.wordpress.site import WordPressSite, running_site
from tests.wordpress.test_network import INSTALL, connected

PAGES_A_TURN = 20
SUITE = "sid"
STATES = ("no chat", "Parlance answers", "Parlance hangs")
SHOW = """
$kept = get_option( 'demo_chatbot_connection' ) ?: array();
$kept['server_url'] = '{address}';
update_option( 'demo_chatbot_connection', $kept, false );
update_option( 'demo_chatbot_connected_to', '{address}', true );
"""


class NoWordPressError(Exception):
    """There is no WordPress, PHP or MariaDB here."""


@dataclass(frozen=True)
class SitePages:
    """Milliseconds for the front page, of each request, by state."""

    by_state: dict[str, list[float]]

    def median(self, state: str) -> float:
        """Milliseconds of one state."""
        return statistics.median(self.by_state[state])

    def lines(self) -> Iterable[str]:
        """What the report says."""
        yield "WordPress makes its front page (median)            ms  x no chat"
        for state in STATES:
            ratio = self.median(state) / self.median(STATES[0])
            yield f"  {state:<42}{self.median(state):>10.1f}{ratio:>11.2f}"


def measure_site_pages(rounds: int) -> SitePages:
    """Ask for the front page in so many turns of each state.

    Raises:
        NoWordPressError: what is needed for it is not here.
    """
    if SUITE in missing_trees() or not shutil.which("php") or not shutil.which("mariadbd"):
        raise NoWordPressError("WordPress, PHP or MariaDB is not here")
    with (
        tempfile.TemporaryDirectory(prefix="wp") as folder,
        running_mariadb(Path(folder)) as mariadb,
        tempfile.TemporaryDirectory() as trees,
        running_site(Path(trees), mariadb, SUITE) as site,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        server = ServerProcess(Path(trees) / "parlance")
        server.start()
        try:
            asyncio.run(_connect(site, server, Path(trees)))
            hanging = f"http://127.0.0.1:{silent.getsockname()[1]}"
            return SitePages(_timed(site, ("", server.url, hanging), rounds))
        finally:
            server.stop()


async def _connect(site: WordPressSite, server: ServerProcess, folder: Path) -> None:
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    plugin = await fetched_plugin(admin, folder, "DIRECTORY")
    site.php(INSTALL.format(plugin=plugin, everywhere="false"))
    connected(site, server.url, await connection_code(admin))
    await admin.close()


def _timed(site: WordPressSite, addresses: tuple[str, ...], rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {state: [] for state in STATES}
    for _ in range(rounds):
        for state, address in zip(STATES, addresses, strict=True):
            site.php(SHOW.format(address=address))
            _page_ms(site.url)
            found[state] += [_page_ms(site.url) for _ in range(PAGES_A_TURN)]
    return found


def _page_ms(url: str) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - our own site
        answer.read()
    return (time.perf_counter() - began) * 1000
