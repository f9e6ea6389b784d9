"""How soon an answer begins, and goes on after a cut, beside thousands of idle widgets.

The server runs as `parlance serve` does, with a model that speaks for three seconds. Fifty visitors
ask, read the answer to its end and ask again, each for itself, so that fifty answers stream all the
time: first alone, then beside idle sockets which follow `visitEvents` as open widgets do. After an
answer its visitor comes back on a new socket and goes on with it from the second event: connecting
is part of what is measured. The load comes from this process, the server is another one.
"""

import asyncio
import gc
import json
import random
import secrets
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import websockets

from benchmarks.demo_visit import start_visit
from benchmarks.server_process import Server
from benchmarks.stalls import running_probed_product

STREAMS = 50
VISITORS = 550
"""Fifty who ask, and those whose tabs the idle sockets are."""

SPEAKING_S = 3.0
OPENED_AT_ONCE = 50
PATIENCE_S = 60.0
QUESTION = "60 50"
"""Sixty words, one every 50 ms."""

ASK = """
subscription ($input: AskInput!) { ask(input: $input) { __typename seq } }
"""
VISIT_EVENTS = "subscription { visitEvents { __typename } }"
PATH = "/synthetic/graphql"
ENDS = {"AnswerCompleted", "AnswerFailed"}
ROOM = {"PARLANCE_VISITS_PER_CHATBOT": "100000"}


@dataclass(frozen=True)
class Waits:
    """Seconds until the first event came.

    Attributes:
        idle: How many sockets were open beside.
        asked: After a question on an open socket.
        resumed: After a cut, from the first byte of a new connection.
        memory_bytes: What the server held for itself alone, at the end.
    """

    idle: int
    asked: list[float]
    resumed: list[float]
    memory_bytes: int


def measure_widgets(idle: int, rounds: int) -> list[Waits]:
    """Measure alone, then beside so many idle widgets."""
    with running_probed_product(ROOM) as server:
        tokens = [start_visit(server.origin) for _ in range(VISITORS)]
        return asyncio.run(_measure(server, tokens, idle, rounds))


async def _measure(server: Server, tokens: Sequence[str], idle: int, rounds: int) -> list[Waits]:
    found = []
    async with AsyncExitStack() as stack:
        for count in (0, idle):
            await _open_idle(server, tokens[STREAMS:], count, stack)
            # Searching this process for garbage, its thousands of sockets, takes a second.
            gc.collect()
            gc.freeze()
            waits = await asyncio.gather(
                *(_visit(server, token, rounds) for token in tokens[:STREAMS])
            )
            asked = [wait for first, _ in waits for wait in first]
            resumed = [wait for _, again in waits for wait in again]
            found.append(Waits(count, asked, resumed, server.resident_bytes()))
    return found


async def _open_idle(
    server: Server, tokens: Sequence[str], count: int, stack: AsyncExitStack
) -> None:
    for first in range(0, count, OPENED_AT_ONCE):
        some = range(first, min(first + OPENED_AT_ONCE, count))
        opened = await asyncio.gather(
            *(connected(server, tokens[number % len(tokens)]) for number in some)
        )
        for socket in opened:
            stack.push_async_callback(socket.close)
            await socket.send(_subscribe(VISIT_EVENTS))


async def _visit(server: Server, token: str, rounds: int) -> tuple[list[float], list[float]]:
    """Ask again and again, and come back to each answer; the first round is not counted."""
    asked, resumed = list[float](), list[float]()
    await asyncio.sleep(random.uniform(0, SPEAKING_S))  # noqa: S311  no secret
    for _ in range(rounds + 1):
        key = secrets.token_hex(8)
        socket = await connected(server, token)
        asked.append(await asked_to_the_end(socket, key))
        await socket.close()
        resumed.append(await _resumed(server, token, key))
    return asked[1:], resumed[1:]


async def asked_to_the_end(
    socket: websockets.ClientConnection, key: str, question: str = QUESTION
) -> float:
    """Until the answer has begun, in seconds; the answer is read to its end."""
    began = time.perf_counter()
    await socket.send(_subscribe(ASK, input={"text": question, "idempotencyKey": key}))
    first = await _next_event(socket)
    took = time.perf_counter() - began
    if first["__typename"] != "AnswerStarted":
        raise RuntimeError(f"the answer began with {first}")
    event = first
    while event["__typename"] not in ENDS:
        event = await _next_event(socket)
    return took


async def _resumed(server: Server, token: str, key: str) -> float:
    began = time.perf_counter()
    socket = await connected(server, token)
    given = {"text": QUESTION, "idempotencyKey": key, "afterSeq": 2}
    await socket.send(_subscribe(ASK, input=given))
    event = await _next_event(socket)
    took = time.perf_counter() - began
    await socket.close()
    if event["seq"] != 3:
        raise RuntimeError(f"the answer went on with {event}")
    return took


async def connected(server: Server, token: str) -> websockets.ClientConnection:
    socket = await websockets.connect(
        f"{server.websocket_origin}{PATH}",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        origin=websockets.Origin(server.origin),
        compression=None,
        ping_interval=None,
        open_timeout=PATIENCE_S,
        proxy=None,
    )
    payload = {"authorization": f"Bearer {token}"}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    message = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
    if message["type"] != "connection_ack":
        raise RuntimeError(f"the server said {message}")
    return socket


async def _next_event(socket: websockets.ClientConnection) -> dict[str, Any]:
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
        if message["type"] == "next":
            event: dict[str, Any] = message["payload"]["data"]["ask"]
            return event
        if message["type"] != "ping":
            raise RuntimeError(f"the server said {message}")


def _subscribe(document: str, **variables: Any) -> str:
    payload = {"query": document, "variables": variables}
    return json.dumps({"type": "subscribe", "id": "1", "payload": payload})


def percentile_of(waits: Sequence[float], share: int) -> float:
    """The wait that so many of a hundred do not exceed, in seconds."""
    return statistics.quantiles(waits, n=100, method="inclusive")[share - 1]
