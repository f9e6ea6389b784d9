"""Clocks that end a process without asking it.

On Linux they are timers of the kernel that send SIGKILL, which nothing can catch; elsewhere the
interval timers with their default action, which code outside the language layer could change.
"""

import ctypes
import signal

from services.hooks.sandbox.inside.kernel import system_calls

_WALL, _CPU = 1, 2  # CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID
_NANOSECONDS = 1_000_000_000


class _Event(ctypes.Structure):
    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("kind", ctypes.c_int),
        ("padding", ctypes.c_char * 48),
    )


class _Times(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_long) for name in ("every_s", "every_ns", "first_s", "first_ns")
    )


class KernelTimer:
    """A timer of this process that sends one signal once."""

    def __init__(self, clock: int, number: signal.Signals) -> None:
        self._id = ctypes.c_int()
        event = _Event(None, number, 0)
        system_calls.call("timer_create", clock, ctypes.byref(event), ctypes.byref(self._id))

    def start(self, seconds: float) -> None:
        """Send the signal after so many seconds of its clock."""
        whole, rest = divmod(int(seconds * _NANOSECONDS), _NANOSECONDS)
        times = _Times(0, 0, whole, rest)
        system_calls.call("timer_settime", self._id, 0, ctypes.byref(times), None)


class Deadlines:
    """The deadlines of one run, made before it is known and started with it.

    `tell` is the signal that makes the process note where it is, in case it is killed soon after.
    """

    def __init__(self, tell: signal.Signals) -> None:
        self._timers = (
            KernelTimer(_CPU, tell),
            KernelTimer(_WALL, tell),
            KernelTimer(_CPU, signal.SIGKILL),
            KernelTimer(_WALL, signal.SIGKILL),
        )

    def start(self, *, cpu_tell: float, wall_tell: float, cpu: float, wall: float) -> None:
        """Start all of them; in seconds."""
        for timer, seconds in zip(self._timers, (cpu_tell, wall_tell, cpu, wall), strict=True):
            timer.start(seconds)


class WeakDeadlines:
    """The same where there are no such timers: the default action of two signals."""

    def start(self, *, cpu_tell: float, wall_tell: float, cpu: float, wall: float) -> None:
        """Start the two that there are; in seconds."""
        del cpu_tell, wall_tell
        signal.setitimer(signal.ITIMER_VIRTUAL, cpu)
        signal.setitimer(signal.ITIMER_REAL, wall)
