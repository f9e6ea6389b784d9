"""Streams over sockets of our own: what httpcore does for others must hold for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.outgoing.guard import AddressGuard, GuardPolicy
from services.outgoing.guarded_client import public_authorities
from services.outgoing.guarded_transport import StreamingTransport
from tests.providers.byte_server import (
    Answer,
    HangUp,
    Packets,
    RawPackets,
    Step,
    UntilClosed,
    Wait,
    byte_server,
)
from tests.unit.outgoing.certificates import server_and_client_tls

PATIENCE_S = 60.0
BODY = b"data: one\n\ndata: two\n\n"
HEAD = b"HTTP/1.1 200 OK\r\n"


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    guard = AddressGuard(GuardPolicy.trusted())
    transport = StreamingTransport(guard, public_authorities())
    async with httpx.AsyncClient(transport=transport, timeout=PATIENCE_S) as http:
        yield http


async def parts_of(http: httpx.AsyncClient, url: str) -> list[bytes]:
    async with http.stream("POST", url, content=b"?") as response:
        return [part async for part in response.stream]  # type: ignore[union-attr]


async def test_what_one_packet_brings_is_one_part() -> None:
    second = asyncio.Event()
    framed = b"B\r\ndata: one\n\n\r\n" * 5
    steps: list[Step] = [RawPackets(framed), Wait(second), RawPackets(framed)]
    async with (
        byte_server(Answer(steps)) as server,
        client() as http,
        http.stream("POST", server.url) as response,
    ):
        parts = response.aiter_raw()
        first = await anext(parts)
        second.set()
        rest = b"".join([part async for part in parts])
    assert first == b"data: one\n\n" * 5
    assert rest == first


@pytest.mark.parametrize("size", [1, 3, None])
async def test_a_connection_is_kept_for_the_next_stream(size: int | None) -> None:
    async with byte_server(Answer([Packets(BODY, size)])) as server, client() as http:
        for _ in range(3):
            assert b"".join(await parts_of(http, server.url)) == BODY
        assert (len(server.requests), server.connections) == (3, 1)


async def test_a_stream_that_is_left_closes_its_connection() -> None:
    async with byte_server(Answer([Packets(BODY), UntilClosed()])) as server, client() as http:
        async with http.stream("POST", server.url) as response:
            assert await anext(response.aiter_raw()) == BODY
        async with asyncio.timeout(PATIENCE_S):
            await server.client_closed.wait()


async def test_a_hang_up_in_the_middle_is_an_error() -> None:
    async with byte_server(Answer([Packets(BODY), HangUp()])) as server, client() as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await parts_of(http, server.url)


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"content-length: 22\r\n\r\n" + BODY,
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"content-length: 22\r\n\r\n" + BODY,
        b"HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n"
        + HEAD
        + b"Transfer-Encoding: Chunked\r\n\r\n16\r\n"
        + BODY
        + b"\r\n0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 1_000])
async def test_every_framing_of_an_answer_is_read(answer: bytes, size: int) -> None:
    steps = [RawPackets(answer[at : at + size]) for at in range(0, len(answer), size)]
    script = Answer([*steps, UntilClosed()], status=None)
    async with byte_server(script) as server, client() as http:
        assert b"".join(await parts_of(http, server.url)) == BODY


async def test_a_body_without_length_ends_with_the_connection() -> None:
    script = Answer([RawPackets(HEAD + b"\r\n" + BODY), HangUp()], status=None)
    async with byte_server(script) as server, client() as http:
        assert b"".join(await parts_of(http, server.url)) == BODY


async def test_a_head_without_end_is_an_error() -> None:
    script = Answer([RawPackets(HEAD + b"x: " + b"y" * 300_000), UntilClosed()], status=None)
    async with byte_server(script) as server, client() as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await parts_of(http, server.url)


async def test_streams_over_tls_speak_of_the_name(tmp_path: Path) -> None:
    server_tls, client_tls = server_and_client_tls("localhost", tmp_path)
    transport = StreamingTransport(AddressGuard(GuardPolicy.trusted()), client_tls)
    async with (
        byte_server(Answer([Packets(BODY, 5)]), tls=server_tls) as server,
        httpx.AsyncClient(transport=transport, timeout=PATIENCE_S) as http,
    ):
        for _ in range(2):
            assert b"".join(await parts_of(http, f"https://localhost:{server.port}")) == BODY
        assert server.connections == 1


async def test_a_certificate_of_nobody_is_refused(tmp_path: Path) -> None:
    server_tls, _ = server_and_client_tls("localhost", tmp_path)
    async with byte_server(Answer([Packets(BODY)]), tls=server_tls) as server, client() as http:
        with pytest.raises(httpx.ConnectError):
            await parts_of(http, f"https://localhost:{server.port}")
        assert server.requests == []
