"""The life of one hook's process: lock up, wait for one frame, run it, end.

Everything that takes time is done while the process waits as a spare. The filter of system calls
comes last, after the clocks have been started and before anything of a tenant is looked at.
"""

import faulthandler
import fcntl
import os
import signal
from dataclasses import dataclass
from typing import NoReturn

from services.hooks.sandbox.inside import exits, frames
from services.hooks.sandbox.inside.kernel import limits, privileges, system_calls
from services.hooks.sandbox.inside.kernel.landlock import DenyAll
from services.hooks.sandbox.inside.kernel.seccomp import SOCKET_FD, TRACE_FD, PreparedFilter
from services.hooks.sandbox.inside.kernel.timers import Deadlines, WeakDeadlines
from services.hooks.sandbox.inside.plan import Layer, Plan
from services.hooks.sandbox.inside.running import Run

#: Makes the process write down where it is, in C, so that it works inside of C code as well.
TELL = signal.SIGUSR2
#: Later than the warning between two steps of Python, so that this one is for C code only.
_TELL_AFTER = 1.15
_ABOVE_ALL_IN_USE = 64
_MOST_DESCRIPTORS = 1024


@dataclass(frozen=True, slots=True)
class Locks:
    """What the fork server has prepared for all children, and which layers they put on."""

    plan: Plan
    layers: frozenset[Layer]
    landlock: DenyAll | None
    seccomp: PreparedFilter | None


def live(socket_fd: int, trace_fd: int, server: int, locks: Locks) -> NoReturn:
    """The whole life of a child; nothing returns from here."""
    try:
        _prepare_signals(server)
        _lock(socket_fd, trace_fd, locks)
        clocks = _clocks() if "timers" in locks.layers else None
        if locks.seccomp is not None:
            locks.seccomp.belong_to(os.getpid())
        run = Run(SOCKET_FD, restricted="language" in locks.layers)
        signal.signal(signal.SIGPROF, run.out_of_time)
        run.rehearse()
    except OSError:
        os._exit(exits.NOT_LOCKED)
    kind, body = _frame()
    try:
        if clocks is not None:
            _start(clocks, body)
        if locks.seccomp is not None:
            locks.seccomp.install()
        if kind == frames.RUN:
            os.write(TRACE_FD, exits.LOCKED)
    except OSError:
        os._exit(exits.NOT_LOCKED)
    run.work(kind, body[frames.CLOCKS.size :])


def _prepare_signals(server: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        privileges.die_with_parent(signal.SIGKILL)
    except OSError:  # not Linux: the fork server kills what it has started
        return
    if os.getppid() != server:  # it ended before we could say that we want to know
        os._exit(exits.NOT_LOCKED)


def _lock(socket_fd: int, trace_fd: int, locks: Locks) -> None:
    """Put on every layer but the filter of system calls."""
    if "no_new_privs" in locks.layers:
        privileges.never_gain_privileges()
    if locks.landlock is not None:
        locks.landlock.put_on()
    _move_in(socket_fd, trace_fd)
    faulthandler.register(TELL, file=TRACE_FD, all_threads=False)
    faulthandler.enable(file=TRACE_FD, all_threads=False)
    if "limits" in locks.layers:
        limits.limit(locks.plan.memory_bytes, locks.plan.cpu_seconds)


def _move_in(socket_fd: int, trace_fd: int) -> None:
    """Keep two descriptors under their fixed numbers, beside the three that lead nowhere."""
    moved = [
        fcntl.fcntl(number, fcntl.F_DUPFD, _ABOVE_ALL_IN_USE) for number in (socket_fd, trace_fd)
    ]
    os.dup2(moved[0], SOCKET_FD, inheritable=False)
    os.dup2(moved[1], TRACE_FD, inheritable=False)
    os.dup2(1, 2)  # the fork server's own errors go to the application
    os.closerange(TRACE_FD + 1, _MOST_DESCRIPTORS)
    os.set_blocking(TRACE_FD, False)


def _clocks() -> Deadlines | WeakDeadlines:
    return WeakDeadlines() if system_calls.column() is None else Deadlines(TELL)


def _start(clocks: Deadlines | WeakDeadlines, body: bytes) -> None:
    cpu_tell, wall_tell, cpu, wall = frames.CLOCKS.unpack_from(body)
    signal.setitimer(signal.ITIMER_PROF, cpu_tell)
    clocks.start(cpu_tell=cpu_tell * _TELL_AFTER, wall_tell=wall_tell, cpu=cpu, wall=wall)


def _frame() -> tuple[bytes, bytes]:
    """What this process is for; a spare that nobody needs any more ends."""
    try:
        return frames.receive(SOCKET_FD)
    except (EOFError, OSError):
        os._exit(exits.OK)
