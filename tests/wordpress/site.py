"""A real WordPress of one version: files from Debian's package, PHP's own web server, MariaDB."""

import os
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

from set_up.wordpress_trees import tree_of
from tests.server_process import free_port
from tests.wordpress.database import MariaDB

PHP = Path(__file__).parent / "php"
PASSWORD = "a password for tests only"
START_SECONDS = 30
PHP_SECONDS = 60
CONFIG = """<?php
define( 'DB_NAME', '{database}' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:{socket}' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'WP_HOME', '{url}' );
define( 'WP_SITEURL', '{url}' );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_LOG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost,no-such-host.invalid' );
define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'FS_METHOD', 'direct' );
define( 'AUTH_KEY', 'a' );
define( 'SECURE_AUTH_KEY', 'b' );
define( 'LOGGED_IN_KEY', 'c' );
define( 'NONCE_KEY', 'd' );
{more}
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {{
	define( 'ABSPATH', __DIR__ . '/' );
}}
require_once ABSPATH . 'wp-settings.php';
"""


class WordPressSite:
    """A site that runs."""

    def __init__(self, folder: Path, database: MariaDB, suite: str, program: str) -> None:
        self.folder = folder
        self.database = database
        self.program = program
        self.name = f"site_{suite}_{secrets.token_hex(4)}"
        self.url = f"http://localhost:{free_port()}"

    @property
    def calls(self) -> list[str]:
        """Whom it called so far, with the method."""
        return self._lines("calls.log")

    @property
    def calls_to_strangers(self) -> list[str]:
        """Those that WordPress does not make by itself: to its own makers, and to itself."""
        own = (self.url, "wordpress.org/")
        return [call for call in self.calls if not any(one in call for one in own)]

    @property
    def debug_log(self) -> list[str]:
        """What PHP and WordPress complained of."""
        return self._lines("debug.log")

    @property
    def version(self) -> str:
        """Of WordPress."""
        return self.php("echo get_bloginfo( 'version' );")

    def php(self, code: str, **settings: str) -> str:
        """What PHP prints that runs within WordPress, with settings of php.ini."""
        given = [part for name, value in settings.items() for part in ("-d", f"{name}={value}")]
        loading = f"$_SERVER['HTTP_HOST'] = '{self.url.removeprefix('http://')}';"
        loading += f"require '{self.folder}/wp-load.php';"
        done = subprocess.run(
            [self.program, "-d", "display_errors=stderr", *given, "-r", loading + dedent(code)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PHP_SECONDS,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def configure(self, more: str = "") -> None:
        """Write wp-config.php, with more lines if wanted."""
        (self.folder / "wp-config.php").write_text(
            CONFIG.format(database=self.name, socket=self.database.socket, url=self.url, more=more)
        )

    def _lines(self, name: str) -> list[str]:
        path = self.folder / "wp-content" / name
        return path.read_text().splitlines() if path.exists() else []


@contextmanager
def running_site(
    folder: Path, database: MariaDB, suite: str, program: str = "php"
) -> Iterator[WordPressSite]:
    """A freshly installed site with the users `admin` and `reader`, on the PHP of a command."""
    root = folder / suite
    shutil.copytree(tree_of(suite), root)
    site = WordPressSite(root, database, suite, program)
    database.sql(f"CREATE DATABASE {site.name} CHARACTER SET utf8mb4")
    site.configure()
    (root / "wp-content" / "mu-plugins").mkdir()
    for name in ("recorder.php", "page-cache.php"):
        shutil.copy(PHP / name, root / "wp-content" / "mu-plugins")
    (root / "wp-content" / "uploads").mkdir()
    install = [program, str(PHP / "install.php"), str(root), PASSWORD]
    subprocess.run(install, check=True, capture_output=True, timeout=PHP_SECONDS)
    with (folder / f"{suite}.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                "-d",
                "opcache.enable_cli=1",
                "-d",
                "opcache.revalidate_freq=0",
                "-d",
                "upload_max_filesize=2M",
                "-S",
                site.url.removeprefix("http://"),
                "-t",
                str(root),
                str(PHP / "router.php"),
            ],
            env={**os.environ, "PHP_CLI_SERVER_WORKERS": "4"},
            stdout=log,
            stderr=log,
            start_new_session=True,  # its workers outlive it: the whole group is ended
        )
    try:
        _wait(site, process)
        yield site
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _wait(site: WordPressSite, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(site.url, timeout=START_SECONDS):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None
            assert time.monotonic() < give_up_at, "WordPress did not start"
            time.sleep(0.1)
