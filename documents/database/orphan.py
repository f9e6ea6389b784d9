"""A mongod that outlived its Parlance: found and stopped before a new one is started.

It happens where the kernel cannot tie the two together (macOS), and for moments after a kill on
Linux. mongod holds a lock on `data/mongod.lock` for as long as it runs and writes its pid there, so
a reused pid deceives nobody. Call under the folder's own lock.
"""

import fcntl
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import structlog

from documents.database.folder import DatabaseFolder
from documents.errors import DataFolderInUseError

ORDERLY_S = 15.0
"""How long the orphan may take for an orderly shutdown, in seconds."""

FORCED_S = 10.0
"""How long a killed process may take to go, in seconds."""

_POLL_S = 0.02
_DYING_S = 1.0

log = structlog.get_logger()


def stop_orphan(folder: DatabaseFolder) -> None:
    """Waits for the folder's mongod to go, and makes it go when it stays.

    Raises:
        DataFolderInUseError: when something runs there that is not ours to stop.
    """
    pid_file = folder.data / "mongod.lock"
    if _released(pid_file, within_s=0):
        return
    if _released(pid_file, within_s=_DYING_S):  # it was being killed
        return
    pid = _pid_in(pid_file)
    if pid is None or str(folder.data) not in _command_line(pid):
        raise DataFolderInUseError(folder.root, pid)
    log.warning("orphaned_mongod", pid=pid)
    for sign, patience_s in ((signal.SIGTERM, ORDERLY_S), (signal.SIGKILL, FORCED_S)):
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        if _released(pid_file, within_s=patience_s):
            return
    raise DataFolderInUseError(folder.root, pid)


def _released(pid_file: Path, *, within_s: float) -> bool:
    give_up_at = time.monotonic() + within_s
    while not _is_free(pid_file):
        if time.monotonic() >= give_up_at:
            return False
        time.sleep(_POLL_S)
    return True


def _is_free(pid_file: Path) -> bool:
    try:
        descriptor = os.open(pid_file, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _pid_in(pid_file: Path) -> int | None:
    content = pid_file.read_text(errors="replace").strip()
    return int(content) if content.isdecimal() else None


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        pass
    listed = subprocess.run(  # noqa: S603
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        timeout=5,
    )
    return listed.stdout
