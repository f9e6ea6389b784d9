"""Starts an application under uvicorn in a process of its own and reads what that process used."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psutil

BASELINES = "benchmarks.baselines."
"""What runs as its own documentation says."""

START_DEADLINE_S = 120.0
STOP_DEADLINE_S = 60.0


@dataclass(frozen=True)
class Server:
    """A running server process."""

    process: psutil.Process
    port: int

    @property
    def origin(self) -> str:
        """Its address for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket_origin(self) -> str:
        """Its address for WebSocket."""
        return f"ws://127.0.0.1:{self.port}"

    def cpu_s(self) -> float:
        """Return the CPU seconds that the process itself has used, user and system."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def resident_bytes(self) -> int:
        """Return the memory that the process holds for itself alone."""
        return int(self.process.memory_full_info().uss)


UNLIMITED = {
    f"PARLANCE_{name}": "1000000000"
    for name in (
        "QUESTIONS_PER_VISITOR",
        "QUESTIONS_PER_ADDRESS",
        "QUESTIONS_PER_CHATBOT",
        "VISITS_PER_ADDRESS",
        "SIGN_INS_PER_ACCOUNT",
    )
}
"""All load comes from one address here."""


@contextmanager
def running_server(
    application: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run `module:app` under uvicorn for the length of the block: ours as the product runs.

    It finds its own port as PARLANCE_PORT, beside the environment given.
    """
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.parlance_uvicorn", application, str(port)]
    if application.startswith(BASELINES):
        command = [sys.executable, "-m", "uvicorn", application, "--port", str(port)]
        command += ["--log-level", "warning"]
    with running_program(command, port, environment) as server:
        yield server


@contextmanager
def running_program(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a program that listens on the port for the length of the block."""
    child = subprocess.Popen(
        command,
        env={**os.environ, **UNLIMITED, **(environment or {}), "PARLANCE_PORT": str(port)},
    )
    try:
        wait_until_open(port, child)
        yield Server(psutil.Process(child.pid), port)
    finally:
        child.terminate()
        child.wait(STOP_DEADLINE_S)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_open(port: int, child: subprocess.Popen[bytes]) -> None:
    """Wait until the port accepts connections.

    Raises:
        TimeoutError: it does not within START_DEADLINE_S.
        RuntimeError: the process has ended instead.
    """
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"the server ended with code {child.returncode}")
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {START_DEADLINE_S} s")
