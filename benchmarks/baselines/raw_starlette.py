"""Baseline: the same frames written by hand, a Starlette WebSocket and orjson, no GraphQL at all.

This is the ceiling for a server that sends one frame per event.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from benchmarks.answer_types import WORDS


async def answer(socket: WebSocket) -> None:
    """Speak just enough graphql-transport-ws for the load generator."""
    await socket.accept(subprotocol="graphql-transport-ws")
    await socket.receive_text()
    await socket.send_text('{"type":"connection_ack"}')
    subscribe = orjson.loads(await socket.receive_text())
    operation_id = subscribe["id"]
    for event in make_events(subscribe["payload"]["variables"]["input"]["deltas"]):
        frame = {"id": operation_id, "type": "next", "payload": {"data": {"ask": event}}}
        await socket.send_text(orjson.dumps(frame).decode())
    await socket.send_text(orjson.dumps({"id": operation_id, "type": "complete"}).decode())
    await socket.receive()


def make_events(deltas: int) -> Iterator[dict[str, Any]]:
    """Make the events of one answer, as they look on the wire."""
    ids = {"conversationId": "c1", "questionId": "q1", "messageId": "m1"}
    yield {"__typename": "AnswerStarted", "seq": 1, **ids}
    yield {"__typename": "AnswerStep", "seq": 2, "step": "THINKING", "label": "Thinking"}
    for index in range(deltas):
        text = WORDS[index % len(WORDS)]
        yield {"__typename": "AnswerDelta", "seq": index + 3, "text": text}
    answer = {
        "id": "m1",
        "content": "the answer",
        "status": "COMPLETE",
        "citations": [{"number": 1, "quote": "in chapter four"}],
    }
    yield {"__typename": "AnswerCompleted", "seq": deltas + 3, "answer": answer}


app = Starlette(routes=[WebSocketRoute("/graphql", answer)])
