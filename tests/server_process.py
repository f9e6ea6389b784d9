"""A real `parlance serve` with its own data folder and its own MongoDB, for tests."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

START_SECONDS = 240.0
"""Far more than a start takes, on a machine that many tests share."""

STOP_SECONDS = 40.0
COMMAND_SECONDS = 180.0
ROOT = Path(__file__).parent.parent

EVERYBODY_IS_ONE_ADDRESS = {
    f"PARLANCE_{name}": "1000000"
    for name in (
        "QUESTIONS_PER_VISITOR",
        "QUESTIONS_PER_ADDRESS",
        "QUESTIONS_PER_CHATBOT",
        "VISITS_PER_ADDRESS",
        "REFRESHES_PER_ADDRESS",
        "RESETS_PER_ADDRESS",
        "INVITATIONS_PER_CLIENT",
        "MODEL_TESTS_PER_PERSON",
        "HOOK_CHECKS_PER_PERSON",
    )
} | {"PARLANCE_ANSWERS_PER_VISITOR": "1000"}
"""Rates that hundreds of visitors of one test run, all from 127.0.0.1, do not reach."""

KEY_VARIABLE = "PARLANCE_LLM_KEY_TESTS"
"""A provider's key that every test server was started with."""

KEY_IN_THE_ENVIRONMENT = "sk-from-the-environment"


def free_port() -> int:
    """A port on which nobody listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """Starts, stops, kills and restarts one server on one data folder and port."""

    admin_email = "admin@example.com"
    admin_password = "correct horse battery staple"
    program: tuple[str, ...] = ("-m", "api.cli")
    """What the interpreter runs; it gets the command."""
    kind = "serve"
    """The command that runs until it is stopped."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Everything that the server wrote so far."""
        path = self.data_dir / "server.log"
        return path.read_text() if path.exists() else ""

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """The settings of this server, for commands beside it."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("PARLANCE_")
        }
        return inherited | {
            "PARLANCE_DATA_DIR": str(self.data_dir),
            "PARLANCE_PORT": str(self.port),
            "PARLANCE_ADMIN_PASSWORD": self.admin_password,
            "PARLANCE_DRAIN_SECONDS": "5",
            KEY_VARIABLE: KEY_IN_THE_ENVIRONMENT,
            **EVERYBODY_IS_ONE_ADDRESS,
            **self._settings,
        }

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.program, self.kind],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.wait_until_ready()
        except AssertionError:
            self.kill()
            raise

    def wait_until_ready(self) -> None:
        """Wait until requests can be served."""
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at:
            if self._process is not None and self._process.poll() is not None:
                raise AssertionError(f"the server ended:\n{self.log[-4000:]}")
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"the server did not get ready:\n{self.log[-4000:]}")

    def stop(self) -> int | None:
        """Stop as systemd does; the exit status."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop:\n{self.log[-4000:]}") from None

    def kill(self) -> None:
        """SIGKILL the server, and nothing else: its MongoDB must go by itself."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def restart(self) -> None:
        """Stop (if it runs) and start on the same data and port."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self.start()

    def command(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a `parlance` command beside the server."""
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            cwd=ROOT,
            env=self.environment(),
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
