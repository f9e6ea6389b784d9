"""How long hostile input holds the event loop up, beside a stream that somebody follows.

The product runs as `parlance serve` runs it and is told everything as a signed-in admin, who gets
furthest. Stock Strawberry gets the same bytes. Each input is sent a few times, never with the same
document twice, and the worst counts.
"""

import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.answer_types import OPERATION
from benchmarks.demo_visit import start_visit
from benchmarks.hostile_input import BODIES, DOCUMENTS, FRAMES
from benchmarks.loop_probe import PROBE_PATH
from benchmarks.product_server import EMAIL, PASSWORD, sign_in
from benchmarks.server_process import Server, free_port, running_program, running_server
from benchmarks.stream_throughput import PRODUCT_PATH

LIMIT_S = 0.25
"""What the product promises: no document and no frame holds a stream up for longer."""

PATIENCE_S = 20.0
"""A server that has not answered by then is ended, and said to be held up for so long."""

QUIET = "nothing"
QUIET_S = 1.0
WORDS = "3000 10"
"""The question whose answer is so many words, one every so many milliseconds."""


@dataclass(frozen=True)
class Stall:
    """The worst that one input did.

    Attributes:
        name: Of the input.
        cpu_s: CPU seconds for which the product's loop did nothing else.
        gap_s: Seconds between two words of the answer that is followed beside it.
        stock_cpu_s: As `cpu_s`, of stock Strawberry; PATIENCE_S for one that had to be ended.
    """

    name: str
    cpu_s: float
    gap_s: float
    stock_cpu_s: float


Attack = Callable[[Server, dict[str, str], int], None]


def attacks() -> dict[str, Attack]:
    """Every input, as what sends it once."""
    return {
        QUIET: lambda _server, _headers, _round: time.sleep(QUIET_S),
        **{name: _document(text) for name, text in DOCUMENTS.items()},
        **{name: _body(content) for name, content in BODIES.items()},
        **{name: _frames(frames) for name, frames in FRAMES.items()},
    }


def measure_stalls(rounds: int) -> list[Stall]:
    """Send everything to both servers."""
    with running_probed_product() as product, Follower(product) as follower:
        headers = sign_in(product.origin).headers
        ours = {
            name: _worst_beside(follower, product, headers, attack, rounds)
            for name, attack in attacks().items()
        }
    with StockServers() as stock:
        theirs = {name: stock.worst(attack, rounds) for name, attack in attacks().items()}
    return [Stall(name, *ours[name], theirs[name]) for name in ours]


@contextmanager
def running_probed_product(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run the product with a database of its own and a synthetic model."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.probed_product"]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PARLANCE_DATA_DIR": str(Path(folder) / "data"),
            "PARLANCE_DEMO": "true",
            "PARLANCE_ADMIN_EMAIL": EMAIL,
            "PARLANCE_ADMIN_PASSWORD": PASSWORD,
            "PARLANCE_LOG_FORMAT": "json",
            "PARLANCE_LOG_LEVEL": "error",
            **(settings or {}),
        }
        with running_program(command, port, environment) as server:
            yield server


class Follower:
    """A visitor who reads an answer, word by word, and notes the longest wait between two."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._longest_s = 0.0
        self._running = True
        self._reading = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._follow, name="follower")

    def __enter__(self) -> "Follower":
        self._thread.start()
        self._reading.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._running = False
        self._thread.join()

    def take(self) -> float:
        """The longest wait since this was last called, in seconds.

        Raises:
            RuntimeError: the answer broke off.
        """
        if self._failure is not None or not self._thread.is_alive():
            raise RuntimeError(f"the answer beside it broke off: {self._failure}")
        longest, self._longest_s = self._longest_s, 0.0
        return longest

    def _follow(self) -> None:
        try:
            while self._running:
                with opened(self._server.websocket_origin + PRODUCT_PATH, self._server) as socket:
                    self._read_answer(socket)
        except (OSError, ValueError, WebSocketException) as error:
            self._failure = error

    def _read_answer(self, socket: ClientConnection) -> None:
        token = start_visit(self._server.origin)
        greeting = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        socket.send(orjson.dumps(greeting).decode())
        socket.recv(PATIENCE_S)
        asked = {"text": WORDS, "idempotencyKey": str(uuid.uuid4())}
        payload = {"query": OPERATION, "variables": {"input": asked}}
        socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": payload}).decode())
        last: float | None = None
        while self._running:
            event = orjson.loads(socket.recv(PATIENCE_S))
            if event["type"] != "next":
                break
            now = time.perf_counter()
            if event["payload"]["data"]["ask"]["__typename"] != "AnswerDelta":
                last = None
                continue
            if last is not None:
                self._longest_s = max(self._longest_s, now - last)
            last = now
            self._reading.set()


def opened(url: str, server: Server) -> ClientConnection:
    """A socket that speaks the protocol; Strawberry's own limit on frames is not ours to test."""
    return connect(
        url,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        origin=Origin(server.origin),
        proxy=None,
        close_timeout=1,
        max_size=None,
    )


def _worst_beside(
    follower: Follower, server: Server, headers: dict[str, str], attack: Attack, rounds: int
) -> tuple[float, float]:
    """The CPU seconds and the wait for a word of the worst round."""
    found = []
    for number in range(rounds):
        _take(server)
        follower.take()
        attack(server, headers, number)
        found.append((_take(server)["cpu_s"], follower.take()))
    return max(cpu for cpu, _ in found), max(gap for _, gap in found)


class StockServers:
    """Stock Strawberry, started again whenever it does not come back."""

    def __init__(self) -> None:
        self._running: Any = None
        self._server: Server | None = None

    def __enter__(self) -> "StockServers":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def worst(self, attack: Attack, rounds: int) -> float:
        """CPU seconds of the loop for which nothing else ran in the worst round."""
        longest = 0.0
        for number in range(rounds):
            server = self._started()
            try:
                _take(server)
                attack(server, {}, number)
                longest = max(longest, _take(server)["cpu_s"])
            except (httpx.HTTPError, TimeoutError):
                self._stop()
                return PATIENCE_S
        return longest

    def _started(self) -> Server:
        if self._server is None:
            self._running = running_server("benchmarks.baselines.stock_probed:app")
            self._server = self._running.__enter__()
        return self._server

    def _stop(self) -> None:
        if self._server is not None:
            self._server.process.kill()
            self._running.__exit__(None, None, None)
            self._server = None


def _take(server: Server) -> dict[str, float]:
    answer = httpx.get(f"{server.origin}{PROBE_PATH}", timeout=PATIENCE_S, trust_env=False)
    delays: dict[str, float] = answer.raise_for_status().json()
    return delays


def _document(text: str) -> Attack:
    def send(server: Server, headers: dict[str, str], number: int) -> None:
        _post(server, orjson.dumps({"query": f"{text} #{number}"}), headers)

    return send


def _body(content: bytes) -> Attack:
    def send(server: Server, headers: dict[str, str], _number: int) -> None:
        _post(server, content, headers)

    return send


def _post(server: Server, content: bytes, headers: dict[str, str]) -> None:
    known = {"content-type": "application/json", **headers}
    # A body that is too large may be refused while it is still being sent.
    with suppress(httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        httpx.post(
            f"{server.origin}/graphql",
            content=content,
            headers=known,
            timeout=PATIENCE_S,
            trust_env=False,
        )


def _frames(frames: list[str]) -> Attack:
    def send(server: Server, _headers: dict[str, str], _number: int) -> None:
        with (
            suppress(ConnectionClosed),
            opened(f"{server.websocket_origin}/graphql", server) as socket,
        ):
            for one in frames:
                socket.send(one)
            socket.send('{"type":"ping"}')
            while True:
                try:
                    socket.recv(timeout=QUIET_S)
                except TimeoutError:
                    break

    return send
