"""Bodies are counted as they arrive, whatever their header says."""

import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from api.middleware.body_limit import BodyLimit

LIMIT = 10


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it was sent."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(body)(scope, receive, send)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Begins to answer before it has read everything."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    async for part in Request(scope, receive).stream():
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def parts(*given: bytes) -> AsyncIterator[bytes]:
    for part in given:
        yield part


async def posted(app: object, content: object, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=BodyLimit(app, LIMIT))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        return await http.post("/", content=content, headers=headers)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [b"", b"x", b"x" * LIMIT])
async def test_what_fits_passes(body: bytes) -> None:
    answer = await posted(echo, body)
    assert (answer.status_code, answer.content) == (200, body)


@pytest.mark.parametrize("given", [[b"x" * 4] * 2, [b"x"] * LIMIT, []])
async def test_what_fits_in_parts_passes(given: Sequence[bytes]) -> None:
    assert (await posted(echo, parts(*given))).content == b"".join(given)


def check_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 413
    (error,) = json.loads(answer.content)["errors"]
    assert error["extensions"]["code"] == "BODY_TOO_LARGE"
    assert str(LIMIT) in error["message"]


async def test_what_is_declared_too_large_is_not_read() -> None:
    read: list[bytes] = []

    async def unread() -> AsyncIterator[bytes]:
        read.append(b"")
        yield b"x"

    check_refused(await posted(echo, b"x" * (LIMIT + 1)))
    check_refused(await posted(echo, unread(), **{"content-length": str(LIMIT + 1)}))


@pytest.mark.parametrize("length", ["-1", "1e3", "x", ""])
async def test_a_length_that_is_none_is_refused(length: str) -> None:
    check_refused(await posted(echo, b"x", **{"content-length": length}))


@pytest.mark.parametrize("given", [[b"x" * 11], [b"x" * 6] * 2, [b"x"] * 1_000])
async def test_what_turns_out_too_large_is_refused(given: Sequence[bytes]) -> None:
    check_refused(await posted(echo, parts(*given)))


async def test_a_false_length_does_not_help() -> None:
    check_refused(await posted(echo, parts(b"x" * 100), **{"content-length": "1"}))


async def test_an_answer_that_has_begun_is_cut_off() -> None:
    incoming = iter([b"x" * 6] * 2)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": next(incoming), "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    await BodyLimit(stream, LIMIT)(scope, receive, send)
    assert [message.get("body") for message in sent] == [None, b"x" * 6]


async def test_other_connections_pass_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        """Sends nothing."""

    await BodyLimit(app, LIMIT)({"type": "websocket"}, receive, send)
    assert seen == ["websocket"]
