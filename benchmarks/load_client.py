"""The load generator: one subscription over a real WebSocket, in a process of its own.

Run as a program it prints `at N` when N events have arrived, for each N it is told, waits for a
line on its standard input (whoever measures has then measured) and goes on.
"""

import asyncio
import sys

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.answer_types import OPERATION

FRAME_DEADLINE_S = 60.0


async def run_subscription(url: str, deltas: int, pauses: frozenset[int]) -> int:
    """Subscribe once, read to the end and return how many events came."""
    protocol = Subprotocol("graphql-transport-ws")
    async with connect(url, subprotocols=[protocol], compression=None) as socket:
        await socket.send('{"type":"connection_init"}')
        await asyncio.wait_for(socket.recv(), FRAME_DEADLINE_S)
        variables = {"input": {"text": "Where is it?", "deltas": deltas}}
        payload = {"query": OPERATION, "variables": variables}
        subscribe = {"id": "answer-1", "type": "subscribe", "payload": payload}
        await socket.send(orjson.dumps(subscribe).decode())
        return await count_events(socket, pauses)


async def count_events(socket: ClientConnection, pauses: frozenset[int]) -> int:
    """Count `next` frames until `complete`, and check the first and the last."""
    events = 0
    previous = b""
    async for frame in socket:
        current = frame if isinstance(frame, bytes) else frame.encode()
        if is_last(current):
            break
        events += 1
        if events == 1 and b"AnswerStarted" not in current:
            raise ValueError(f"unexpected first frame {current!r}")
        if events in pauses:
            wait_for_measurement(events)
        previous = current
    if b"in chapter four" not in previous:
        raise ValueError(f"unexpected last event {previous!r}")
    return events


def is_last(frame: bytes) -> bool:
    """Tell whether a frame ends the operation (it names its type in the first few bytes)."""
    return len(frame) < 100 and orjson.loads(frame)["type"] != "next"


def wait_for_measurement(events: int) -> None:
    """Stop reading, so that the server stops too, until the measuring process has looked."""
    print("at", events, flush=True)
    sys.stdin.readline()


def main() -> None:
    url, deltas, *pauses = sys.argv[1:]
    events = asyncio.run(run_subscription(url, int(deltas), frozenset(map(int, pauses))))
    print("events", events, flush=True)


if __name__ == "__main__":
    main()
