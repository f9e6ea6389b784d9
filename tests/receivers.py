"""A receiver of webhooks on loopback: it notes what it gets and answers as it is told to."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """Its body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `hangs`: there is none until the receiver is let go."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False


class Receiver:
    """Answers the next of `replies`, or `otherwise`."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.replies: deque[Reply] = deque()
        self.otherwise = Reply()
        self.by_path: dict[str, Reply] = {}
        self.let_go = asyncio.Event()
        self.at_once = 0
        self.most_at_once = 0
        self.port = 0
        self.writers: list[asyncio.StreamWriter] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await self._one(reader, writer)
        await _closed(writer)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, colon, value in (one.partition(":") for one in lines)
            if colon
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = first.split(" ")
        self.received.append(Received(method, path, headers, body))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        reply = self.by_path.get(path) or (
            self.replies.popleft() if self.replies else self.otherwise
        )
        if reply.hangs:
            await self.let_go.wait()
        self.at_once -= 1
        more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        start = f"HTTP/1.1 {reply.status} X\r\ncontent-length: {len(reply.body)}\r\n{more}\r\n"
        writer.write(start.encode() + reply.body)
        await writer.drain()


@asynccontextmanager
async def receiver(port: int = 0) -> AsyncGenerator[Receiver, None]:
    """A running receiver."""
    running = Receiver()
    server = await asyncio.start_server(running.handle, "127.0.0.1", port)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        running.let_go.set()
        server.close()
        for writer in running.writers:
            await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
