"""A language model that says what a test dictates, when the test says so.

It stands where OpenAI would: the server reads its stream from a socket. A test lets it speak one
piece at a time, so that "in the middle of the answer" is a place and not a moment.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.providers.byte_server import Answer, ByteServer, Packets, Pause, Step, Wait, byte_server


class Dictation:
    """The pieces of one answer, each held back until `say_next`."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._turns = [asyncio.Event() for _ in pieces]
        self._said = 0
        steps: list[Step] = []
        for turn, piece in zip(self._turns, pieces, strict=True):
            steps += [Wait(turn), Packets(_chunk({"content": piece}))]
        steps.append(Packets(_chunk({}, "stop") + b"data: [DONE]\n\n"))
        self.answer = Answer(tuple(steps))

    def say_next(self) -> None:
        self._turns[self._said].set()
        self._said += 1

    def say_the_rest(self) -> None:
        for turn in self._turns:
            turn.set()


def speaking(pieces: Sequence[str], seconds_between: float) -> Answer:
    """A provider that says one piece after the other, as time goes by."""
    steps: list[Step] = []
    for piece in pieces:
        steps += [Packets(_chunk({"content": piece})), Pause(seconds_between)]
    return Answer((*steps, Packets(_chunk({}, "stop") + b"data: [DONE]\n\n")))


FAILURE = Answer(
    (Packets(b'{"error": {"message": "overloaded"}}'),),
    status=503,
    headers={"content-type": "application/json"},
)
"""What a provider in trouble says."""


def refusing() -> Answer:
    """A provider whose content policy lets it say nothing."""
    return Answer((Packets(_chunk({}, "content_filter") + b"data: [DONE]\n\n"),))


@asynccontextmanager
async def model_that_says(*answers: Dictation | Answer) -> AsyncIterator[ByteServer]:
    """A provider with these answers, in order."""
    scripted = [each.answer if isinstance(each, Dictation) else each for each in answers]
    async with byte_server(*scripted) as provider:
        yield provider


def _chunk(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "dictated",
        "choices": [choice],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()
