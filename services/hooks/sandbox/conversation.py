"""One talk with one process: its frame, what it prints and asks for, and how it ends.

Nothing the process says is trusted. It may send so many bytes of such kinds, and when it does
anything else, or time is up, it is killed; how it ended the kernel tells.
"""

import asyncio
import os
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import structlog

from services.hooks.sandbox.calls import HttpDoor, HttpReply, HttpRequest
from services.hooks.sandbox.fork_server import LOST, Exit, ForkServer, Spare
from services.hooks.sandbox.inside import frames
from services.hooks.sandbox.options import LONGEST_REPLY_BYTES, MOST_REQUESTS, RunLimits

_MOST_FRAMES = 10_000
_TRACE_BYTES = 16 * 1024
#: How much later than its own clocks a process is killed from outside.
_GRACE_SECONDS = 0.25
#: So long the end of a killed process may take to be told.
_BURIAL_SECONDS = 5.0
_ONE_READ = 1 << 16

log = structlog.get_logger()

Killed = Literal["wall", "noise"]


@dataclass(slots=True)
class Ending:
    """All that is known of a run, before it is judged."""

    frames: dict[bytes, bytes] = field(default_factory=dict)
    prints: list[bytes] = field(default_factory=list)
    trace: bytes = b""
    killed: Killed | None = None
    exit: Exit | None = None
    wall_ms: float = 0.0


class _NoiseError(Exception):
    """The process says what no process of ours would."""


class Conversation:
    """The application's side of one run."""

    def __init__(
        self, server: ForkServer, spare: Spare, limits: RunLimits, http: HttpDoor | None
    ) -> None:
        self._server = server
        self._spare = spare
        self._limits = limits
        self._http = http
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._bytes = 0
        self._requests = 0
        self._requesting = 0.0
        self._ending = Ending()

    async def hold(self, kind: bytes, body: bytes) -> Ending:
        """From the frame to the end of the process, whichever comes of it."""
        began = self._loop.time()
        clocks = frames.CLOCKS.pack(
            self._limits.cpu_tell,
            self._limits.wall + self._limits.requests,
            self._limits.cpu,
            self._limits.wall + self._limits.requests + _GRACE_SECONDS,
        )
        try:
            async with asyncio.timeout(self._limits.wall) as self._deadline:
                await self._talk(frames.framed(kind, clocks + body))
        except TimeoutError:
            self._kill("wall")
        except _NoiseError:
            self._kill("noise")
        self._ending.exit = await self._burial()
        self._ending.wall_ms = (self._loop.time() - began) * 1000
        self._ending.trace = _read_all(self._spare.trace_fd)
        return self._ending

    async def _burial(self) -> Exit:
        """What the kernel says of the end; a fork server that does not tell is replaced."""
        try:
            async with asyncio.timeout(_BURIAL_SECONDS):
                return await asyncio.shield(self._spare.exited)
        except TimeoutError:
            self._server.give_up()
            return LOST

    def _kill(self, why: Killed) -> None:
        self._ending.killed = why
        self._server.kill(self._spare)

    async def _talk(self, first: bytes) -> None:
        try:
            await self._loop.sock_sendall(self._spare.socket, first)
            await self._listen()
        except ConnectionError:  # it ended in the middle of a word; its status says why
            pass
        await asyncio.shield(self._spare.exited)

    async def _listen(self) -> None:
        """Hear it out."""
        for _ in range(_MOST_FRAMES):
            if not await self._hear():
                return
        raise _NoiseError

    async def _hear(self) -> bool:
        """The next frame, if there is one."""
        if not await self._fill(frames.HEADER.size):
            return False
        kind, size = frames.HEADER.unpack_from(self._buffer)
        if not await self._fill(frames.HEADER.size + size):
            return False
        body = bytes(self._buffer[frames.HEADER.size : frames.HEADER.size + size])
        del self._buffer[: frames.HEADER.size + size]
        if kind == frames.PRINT:
            self._ending.prints.append(body)
        elif kind == frames.REQUEST:
            await self._answer(body)
        elif kind in {frames.RESULT, frames.FAILURE, frames.ISSUES}:
            self._ending.frames[kind] = body
        else:
            raise _NoiseError
        return True

    async def _fill(self, size: int) -> bool:
        if size > self._limits.heard_bytes:
            raise _NoiseError
        while len(self._buffer) < size:
            part = await self._loop.sock_recv(self._spare.socket, _ONE_READ)
            if not part:
                return False
            self._bytes += len(part)
            if self._bytes > self._limits.heard_bytes:
                raise _NoiseError
            self._buffer += part
        return True

    async def _answer(self, body: bytes) -> None:
        """Let the application make a request; the run's own clock stands still meanwhile."""
        self._requests += 1
        if self._requests > MOST_REQUESTS:
            raise _NoiseError  # the process counts too, and would not have asked
        await self._send_reply(await self._performed(_request(body)))

    async def _performed(self, request: HttpRequest) -> HttpReply:
        if self._http is None:
            return _failed("no requests can be made here")
        left = self._limits.requests - self._requesting
        began, before = self._loop.time(), self._deadline.when()
        self._deadline.reschedule(None)
        try:
            async with asyncio.timeout(left):
                reply = await self._http(request)
        except TimeoutError:
            return _failed(f"the requests of a run have {self._limits.requests:g} seconds together")
        except Exception:  # ours to mend, and never taken for something that the process did
            log.exception("hook_request_failed")
            return _failed("the request could not be made")
        finally:
            spent = self._loop.time() - began
            self._requesting += spent
            self._deadline.reschedule(None if before is None else before + spent)
        if len(reply.body.encode(errors="replace")) > LONGEST_REPLY_BYTES:
            return _failed(f"the reply is longer than {LONGEST_REPLY_BYTES // 1024} KB")
        return reply

    async def _send_reply(self, reply: HttpReply) -> None:
        text = orjson.dumps(
            {
                "status": reply.status,
                "headers": {_whole(name): _whole(text) for name, text in reply.headers.items()},
                "body": _whole(reply.body),
                "error": None if reply.error is None else _whole(reply.error),
            }
        )
        await self._loop.sock_sendall(self._spare.socket, frames.framed(frames.REPLY, text))


def _failed(sentence: str) -> HttpReply:
    return HttpReply(status=0, headers={}, body="", error=sentence)


def _whole(text: str) -> str:
    """The text without half characters, which JSON does not have."""
    return text.encode(errors="replace").decode()


def _request(body: bytes) -> HttpRequest:
    """A request out of what the process sent.

    Raises:
        _NoiseError: a process of ours would not have sent it.
    """
    try:
        asked: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _NoiseError from None
    match asked:
        case {"method": "GET" | "POST" as method, "url": str(url), "headers": dict(headers)}:
            text = asked.get("body")
        case _:
            raise _NoiseError
    if not all(isinstance(value, str) for value in headers.values()):
        raise _NoiseError
    if text is not None and not isinstance(text, str):
        raise _NoiseError
    return HttpRequest(method=method, url=url, headers=headers, body=text)


def _read_all(descriptor: int) -> bytes:
    """What a process that has ended wrote with its dying gasp."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, _TRACE_BYTES)
    except BlockingIOError:
        return b""
