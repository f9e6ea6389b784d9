"""WebSockets as uvicorn speaks them, with a short way for the events of streams.

Most of what it costs to send an event was to check and copy its one text frame, again and again.
What is sent as it is (text, not compressed, and not masked, since it goes to a client) needs a
header of two to ten bytes and nothing else. So an application finds in its scope an extension that
takes the texts of many messages at once and hands them to the network in one write. All other
messages go their usual way.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from graphql_schema.execution.frames import FRAMES

SHORT_HEADERS = [bytes((0x81, size)) for size in range(126)]
"""Of a whole text message from a server (RFC 6455, 5.2), by its size."""

MEDIUM = 1 << 16
"""From this size on a header says the size in eight bytes instead of two."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Offers `parlance.frames` to applications, unless the client is to get compressed messages."""

    def handle_connect(self, event: Any) -> None:
        """Begin to serve a connection."""
        super().handle_connect(event)
        is_accepted = self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS
        if is_accepted and not self.conn.extensions:
            self.scope["extensions"][FRAMES] = {"socket": self}
        del self.request

    def start_keepalive(self) -> None:
        """Go on after the handshake, without what was for the handshake alone."""
        super().start_keepalive()
        del self.response

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the scope, which holds this: a circle would wait for the search for garbage."""
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"].pop(FRAMES, None)
        super().connection_lost(exc)

    def write_texts(self, texts: Sequence[bytes]) -> bool:
        """Hand messages to the network; False if the client must catch up first (see `drained`).

        Raises:
            OSError: the connection has ended or is about to.
        """
        if self.close_sent or not self.handshake_complete or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(text_frames(texts))
        return self.writable.is_set()

    async def drained(self) -> None:
        """Wait until the client has caught up, or is gone."""
        await self.writable.wait()


def text_frames(texts: Sequence[bytes]) -> bytes:
    """The frames of text messages, one after the other."""
    parts = []
    for text in texts:
        size = len(text)
        parts.append(SHORT_HEADERS[size] if size < len(SHORT_HEADERS) else _long_header(size))
        parts.append(text)
    return b"".join(parts)


def _long_header(size: int) -> bytes:
    if size < MEDIUM:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")
