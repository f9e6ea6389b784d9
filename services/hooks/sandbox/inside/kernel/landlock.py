"""Landlock with no rule at all: no file, no TCP port, no signal to anybody outside.

A domain of the kernel (`Documentation/userspace-api/landlock.rst`) that handles every right it
knows and grants none. Older kernels know fewer rights; files are there from the first version on.
"""

import ctypes
import os

from services.hooks.sandbox.inside.kernel import system_calls

#: Version of the interface -> file rights, TCP rights and scopes that it knows, as bit masks.
RIGHTS = {
    1: ((1 << 13) - 1, 0, 0),
    2: ((1 << 14) - 1, 0, 0),
    3: ((1 << 15) - 1, 0, 0),
    4: ((1 << 15) - 1, 0b11, 0),
    5: ((1 << 16) - 1, 0b11, 0),
    6: ((1 << 16) - 1, 0b11, 0b11),
}
_ASK_FOR_VERSION = 1
_NO_VERSION = 0


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("ports", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


def version() -> int:
    """The version of Landlock that this kernel has, 0 for none."""
    try:
        return system_calls.call("landlock_create_ruleset", None, 0, _ASK_FOR_VERSION)
    except OSError:
        return _NO_VERSION


class DenyAll:
    """The empty set of rules, made once and put on by every child."""

    def __init__(self) -> None:
        known = min(version(), max(RIGHTS))
        if known == _NO_VERSION:
            raise OSError(38, "this kernel has no Landlock")
        files, ports, scopes = RIGHTS[known]
        attributes = _Attributes(files, ports, scopes)
        size = 8 * (1 + bool(ports) + bool(scopes))
        self._fd = system_calls.call(
            "landlock_create_ruleset", ctypes.byref(attributes), ctypes.c_size_t(size), 0
        )
        os.set_inheritable(self._fd, False)  # noqa: FBT003 (its only form)

    def put_on(self) -> None:
        """Bind this process and whatever it may start.

        Raises:
            OSError: the kernel refused.
        """
        system_calls.call("landlock_restrict_self", self._fd, 0)
