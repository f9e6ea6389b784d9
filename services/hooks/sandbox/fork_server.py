"""The application's end of the fork server: starting it, its spares, and its death.

The server is a program of its own, started with an empty environment and no descriptor but one
socket. When it dies it is started again; what ran in it has failed by then, and says so.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import structlog

from services.cancelling import cancel_and_wait
from services.hooks.sandbox.inside import records
from services.hooks.sandbox.inside.plan import LAYERS, Layer, Plan

log = structlog.get_logger()

_BOOT = (
    "import sys; sys.path[:0] = sys.argv[3:];"
    "from services.hooks.sandbox.inside.server import main; main()"
)
_START_SECONDS = 15.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
#: So many children in a row that end before anybody wanted them: this will not get better.
_MOST_FAILURES = 5
_END_SECONDS = 5.0
_LONGEST_LAST_WORDS = 300


class NoProcessError(Exception):
    """There is no process for a hook; the text says why."""


@dataclass(frozen=True, slots=True)
class Exit:
    """What the kernel says of an ended process; `status` is None when nobody was left to ask."""

    status: int | None
    cpu_ms: float = 0.0
    memory_mb: float = 0.0


LOST = Exit(None)


@dataclass(eq=False, slots=True)
class Spare:
    """A locked process that waits for its one frame, and the two ways to hear from it."""

    pid: int
    socket: socket.socket
    trace_fd: int
    exited: asyncio.Future[Exit] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def close(self) -> None:
        """Let go of both; a waiting process ends then."""
        self.socket.close()
        if self.trace_fd >= 0:
            os.close(self.trace_fd)
            self.trace_fd = -1


class ForkServer:
    """One fork server at a time, for as long as the application runs."""

    def __init__(self, plan: Plan, spares: int) -> None:
        self._plan = plan
        self._wanted = spares
        self._ready: deque[Spare] = deque()
        self._waiting: deque[asyncio.Future[Spare]] = deque()
        self._alive: dict[int, Spare] = {}
        self._ordered = 0
        self._failures = 0
        self._control: socket.socket | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._greeted: asyncio.Future[None] | None = None
        self.layers: dict[Layer, bool] = dict.fromkeys(LAYERS, False)
        self.restarts = 0
        self.problem: str | None = "The sandbox has not been opened."

    async def open(self) -> None:
        """Start it, and see to it that there is always one.

        A machine on which it cannot start still gets an application: `problem` says what is wrong.
        """
        self._greeted = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(), name="fork server")
        await asyncio.wait((self._greeted,), timeout=_START_SECONDS)

    async def close(self) -> None:
        """End it and all its children."""
        if self._keeper is not None:
            await cancel_and_wait(self._keeper)
            self._keeper = None
        self.problem = "The sandbox is closed."

    async def take(self) -> Spare:
        """A process to run one thing in.

        Raises:
            NoProcessError: there cannot be one.
        """
        if self.problem is not None:
            raise NoProcessError(self.problem)
        if self._ready:
            return self._ready.popleft()
        waiting: asyncio.Future[Spare] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._refill()
        try:
            return await waiting
        except asyncio.CancelledError:
            self._take_back(waiting)
            raise

    def _take_back(self, waiting: asyncio.Future[Spare]) -> None:
        if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
            self._put_back(waiting.result())
        elif waiting in self._waiting:
            self._waiting.remove(waiting)

    def _put_back(self, spare: Spare) -> None:
        if self._lives(spare):
            self._ready.append(spare)
        else:
            spare.close()

    def _lives(self, spare: Spare) -> bool:
        """Whether it has not ended; a number alone may be another process's by now."""
        return self._alive.get(spare.pid) is spare

    def give_back(self, spare: Spare) -> None:
        """Say that one is no longer needed, whether it has ended or not."""
        if self._lives(spare):
            self.kill(spare)
        spare.close()
        self._refill()

    def give_up(self) -> None:
        """Begin anew with another server: this one no longer does what it is told."""
        self._ended.set()

    def kill(self, spare: Spare) -> None:
        """End a process from outside; it cannot refuse."""
        self._order(records.KILL, spare.pid)

    def _refill(self) -> None:
        missing = self._wanted + len(self._waiting) - len(self._ready) - self._ordered
        for _ in range(missing):
            self._ordered += 1
            self._order(records.FORK, 0)

    def _order(self, kind: bytes, pid: int) -> None:
        if self._control is None:
            return
        try:
            self._control.send(records.ORDER.pack(kind, pid))
        except OSError:  # it is about to be seen that the server is gone
            self._ended.set()

    async def _keep(self) -> None:
        """Start it again whenever it ends."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._one_life()
            except (OSError, NoProcessError) as error:
                self._fail(f"The sandbox's fork server could not be started: {error}")
            if asyncio.get_running_loop().time() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            self.restarts += 1
            log.warning("hook_sandbox_ended", problem=self.problem, again_in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _one_life(self) -> None:
        """From its start to its end."""
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        loop = asyncio.get_running_loop()
        self._ended.clear()
        with ours, theirs:
            process = self._started(theirs)
            theirs.close()
            self._control = ours
            loop.add_reader(ours.fileno(), self._hear)
            try:
                await self._ended.wait()
            finally:
                loop.remove_reader(ours.fileno())
                self._control = None
                ours.close()
                await asyncio.shield(self._buried(process))

    def _started(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        # not asyncio's: one event loop takes an empty environment for the wish to inherit its own
        return subprocess.Popen(  # noqa: S603 (our own interpreter and code)
            [
                *(sys.executable, "-I", "-S", "-B", "-c", _BOOT),
                *(str(theirs.fileno()), self._plan.written(), *_import_paths()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
            env={},
            cwd="/",
            start_new_session=True,
        )

    async def _buried(self, process: subprocess.Popen[bytes]) -> None:
        """The end of a server: everything that waits for it hears of it."""
        said = await asyncio.to_thread(_last_words, process)
        self._fail(f"The sandbox's fork server ended ({process.returncode}). {said}".strip())

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self._ordered = 0
        for spare in self._ready:
            spare.close()
        self._ready.clear()
        for spare in self._alive.values():
            spare.exited.set_result(LOST)
        self._alive.clear()
        while self._waiting:
            _settle(self._waiting.popleft(), NoProcessError(problem))
        self._greet()

    def _greet(self) -> None:
        if self._greeted is not None and not self._greeted.done():
            self._greeted.set_result(None)

    def _hear(self) -> None:
        """Read what the server has to say, without waiting for it."""
        while self._control is not None:
            try:
                record, descriptors, _flags, _address = socket.recv_fds(
                    self._control, records.RECORD.size, 2, getattr(socket, "MSG_CMSG_CLOEXEC", 0)
                )
            except BlockingIOError:
                return
            except OSError:
                record, descriptors = b"", []
            if len(record) < records.RECORD.size:
                self._ended.set()
                return
            kind, pid, status, cpu, memory = records.RECORD.unpack(record)
            self._note(kind, pid, descriptors, Exit(status, cpu / 1000, memory / 1024))

    def _note(self, kind: bytes, pid: int, descriptors: list[int], end: Exit) -> None:
        if kind == records.HELLO:
            self.layers = {layer: bool(pid >> place & 1) for place, layer in enumerate(LAYERS)}
            self.problem = None
            self._failures = 0
            self._refill()
            self._greet()
        elif kind == records.SPARE:
            self._welcome(Spare(pid, _nonblocking(descriptors[0]), descriptors[1]))
        elif kind == records.EXIT:
            self._bury(pid, end)
        else:
            self._ordered -= 1
            self._note_failure("The machine has no process for it.")

    def _welcome(self, spare: Spare) -> None:
        self._ordered -= 1
        self._alive[spare.pid] = spare
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(spare)
                return
        self._ready.append(spare)

    def _bury(self, pid: int, end: Exit) -> None:
        spare = self._alive.pop(pid, None)
        if spare is None:
            return
        spare.exited.set_result(end)
        if spare in self._ready:
            self._ready.remove(spare)
            spare.close()
            self._note_failure(f"A process of the sandbox ended before its time ({end.status}).")
        else:
            self._failures = 0

    def _note_failure(self, problem: str) -> None:
        self._failures += 1
        if self._failures < _MOST_FAILURES:
            self._refill()
            return
        log.error("hook_sandbox_failing", problem=problem)
        self._ended.set()


def _last_words(process: subprocess.Popen[bytes]) -> str:
    """Wait for the end of a server that has lost its socket, and give the last line it wrote."""
    try:
        _, said = process.communicate(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1][:_LONGEST_LAST_WORDS] if lines else ""


def _settle(waiting: asyncio.Future[Spare], error: NoProcessError) -> None:
    if not waiting.done():
        waiting.set_exception(error)


def _nonblocking(descriptor: int) -> socket.socket:
    connection = socket.socket(fileno=descriptor)
    connection.settimeout(0)
    return connection


def _import_paths() -> list[str]:
    """Where the server finds this product and RestrictedPython; it knows no other folder."""
    found = find_spec("RestrictedPython")
    if found is None or found.origin is None:
        raise NoProcessError("RestrictedPython is not installed.")
    return [str(Path(__file__).parents[3]), str(Path(found.origin).parents[1])]
