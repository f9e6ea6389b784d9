"""Giving up what the server's user may do."""

import ctypes
import os

from services.hooks.sandbox.inside.kernel import system_calls

NOBODY = 65534
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_PDEATHSIG = 1
_CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def become_nobody() -> None:
    """Leave root behind, if the server runs as root; needs root for that, of course."""
    if os.geteuid() != 0:
        return
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def drop_capabilities() -> None:
    """Keep no capability, also none of an own user namespace."""
    nothing = (ctypes.c_uint32 * 6)()
    header = _Header(_CAPABILITY_VERSION_3, 0)
    system_calls.call("capset", ctypes.byref(header), ctypes.byref(nothing))


def never_gain_privileges() -> None:
    """No program that this process runs gets more rights than it has (setuid, file capabilities).

    Raises:
        OSError: the kernel refused.
    """
    system_calls.prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent(signal_number: int) -> None:
    """Get this signal when the parent ends. A change of user resets it, so it comes after."""
    system_calls.prctl(_PR_SET_PDEATHSIG, signal_number)
