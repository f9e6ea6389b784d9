"""One owner per data folder.

The lock is the kernel's (`flock`), so it goes when its holder dies, however it dies; the file's
content only serves the message to the next one. The file is never deleted: a process that holds
the lock of a deleted file would not keep out one that makes a new file. `flock` is shared with
forked children: a child that was forked (not started anew) and lives on keeps the folder locked.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from documents.errors import DataFolderError, DataFolderInUseError


class FolderLock:
    """The right to run the database of one data folder."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, path: Path) -> Self:
        """Takes the lock or says who has it. Never waits.

        Raises:
            DataFolderInUseError: when another process has it.
            DataFolderError: when the file cannot be made.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataFolderError(path.parent, _reason(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise DataFolderInUseError(path.parent, holder) from error
        except OSError as error:
            os.close(descriptor)
            raise DataFolderError(path.parent, _reason(error)) from error
        with suppress(OSError):  # a full disk: the content only serves the message
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Gives the lock back. May be called again."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None


def _holder(descriptor: int) -> int | None:
    content = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
    return int(content) if content.isdecimal() else None


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
