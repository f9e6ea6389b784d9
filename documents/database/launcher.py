"""Becomes mongod, after asking the kernel to kill it as soon as Parlance dies.

Run by path as a program of its own (`python -I -S launcher.py PARENT_PID COMMAND...`), Linux only.
The request (PR_SET_PDEATHSIG) survives exec but has to be made by the child itself, and Python code
between fork and exec (`preexec_fn`) can deadlock in a program with threads; hence this detour of
some 20 milliseconds. The signal is sent when the *thread* that started the child ends: the
supervisor's thread lives as long as its mongod.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

CANNOT_RUN = 127
"""Exit code when the command could not be run, as shells have it."""


def become(parent: int, command: list[str]) -> None:
    """Replaces this process by `command`, tied to `parent`'s life."""
    # SIGKILL, not SIGTERM: the next server must not have to wait for an orderly shutdown, and the
    # journal makes the data whole again.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent process ended before mongod was started")
    try:
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(CANNOT_RUN)


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
