"""A provider that plays bytes exactly as told: odd packets, silence, a hang-up in the middle.

aimock speaks the protocols well; this one speaks them badly, on purpose, and it can say when the
client closed its connection.
"""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

HEAD_DEADLINE_S = 30.0


@dataclass(frozen=True)
class Packets:
    """Body bytes as one HTTP chunk per packet; `size` bytes in a packet, all at once if None."""

    data: bytes
    size: int | None = None


@dataclass(frozen=True)
class RawPackets:
    """Bytes outside HTTP's framing."""

    data: bytes


@dataclass(frozen=True)
class UntilClosed:
    """Say nothing until the client goes away."""


@dataclass(frozen=True)
class Wait:
    """Say nothing until the event is set."""

    event: asyncio.Event


@dataclass(frozen=True)
class Pause:
    """Say nothing for so long."""

    seconds: float


@dataclass(frozen=True)
class Reset:
    """Tear the connection down with a TCP reset."""


@dataclass(frozen=True)
class HangUp:
    """Close in the middle of the body, without HTTP's end mark."""


Step = Packets | RawPackets | UntilClosed | Wait | Pause | Reset | HangUp


@dataclass(frozen=True)
class Answer:
    """One scripted response; without `status` the script speaks before any status line."""

    steps: Sequence[Step] = ()
    status: int | None = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})


@dataclass(frozen=True)
class SeenRequest:
    """What the client sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class ByteServer:
    """Plays its answers in order, the last one for ever."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = list(answers)
        self.url = ""
        self.port = 0
        self.requests: list[SeenRequest] = []
        self.connections = 0
        self.client_closed = asyncio.Event()
        self.asked = asyncio.Event()
        self.answered = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while request := await _read_request(reader):
                self.requests.append(request)
                self.asked.set()
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if not await self._play(answer, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Cancelled by `stop`; asyncio 3.11 logs an error for a cancelled connection task.
            pass
        finally:
            writer.close()
            self.client_closed.set()

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _play(
        self, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if answer.status is not None:
            lines = [f"HTTP/1.1 {answer.status} Scripted", "transfer-encoding: chunked"]
            lines += [f"{name}: {value}" for name, value in answer.headers.items()]
            writer.write("\r\n".join((*lines, "", "")).encode())
            await writer.drain()
            self.answered.set()
        for step in answer.steps:
            if not await self._step(step, reader, writer):
                return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _step(
        self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        match step:
            case Packets(data, size):
                for packet in _packets(data, size or len(data)):
                    writer.write(b"%x\r\n%b\r\n" % (len(packet), packet))
                    await _flushed(writer)
            case RawPackets(data):
                writer.write(data)
                await _flushed(writer)
            case Wait(event):
                return await _before_hang_up(event, reader)
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case UntilClosed():
                assert await reader.read(1) == b""
                return False
            case Reset():
                writer.transport.abort()
                return False
            case HangUp():
                return False
        return True


async def _before_hang_up(event: asyncio.Event, reader: asyncio.StreamReader) -> bool:
    """Whether the event comes before the client goes away."""
    happened = asyncio.create_task(event.wait())
    hang_up = asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait({happened, hang_up}, return_when=asyncio.FIRST_COMPLETED)
        return happened.done()
    finally:
        happened.cancel()
        hang_up.cancel()
        await asyncio.wait({happened, hang_up})


def _packets(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


async def _flushed(writer: asyncio.StreamWriter) -> None:
    await writer.drain()
    # A few turns of the loop in which the client, on the same loop, takes this packet alone.
    for _ in range(3):
        await asyncio.sleep(0)


async def _read_request(reader: asyncio.StreamReader) -> SeenRequest | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    async with asyncio.timeout(HEAD_DEADLINE_S):
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return SeenRequest(method, path, headers, body)


@asynccontextmanager
async def byte_server(
    *answers: Answer,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[ByteServer]:
    """A running server on a loopback address, on a free port unless one is given."""
    provider = ByteServer(answers or (Answer(),))
    server = await asyncio.start_server(provider.serve, host, port, ssl=tls)
    provider.port = server.sockets[0].getsockname()[1]
    provider.url = f"{'https' if tls else 'http'}://{host}:{provider.port}"
    try:
        yield provider
    finally:
        server.close()
        await provider.stop()
        await server.wait_closed()
