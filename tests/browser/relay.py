"""A network that a test can cut: a TCP relay between the browser and one server or several.

What the page sees is what it sees in a tunnel: the socket dies without a closing handshake, and
connecting again fails until the network is back.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

READ_BYTES = 64 * 1024


class Relay:
    """Forwards bytes both ways while the network is up."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._up = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.refused = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset every connection, and every new one until `mend`."""
        self._up = False
        self.refused.clear()
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._up = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._up:
            writer.transport.abort()
            self.refused.set()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            there, back = await self._connected()
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, back}
        self._writers |= pair
        try:
            await asyncio.gather(_forward(reader, back), _forward(there, writer))
        finally:
            self._writers -= pair
            for end in pair:
                end.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self._target)

    async def stop(self) -> None:
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()


class Balancer(Relay):
    """Takes the servers in turns, and passes over one that does not listen."""

    def __init__(self, *targets: tuple[str, int]) -> None:
        super().__init__(*targets[0])
        self._turns = itertools.cycle(targets)
        self._count = len(targets)
        self.connections = Counter[int]()
        """How many each port got."""

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(self._count):
            host, port = next(self._turns)
            with suppress(OSError):
                connected = await asyncio.open_connection(host, port)
                self.connections[port] += 1
                return connected
        raise ConnectionRefusedError("no server listens")


@asynccontextmanager
async def relay_to(host: str, port: int) -> AsyncIterator[Relay]:
    """A running relay on a free loopback port."""
    async with _running(Relay(host, port)) as relay:
        yield relay


@asynccontextmanager
async def balancer_before(*ports: int) -> AsyncIterator[Balancer]:
    """A running balancer on a free loopback port, before servers on others."""
    balancer = Balancer(*(("127.0.0.1", port) for port in ports))
    async with _running(balancer):
        yield balancer


@asynccontextmanager
async def _running(relay: Relay) -> AsyncIterator[Relay]:
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.stop()
        await server.wait_closed()
