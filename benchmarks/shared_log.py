"""What it costs that servers share their answers: the event log in Redis against that in memory.

The same product twice, once with PARLANCE_REDIS_URL. A model that says all at once fills whole
batches. Twenty that say a word every 25 ms make each event a batch of its own: the dearest way.
What counts is the CPU time of the server process; Redis is a process beside it.
"""

import asyncio
import statistics
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.demo_visit import start_visit
from benchmarks.load_client import Subscribing
from benchmarks.redis_process import running_redis
from benchmarks.server_process import Server, running_server
from benchmarks.stream_throughput import (
    PRODUCT_APPLICATION,
    PRODUCT_FRAME_EVENTS,
    PRODUCT_PATH,
    WARM_DELTAS,
    measure_cpu,
)
from benchmarks.widgets import asked_to_the_end, connected

MEMORY, REDIS = "log in memory", "log in Redis"
AT_ONCE = "all at once"
WORD_BY_WORD = "a word every 25 ms"
RESUMED = "resumed"
SPEAKING = 20
"""Answers at a time that are spoken word by word."""

SPOKEN_WORDS, PAUSE_MS = 400, 25


@dataclass(frozen=True)
class LogCost:
    """What one way of answering cost in every repeat, in seconds of CPU."""

    log: str
    manner: str
    events: int
    cpu_s: list[float]

    @property
    def us_per_event(self) -> float:
        """The median over the repeats, in microseconds."""
        return 1e6 * statistics.median(self.cpu_s) / self.events


def measure_logs(deltas: int, repeats: int) -> list[LogCost]:
    """Let both servers answer in both manners, in turns.

    Raises:
        NoRedisError: there is no redis-server to run.
    """
    with ExitStack() as stack:
        url = stack.enter_context(running_redis())
        servers = {
            MEMORY: stack.enter_context(_running({})),
            REDIS: stack.enter_context(_running({"PARLANCE_REDIS_URL": url})),
        }
        for server in servers.values():
            _measured(server, WARM_DELTAS)
        runs = [
            {name: _measured(server, deltas) for name, server in servers.items()}
            for _ in range(repeats)
        ]
    return [
        LogCost(name, manner, runs[0][name][manner][0], [run[name][manner][1] for run in runs])
        for manner in (AT_ONCE, WORD_BY_WORD, RESUMED)
        for name in servers
    ]


@contextmanager
def _running(settings: dict[str, str]) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        own = {"PARLANCE_DATA_DIR": folder, "PARLANCE_DEMO": "true"}
        with running_server(PRODUCT_APPLICATION, {**own, **settings}) as server:
            yield server


def _measured(server: Server, deltas: int) -> dict[str, tuple[int, float]]:
    """Events and seconds of CPU, by manner."""
    quick = _asking(server, f"{deltas}")
    return {
        AT_ONCE: measure_cpu(server, quick, deltas + PRODUCT_FRAME_EVENTS),
        WORD_BY_WORD: _spoken(server),
        RESUMED: measure_cpu(server, quick, deltas + PRODUCT_FRAME_EVENTS),
    }


def _spoken(server: Server) -> tuple[int, float]:
    tokens = [start_visit(server.origin) for _ in range(SPEAKING)]
    before = server.cpu_s()
    asyncio.run(_all_read(server, tokens))
    return SPEAKING * (SPOKEN_WORDS + PRODUCT_FRAME_EVENTS), server.cpu_s() - before


async def _all_read(server: Server, tokens: Sequence[str]) -> None:
    async with asyncio.TaskGroup() as group:
        for token in tokens:
            group.create_task(_read(server, token))


async def _read(server: Server, token: str) -> None:
    socket = await connected(server, token)
    await asked_to_the_end(socket, uuid.uuid4().hex, f"{SPOKEN_WORDS} {PAUSE_MS}")
    await socket.close()


def _asking(server: Server, question: str) -> Subscribing:
    return Subscribing(
        f"{server.websocket_origin}{PRODUCT_PATH}",
        {"text": question, "idempotencyKey": str(uuid.uuid4())},
        origin=server.origin,
        connection_init={"authorization": f"Bearer {start_visit(server.origin)}"},
    )
