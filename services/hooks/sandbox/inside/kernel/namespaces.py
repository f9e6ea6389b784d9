"""A network without interfaces, and nobody else's message queues or host name."""

import os

from services.hooks.sandbox.inside.kernel import system_calls

_NEW_UTS, _NEW_IPC, _NEW_USER, _NEW_NET = 0x04000000, 0x08000000, 0x10000000, 0x40000000
_OWN = _NEW_UTS | _NEW_IPC | _NEW_NET


def leave_as_root() -> bool:
    """Move into namespaces of one's own with root's right to; says whether it was done."""
    return os.geteuid() == 0 and _leave(_OWN)


def leave_as_user() -> bool:
    """The same by way of a user namespace, where the machine lets users have them."""
    return _leave(_OWN | _NEW_USER)


def _leave(flags: int) -> bool:
    try:
        system_calls.call("unshare", flags)
    except OSError:
        return False
    return True
