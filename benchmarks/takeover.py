"""How long a reader waits for more when the server that makes the answer is killed.

Two servers on one database and one Redis. A visitor reads an answer through the one that does not
make it, and the other is killed by SIGKILL in the middle. Measured are the seconds from the kill to
the event that says that the answer begins anew, and to the first word after it.
"""

import asyncio
import json
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websockets

from benchmarks.demo_visit import start_visit
from benchmarks.redis_process import running_redis
from benchmarks.server_process import Server, running_server
from benchmarks.stream_throughput import PRODUCT_APPLICATION, PRODUCT_PATH
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions

QUESTION = "600 20"
"""Six hundred words, one every 20 ms."""

SEEN_EVENTS = 20
PATIENCE_S = 60.0
ASK = "subscription ($input: AskInput!) { ask(input: $input) { __typename seq } }"


@dataclass(frozen=True)
class Takeovers:
    """Seconds since the kill, of every repeat."""

    restarted_s: list[float]
    next_word_s: list[float]


def measure_takeovers(repeats: int) -> Takeovers:
    """Kill a server in the middle of an answer so many times.

    Raises:
        NoRedisError: there is no redis-server to run.
    """
    return asyncio.run(_measured(repeats))


async def _measured(repeats: int) -> Takeovers:
    found = []
    with tempfile.TemporaryDirectory() as folder, running_redis() as redis_url:
        options = DatabaseOptions(mongodb_url=None, data_dir=Path(folder) / "mongodb")
        database = await open_database(options)
        settings = {
            "PARLANCE_MONGODB_URL": database.url,
            "PARLANCE_REDIS_URL": redis_url,
            "PARLANCE_SECRET_KEY": secrets.token_urlsafe(48),
            "PARLANCE_DEMO": "true",
        }
        try:
            with _server(settings) as staying:
                for _ in range(repeats):
                    with _server(settings) as leaving:
                        found.append(await _one(staying, leaving))
        finally:
            await database.close()
    return Takeovers([one for one, _ in found], [one for _, one in found])


@contextmanager
def _server(settings: dict[str, str]) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        own = {"PARLANCE_DATA_DIR": folder}
        with running_server(PRODUCT_APPLICATION, {**own, **settings}) as server:
            yield server


async def _one(staying: Server, leaving: Server) -> tuple[float, float]:
    """Seconds to the restart and to the next word."""
    token, key = await asyncio.to_thread(start_visit, leaving.origin), secrets.token_hex(8)
    async with _asking(leaving, token, key) as first:
        await _next(first)  # from here on that server makes the answer
        async with _asking(staying, token, key) as socket:
            for _ in range(SEEN_EVENTS):
                await _next(socket)
            leaving.process.kill()
            began = time.perf_counter()
            restarted = await _until(socket, "AnswerRestarted") - began
            return restarted, await _until(socket, "AnswerDelta") - began


async def _until(socket: websockets.ClientConnection, kind: str) -> float:
    """When an event of this kind came."""
    while (await _next(socket))["__typename"] != kind:
        pass
    return time.perf_counter()


@asynccontextmanager
async def _asking(
    server: Server, token: str, key: str
) -> AsyncIterator[websockets.ClientConnection]:
    """A socket on which one question was asked."""
    async with websockets.connect(
        f"{server.websocket_origin}{PRODUCT_PATH}",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        origin=websockets.Origin(server.origin),
        proxy=None,
    ) as socket:
        payload: dict[str, Any] = {"authorization": f"Bearer {token}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        await socket.recv()
        given = {"text": QUESTION, "idempotencyKey": key}
        payload = {"query": ASK, "variables": {"input": given}}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        yield socket


async def _next(socket: websockets.ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        message = json.loads(await socket.recv())
    if message["type"] != "next":
        raise RuntimeError(f"the server said {message}")
    event: dict[str, Any] = message["payload"]["data"]["ask"]
    return event
