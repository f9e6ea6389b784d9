"""Pictures of strangers, drawn anew by a process that may fail without anybody else (`redrawing`).

A few at a time, each with a deadline: whoever sends many waits, and then is told to come again.
"""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from documents.uploads import ContentTypeName
from services.uploads import redrawing

AT_ONCE = 2
WAITING = 20
DEADLINE_SECONDS = 30.0
CONTENT_TYPES: dict[str, ContentTypeName] = {"PNG": "image/png", "WEBP": "image/webp"}

log = structlog.get_logger()


class PictureError(ValueError):
    """A picture is not accepted; the text says what would be right."""


class UnknownPictureError(PictureError):
    """It is no picture, or none of a kind that is taken."""


class PicturesBusyError(RuntimeError):
    """Too many pictures are waiting."""

    def __init__(self) -> None:
        super().__init__("Many pictures are arriving at the moment. Try again in a few seconds.")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it may be shown to anybody."""

    content: bytes
    content_type: ContentTypeName
    width: int
    height: int


class Pictures:
    """Draws pictures anew."""

    def __init__(self, program: Path | None = None, deadline_s: float = DEADLINE_SECONDS) -> None:
        """`program` is the file that does it, another one for tests."""
        self._program = program or Path(redrawing.__file__)
        self._deadline_s = deadline_s
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def redrawn(self, content: bytes) -> Picture:
        """The same picture, without anything else that was in the file.

        Raises:
            UnknownPictureError: it is not a PNG or WebP picture.
            PictureError: it is broken or too large.
            PicturesBusyError: too many are waiting.
        """
        if self._waiting >= WAITING:
            raise PicturesBusyError
        self._waiting += 1
        try:
            async with self._places:
                answer = await self._answer(content)
        finally:
            self._waiting -= 1
        return _picture(answer)

    async def _answer(self, content: bytes) -> bytes:
        """What the process says; nothing if it died or took too long."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(self._program)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={},
        )
        try:
            async with asyncio.timeout(self._deadline_s):
                answer, _ = await process.communicate(content)
        except TimeoutError:
            log.warning("picture_took_too_long", size=len(content))
            return b""
        finally:
            await _ended(process)
        if not answer:
            log.warning("picture_not_redrawn", size=len(content), status=process.returncode)
        return answer


async def _ended(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _picture(answer: bytes) -> Picture:
    told, _, content = answer.partition(b"\n")
    facts: dict[str, Any] = json.loads(told) if told else {"problem": "broken"}
    match facts.get("problem"):
        case None:
            kind = CONTENT_TYPES[facts["format"]]
            return Picture(content, kind, facts["width"], facts["height"])
        case "unknown":
            raise UnknownPictureError("This is not a PNG or WebP picture.")
        case "too_large":
            most = redrawing.MAX_SIDE
            raise PictureError(f"The picture may have at most {most} by {most} pixels.")
        case _:
            raise PictureError("The picture is broken. Save it again and send that.")
