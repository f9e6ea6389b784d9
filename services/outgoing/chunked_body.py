"""The body of a stream as it comes: what one read brought is one part.

httpcore gives each of the sender's chunks by itself. Tokens that came in one packet would be as
many steps again, each of them with the whole way through the HTTP library. So a chunked body on
one of our sockets is taken apart here, https://www.rfc-editor.org/rfc/rfc9112#section-7.1, and
httpcore is told at the end that there was no more.
"""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx

from services.outgoing.loop_sockets import LoopSocket

READ_BYTES = 64 * 1024
"""At most so much is taken at once."""

MAX_LINE = 8 * 1024
"""Bytes of a line between chunks: a size with extensions that nobody uses, or a trailer."""

_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?")
_END = b"0\r\n\r\n"


class ChunkedBody(httpx.AsyncByteStream):
    """A body that is read past httpcore."""

    def __init__(self, sock: LoopSocket, rest: Any) -> None:
        """`rest` is httpcore's own body, which sees only the end and closes the connection."""
        self._socket = sock
        self._rest = rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = Chunks()
        while not chunks.are_over:
            try:
                data = await self._socket.read_some(READ_BYTES)
            except OSError as error:
                raise httpx.ReadError(str(error)) from error
            if not data:
                raise httpx.RemoteProtocolError("the connection was closed in the middle")
            if content := chunks.content_of(data):
                yield content
        if not chunks.have_surplus:
            await self._let_httpcore_finish()

    async def aclose(self) -> None:
        """Keep the connection if the body was read to its end, else close it."""
        await self._rest.aclose()

    async def _let_httpcore_finish(self) -> None:
        self._socket.give_back(_END)
        async for _ in self._rest:
            pass


class Chunks:
    """Takes a chunked body apart, however it was cut.

    Attributes:
        are_over: the last chunk was there, and what follows it.
        have_surplus: more came than that.
    """

    def __init__(self) -> None:
        self.are_over = False
        self.have_surplus = False
        self._left = 0
        self._line = b""
        self._is_chunk_end = False
        self._is_trailer = False

    def content_of(self, data: bytes) -> bytes:
        """What some bytes hold of the content.

        Raises:
            httpx.RemoteProtocolError: they are not chunks.
        """
        content, at = list[bytes](), 0
        while at < len(data) and not self.are_over:
            if self._left:
                content.append(data[at : at + self._left])
                self._left -= len(content[-1])
                self._is_chunk_end = not self._left
                at += len(content[-1])
            else:
                at = self._line_from(data, at)
        self.have_surplus = at < len(data)
        return content[0] if len(content) == 1 else b"".join(content)

    def _line_from(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        self._line += data[at:end] if end >= 0 else data[at:]
        if len(self._line) > MAX_LINE:
            raise httpx.RemoteProtocolError("a line between two chunks is too long")
        if end < 0:
            return len(data)
        line, self._line = self._line.rstrip(b"\r"), b""
        self._take_line(line)
        return end + 1

    def _take_line(self, line: bytes) -> None:
        if self._is_trailer:
            self.are_over = not line
        elif self._is_chunk_end and not line:
            self._is_chunk_end = False
        elif not self._is_chunk_end and (size := _SIZE.fullmatch(line)):
            self._left = int(size[1], 16)
            self._is_trailer = not self._left
        else:
            raise httpx.RemoteProtocolError("the size of a chunk is wrong")
