"""Without a mail server, mails become files, so that links can be followed on a trial's machine.

The folder and its files are for the server's own user: there are one-time codes in them.
"""

import asyncio
import os
from email.message import EmailMessage
from pathlib import Path

import structlog

MAX_FILES = 500
"""The newest that are kept."""

LONGEST_SECONDS = 30.0

log = structlog.get_logger()


class FolderCarrier:
    """Writes messages as .eml files, which mail programs open."""

    longest_s = LONGEST_SECONDS

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def carry(self, message: EmailMessage) -> None:
        """Write the file; a second time, over the first."""
        log.info("mail_written", file=str(await asyncio.to_thread(self._write, message)))

    def _write(self, message: EmailMessage) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        file, unfinished = self._folder / f"{name}.eml", self._folder / f"{name}.part"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(message.as_bytes())
        unfinished.replace(file)
        self._forget_the_oldest()
        return file

    def _forget_the_oldest(self) -> None:
        """The names are those of the mails' ids, which grow with the time."""
        for file in sorted(self._folder.glob("*.eml"))[:-MAX_FILES]:
            file.unlink(missing_ok=True)
