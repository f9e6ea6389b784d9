"""A MariaDB of the tests' own, on a socket, without a port, gone with them."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
FAST = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--skip-log-bin",
    "--sync-binlog=0",
    "--max-connections=60",
)
"""Nothing here must outlive a crash."""


class MariaDB:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "s"

    def sql(self, statement: str, database: str = "") -> str:
        """What the server says to a statement, as tab-separated lines without a heading."""
        command = ["mariadb", "--no-defaults", "-uroot", f"-S{self.socket}", "-N", "-B"]
        done = subprocess.run(
            [*command, "-e", statement, *([database] if database else [])],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        command = ["mariadb-admin", "--no-defaults", "-uroot", f"-S{self.socket}", "ping"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaDB]:
    """A server on a fresh folder, which must have a short path: it holds a socket."""
    data = f"--datadir={folder / 'data'}"
    with (folder / "log").open("wb") as log:
        subprocess.run(
            [
                "mariadb-install-db",
                "--no-defaults",
                data,
                "--user=root",
                "--skip-test-db",
                "--auth-root-authentication-method=normal",
                "--skip-name-resolve",
            ],
            stdout=log,
            stderr=log,
            check=True,
            timeout=120,
        )
        server = MariaDB(folder)
        process = subprocess.Popen(
            [
                "mariadbd",
                "--no-defaults",
                data,
                f"--socket={server.socket}",
                "--user=root",
                "--skip-networking",
                f"--pid-file={folder / 'pid'}",
                *FAST,
            ],
            stdout=log,
            stderr=log,
        )
        try:
            _wait(server, process)
            yield server
        finally:
            process.kill()  # its data goes as well
            process.wait(30)


def _wait(server: MariaDB, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise AssertionError(f"MariaDB did not start:\n{(server.folder / 'log').read_text()}")
        time.sleep(0.1)
