"""Sites of clients: a web server of a test's own, whose pages embed the widget.

Chromium finds every name under `localhost` on this machine, so one server is as many origins as a
test has names for.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

PATIENCE_S = 10.0


@dataclass
class Site:
    """Pages by their paths, with the headers that each is sent with."""

    port: int = 0
    pages: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        """The origin of the site under a name."""
        return f"http://{name}.localhost:{self.port}"

    def put(self, path: str, body: str, **headers: str) -> None:
        """Show a page, its headers with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = body, named

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and hang up."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                request = await reader.readuntil(b"\r\n\r\n")
                path = request.split(b" ", 2)[1].decode().partition("?")[0]
                writer.write(self._response(path))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            pass  # a connection that the browser opened in advance
        finally:
            writer.close()

    def _response(self, path: str) -> bytes:
        if path == "/favicon.ico":
            return b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        body, headers = self.pages.get(path, ("nothing here", {}))
        status = "200 OK" if path in self.pages else "404 Not Found"
        kind = "text/javascript" if path.endswith(".js") else "text/html; charset=utf-8"
        content = body.encode()
        every = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Connection": "close",
            **headers,
        }
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in every.items())]
        return "\r\n".join([*lines, "", ""]).encode() + content


@asynccontextmanager
async def site_running() -> AsyncIterator[Site]:
    """A site on a free port."""
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        await server.wait_closed()


def page_with(body: str, title: str = "A shop") -> str:
    """A page of a client."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1>\n{body}\n</body></html>"
    )
