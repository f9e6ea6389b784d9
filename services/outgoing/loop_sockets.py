"""Sockets for streams: a read gives all that has come, and costs little.

httpcore's own sockets go through anyio, and its HTTP/1.1 through h11, which cuts what one read
brought into the sender's chunks again; together they cost four times as much per packet as what is
read is worth. These sockets belong to asyncio (uvloop, where it runs). They hand httpcore exactly
the head of an answer, so that its body may be read past httpcore: see `chunked_body`.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpcore

_HEAD_END = b"\r\n\r\n"
_INTERIM = b"HTTP/1.1 1"


class LoopSocket(httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._awaits_head = False
        self._given_back = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """For httpcore: the head of an answer by itself, later what has come."""
        async with _failing_as(httpcore.ReadTimeout, httpcore.ReadError, timeout):
            if self._given_back:
                given_back, self._given_back = self._given_back, b""
                return given_back
            return await (self._head() if self._awaits_head else self._reader.read(max_bytes))

    async def read_some(self, max_bytes: int) -> bytes:
        """All that has come, at once; nothing at the end. Raises `OSError`s."""
        return await self._reader.read(max_bytes)

    def give_back(self, data: bytes) -> None:
        """Let httpcore read this next."""
        self._given_back = data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See httpcore."""
        async with _failing_as(httpcore.WriteTimeout, httpcore.WriteError, timeout):
            self._awaits_head = True
            self._writer.write(buffer)
            await self._writer.drain()

    async def aclose(self) -> None:
        """Hang up at once: nobody waits for the other side's goodbye."""
        self._writer.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore."""
        try:
            async with _failing_as(httpcore.ConnectTimeout, httpcore.ConnectError, timeout):
                await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """See httpcore, which asks for little."""
        if info == "is_readable":
            return self._reader.at_eof() or self._writer.transport.is_closing()
        if info == "ssl_object":
            return self._writer.get_extra_info("ssl_object")
        return None

    async def _head(self) -> bytes:
        try:
            head = await self._reader.readuntil(_HEAD_END)
        except asyncio.IncompleteReadError as error:
            return error.partial
        except asyncio.LimitOverrunError as error:
            return await self._reader.read(error.consumed)
        self._awaits_head = head.startswith(_INTERIM)
        return head


class LoopSockets(httpcore.AsyncNetworkBackend):
    """Opens them."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore."""
        local = (local_address, 0) if local_address else None
        async with _failing_as(httpcore.ConnectTimeout, httpcore.ConnectError, timeout):
            reader, writer = await _opened(host, port, local)
        sock = writer.get_extra_info("socket")
        for option in socket_options or ():
            sock.setsockopt(*option)
        return LoopSocket(reader, writer)


class _Receiving(asyncio.StreamReaderProtocol):
    """Ends the connection when the other side does; half of one is of no use, under TLS or not."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False


async def _opened(
    host: str, port: int, local: tuple[str, int] | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    transport, protocol = await loop.create_connection(
        lambda: _Receiving(reader, loop=loop), host, port, local_addr=local
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


@asynccontextmanager
async def _failing_as(
    too_late: type[Exception], broken: type[Exception], timeout: float | None
) -> AsyncGenerator[None, None]:
    """Errors of httpcore instead of asyncio's."""
    try:
        async with asyncio.timeout(timeout):
            yield
    except TimeoutError as error:
        raise too_late(str(error)) from error
    except (OSError, ssl.SSLError) as error:
        raise broken(str(error)) from error
