"""A client's website on an origin of its own, with pages that embed the widget.

A real server, because a browser lets no page that came from nowhere talk to this machine.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape

HTML = "text/html; charset=utf-8"
PAGE = """<!doctype html>
<html lang="{lang}">
<head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<main><h1>{title}</h1><p>Words of a shop. <a href="/other">Another page</a></p>
<button>Buy</button>{body}</main>
{script}
</body>
</html>"""


@dataclass
class ClientSite:
    """What it serves, by path; every path without a page gets the first one."""

    origin: str = ""
    pages: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def show(
        self,
        script: str,
        *,
        path: str = "/",
        body: str = "",
        lang: str = "en",
        title: str = "The shop",
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """A page with this script element; gives its address."""
        page = PAGE.format(lang=lang, title=title, body=body, script=script)
        self.pages[path] = (page, headers or {})
        return f"{self.origin}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = request.split(" ")[1]
        self.requests.append(path)
        page, more = self.pages.get(path) or next(iter(self.pages.values()))
        headers = {"content-type": HTML, "cache-control": "no-store", "connection": "close", **more}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 200 OK\r\n{lines}\r\n{page}".encode())
        await writer.drain()
        writer.close()


def script_of(url: str, chatbot: str = "demo", **data: str) -> str:
    """The one line that a client pastes."""
    named = {"chatbot": chatbot, **data}
    attributes = " ".join(
        f'data-{name.replace("_", "-")}="{escape(value)}"' for name, value in named.items()
    )
    return f'<script async src="{url}/widget.js" {attributes}></script>'


@asynccontextmanager
async def client_site() -> AsyncIterator[ClientSite]:
    """A running site on a free loopback port."""
    site = ClientSite()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.origin = f"http://localhost:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield site
