"""The server's hold on one process that parses files."""

import asyncio
import contextlib
import sys
from typing import Any

import orjson

from services.confined.frames import receive_frame, send_frame
from services.knowledge.extraction.limits import MIB, ReadingLimits

_MOST_ANSWER_BYTES = 64 * MIB
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


class ReadingProcess:
    """Started once, asked many times, one request at a time; `end` it when done with it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.answered = 0
        self.is_usable = True

    @classmethod
    async def start(cls, limits: ReadingLimits) -> "ReadingProcess":
        """Start one, by exec and with an environment of its own.

        Raises:
            OSError: the operating system starts no further process.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-m",
            "services.knowledge.extraction.child",
            str(limits.memory_bytes),
            str(limits.cpu_s),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        return cls(process)

    async def ask(self, head: dict[str, Any], content: bytes) -> dict[str, Any]:
        """One file.

        Raises:
            ConnectionError: the process ended while it was sent the file.
            BrokenFrameError: it ended while reading the file, or answered nonsense.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise ConnectionError("the reading process has no pipes")
        self.is_usable = False
        await send_frame(self._process.stdin, orjson.dumps(head))
        await send_frame(self._process.stdin, content)
        answer: dict[str, Any] = orjson.loads(
            await receive_frame(self._process.stdout, most_bytes=_MOST_ANSWER_BYTES)
        )
        self.answered += 1
        self.is_usable = not answer["last"]
        return answer

    async def end(self) -> int:
        """Kill it, whatever it is doing, and tell how it ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return await self._process.wait()
