"""Stream events per CPU-second of the server: our path, stock Strawberry and the raw ceiling.

The CPU time is the server process's own. The three run in turn within every repeat, so that a busy
machine touches all of them alike; the medians are compared.
"""

import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.server_process import Server, running_server

APPLICATIONS = {
    "stock Strawberry": "benchmarks.baselines.stock_strawberry:app",
    "Parlance": "benchmarks.planned_stream:app",
    "raw Starlette + orjson": "benchmarks.baselines.raw_starlette:app",
}

CLIENT_DEADLINE_S = 120.0


@dataclass(frozen=True)
class Throughput:
    """What one server did in every repeat."""

    name: str
    events: int
    cpu_s: list[float]

    @property
    def events_per_cpu_s(self) -> float:
        """The median over the repeats."""
        return self.events / statistics.median(self.cpu_s)


def measure_throughput(deltas: int, repeats: int) -> list[Throughput]:
    """Run every server `repeats` times with an answer of so many deltas."""
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(running_server(application))
            for name, application in APPLICATIONS.items()
        }
        for server in servers.values():
            run_client(server, deltas=1000)
        used: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(repeats):
            for name, server in servers.items():
                used[name].append(measure_cpu(server, deltas))
    return [Throughput(name, deltas + 3, seconds) for name, seconds in used.items()]


def measure_cpu(server: Server, deltas: int) -> float:
    """Return the CPU seconds that the server used for one answer."""
    before = server.cpu_s()
    run_client(server, deltas)
    return server.cpu_s() - before


def run_client(server: Server, deltas: int) -> None:
    """Run the load generator to its end.

    Raises:
        RuntimeError: it did not get every event.
    """
    command = [sys.executable, "-m", "benchmarks.load_client", server.websocket_url, str(deltas)]
    result = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=CLIENT_DEADLINE_S
    )
    if result.stdout.split() != ["events", str(deltas + 3)]:
        raise RuntimeError(f"the client got {result.stdout!r}")
