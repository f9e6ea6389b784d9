"""A site on loopback: pages by path, with headers and faults, and a record of who asked when."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

REASONS = {200: "OK"}


@dataclass(frozen=True)
class Reply:
    """What a path answers; `hangs_up` closes the connection instead."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs_up: bool = False


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]


Answering = Callable[[Request], Reply]


def html(body: str, head: str = "", **headers: str) -> Reply:
    text = f"<!doctype html><html><head>{head}</head><body><main>{body}</main></body></html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(text.encode(), headers={"content-type": "text/html; charset=utf-8", **named})


def moved(location: str, status: int = 301) -> Reply:
    return Reply(status=status, headers={"location": location})


class Site:
    """Its `pages` may be changed while it runs. A path that is not there answers 404.

    A path that is `held` answers when its event is set.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Reply | Answering] = {}
        self.held: dict[str, asyncio.Event] = {}
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self.url = ""
        self.host = ""

    @property
    def asked(self) -> list[str]:
        """The paths in order, without robots.txt."""
        return [one.path for one in self.requests if one.path != "/robots.txt"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read(reader):
                self.requests.append(request)
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                await asyncio.sleep(0)
                if request.path in self.held:
                    await self.held[request.path].wait()
                reply = self._reply(request)
                self._at_once -= 1
                if reply.hangs_up:
                    return
                await _write(writer, reply)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _reply(self, request: Request) -> Reply:
        page = self.pages.get(request.path, Reply(b"not here", 404))
        reply = page(request) if callable(page) else page
        etag = reply.headers.get("etag")
        if etag is not None and request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers={"etag": etag})
        return reply


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    parts = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in parts}
    return Request(first.split(" ")[1], headers)


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    headers = {"content-length": str(len(reply.body)), **reply.headers}
    lines = [
        f"HTTP/1.1 {reply.status} Told",
        *(f"{key}: {value}" for key, value in headers.items()),
    ]
    writer.write("\r\n".join((*lines, "", "")).encode("latin-1") + reply.body)
    await writer.drain()


@asynccontextmanager
async def running_site(host: str = "127.0.0.1") -> AsyncIterator[Site]:
    """A site of no pages on a free port."""
    site = Site()
    server = await asyncio.start_server(site.serve, host, 0)
    port = server.sockets[0].getsockname()[1]
    site.host = f"{host}:{port}"
    site.url = f"http://{site.host}"
    try:
        yield site
    finally:
        server.close()
        await server.wait_closed()
