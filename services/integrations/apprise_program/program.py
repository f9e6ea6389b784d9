"""The server's hold on the program that speaks to Apprise's services: started when it is needed."""

import asyncio
import json
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from pydantic import BaseModel

from services.confined.frames import BrokenFrameError, receive_frame, send_frame
from services.integrations.apprise_program.limits import LARGEST_REQUEST_BYTES, MOST_HEAD_BYTES

MOST_AT_ONCE = 32
"""Jobs; as many as one process has attempts under way."""

IDLE_S = 60.0
"""After so many seconds without a job the program ends."""

_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}

Weight = Literal["info", "warning"]


class NoProgramError(Exception):
    """The program cannot be started, or ended in the middle of a job."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a job is to say, and where to.

    Attributes:
        weight: Services that keep alarms make one of a "warning" only.
    """

    url: str = field(repr=False)
    title: str
    body: str
    weight: Weight = "warning"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a job wants to be made."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a job is told of its request; `status` None: there is no answer."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Unusable = Literal["unknown", "not_by_http", "incomplete"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended.

    Attributes:
        unusable: Why the address belongs to no service.
        service: The service's name.
        delivered: Whether the service took it, as far as Apprise can tell.
    """

    unusable: Unusable | None = None
    service: str = ""
    delivered: bool = False


class _Said(BaseModel):
    """What a job says: that it has ended, or a request. A job may say anything."""

    end: Ending | None = None
    method: str = ""
    url: str = ""
    headers: dict[str, str] = {}
    has_body: bool = False


Clerk = Callable[[Asked], Awaitable[Answered]]
"""Makes a job's requests; never raises for what a receiver did."""


class AppriseProgram:
    """One program for a process, and a copy of it for each job."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        """`idle_s` is how long the program waits for another job, in seconds."""
        self._idle_s = idle_s
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._orders: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._retirement: asyncio.TimerHandle | None = None
        self._endings: set[asyncio.Task[int]] = set()

    async def do(self, letter: Letter, clerk: Clerk) -> Ending:
        """Do a job. Cancelling ends it.

        Raises:
            NoProgramError: the program is gone, or the job broke it or said nonsense.
        """
        async with self._turns:
            try:
                reader, writer = await self._begun()
                try:
                    return await _conversation(reader, writer, letter, clerk)
                finally:
                    writer.close()
            except (BrokenFrameError, OSError, ValueError) as error:
                raise NoProgramError(str(error)) from error

    async def close(self) -> None:
        """End the program; jobs that are under way end with it."""
        self._retire()
        while self._endings:
            await asyncio.gather(*self._endings)

    async def _begun(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                await self._order(theirs)
            except BaseException:
                ours.close()
                raise
        return await asyncio.open_connection(sock=ours)

    async def _order(self, theirs: socket.socket) -> None:
        """Hand a copy's socket over; a program that has died meanwhile is started once more."""
        async with self._starting:
            try:
                socket.send_fds(await self._program(), [b"j"], [theirs.fileno()])
            except (BrokenPipeError, ConnectionResetError):
                self._retire()
                socket.send_fds(await self._program(), [b"j"], [theirs.fileno()])
        self._retire_later()

    async def _program(self) -> socket.socket:
        if self._orders is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-m", "services.integrations.apprise_program.template"),
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=_ENVIRONMENT,
                    start_new_session=True,
                )
            self._orders = ours
        return self._orders

    def _retire_later(self) -> None:
        if self._retirement is not None:
            self._retirement.cancel()
        loop = asyncio.get_running_loop()
        self._retirement = loop.call_later(self._idle_s, self._retire)

    def _retire(self) -> None:
        """Let go of the program: it ends by itself, its copies when they have done their jobs."""
        if self._retirement is not None:
            self._retirement.cancel()
            self._retirement = None
        if self._orders is None or self._process is None:
            return
        self._orders.close()
        ending = asyncio.get_running_loop().create_task(self._process.wait())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        self._orders = self._process = None


async def _conversation(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, letter: Letter, clerk: Clerk
) -> Ending:
    await send_frame(writer, json.dumps(asdict(letter)).encode())
    while True:
        frame = await receive_frame(reader, most_bytes=MOST_HEAD_BYTES)
        said = _Said.model_validate_json(frame)
        if said.end is not None:
            return said.end
        body = await receive_frame(reader, most_bytes=LARGEST_REQUEST_BYTES)
        asked = Asked(said.method, said.url, said.headers, body if said.has_body else None)
        answered = await clerk(asked)
        head = {"status": answered.status, "headers": dict(answered.headers)}
        await send_frame(writer, json.dumps(head).encode())
        await send_frame(writer, answered.body)
