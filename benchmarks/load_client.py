"""The load generator: one subscription over a real WebSocket, in a process of its own.

Run as a program it prints `at N` when N events have arrived, for each N it is told, waits for a
line on its standard input (whoever measures has then measured) and goes on; at the end it prints
how many events there were.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.answer_types import OPERATION

CLIENT_DEADLINE_S = 300.0
"""For one whole subscription."""


@dataclass(frozen=True)
class Subscribing:
    """What the load generator is to subscribe to."""

    url: str
    input: dict[str, Any]
    origin: str | None = None
    connection_init: dict[str, Any] = field(default_factory=dict)


def client_command(subscribing: Subscribing, pauses: Iterable[int] = ()) -> list[str]:
    """Return the command line that runs the load generator."""
    program = [sys.executable, "-m", "benchmarks.load_client"]
    return [*program, orjson.dumps(asdict(subscribing)).decode(), *map(str, pauses)]


def run_client(subscribing: Subscribing) -> int:
    """Run the load generator to its end; return how many events it got."""
    result = subprocess.run(
        client_command(subscribing),
        check=True,
        capture_output=True,
        text=True,
        timeout=CLIENT_DEADLINE_S,
    )
    return int(result.stdout)


async def receive_subscription(subscribing: Subscribing, pauses: frozenset[int]) -> int:
    """Subscribe once, read to the end and return how many events came."""
    async with (
        asyncio.timeout(CLIENT_DEADLINE_S),
        connect(
            subscribing.url,
            origin=Origin(subscribing.origin) if subscribing.origin else None,
            subprotocols=[Subprotocol("graphql-transport-ws")],
            compression=None,
        ) as socket,
    ):
        await send(socket, {"type": "connection_init", "payload": subscribing.connection_init})
        await socket.recv()
        payload = {"query": OPERATION, "variables": {"input": subscribing.input}}
        await send(socket, {"id": "answer-1", "type": "subscribe", "payload": payload})
        return await count_events(socket, pauses)


async def send(socket: ClientConnection, message: dict[str, Any]) -> None:
    """Send one message."""
    await socket.send(orjson.dumps(message).decode())


async def count_events(socket: ClientConnection, pauses: frozenset[int]) -> int:
    """Count `next` frames until `complete`.

    Raises:
        ValueError: it is no answer from its first event to its last.
    """
    events = 0
    first = last = ""
    async for frame in socket:
        current = str(frame)
        if is_last(current):
            break
        events += 1
        first, last = first or current, current
        if events in pauses:
            wait_for_measurement(events)
    if "AnswerStarted" not in first or "AnswerCompleted" not in last:
        raise ValueError(f"no whole answer: {first!r} to {last!r}, then {current!r}")
    return events


def is_last(frame: str) -> bool:
    """Tell whether a frame ends the operation; frames of events are not parsed, to be quick."""
    return '"type":"next"' not in frame[:100]


def wait_for_measurement(events: int) -> None:
    """Stop reading, so that the server stops too, until the measuring process has looked."""
    print("at", events, flush=True)
    sys.stdin.readline()


def main() -> None:
    described, *pauses = sys.argv[1:]
    subscribing = Subscribing(**orjson.loads(described))
    print(asyncio.run(receive_subscription(subscribing, frozenset(map(int, pauses)))), flush=True)


if __name__ == "__main__":
    main()
