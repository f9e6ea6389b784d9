"""Reading files that strangers made, in processes that can be lost.

A parser of PDF, Word or HTML is a large program that a file can make run for ever, eat the memory
or crash. So each file is read by a process that has no secret, no network and no files, bounded in
time and memory, and killed at its deadline. Few of them run at once; they are used again, and
replaced after many files, after a large one, and after any that went wrong.
"""

import asyncio
import signal
from dataclasses import asdict
from typing import Any

import structlog

from services.confined.frames import BrokenFrameError
from services.knowledge.extraction.claims import Claims
from services.knowledge.extraction.extracted import (
    ExtractedHeading,
    ExtractedText,
    PageStart,
    SitemapText,
    UnreadableCode,
    UnreadableContentError,
)
from services.knowledge.extraction.limits import LARGEST_FILE_BYTES, MIB, ReadingLimits
from services.knowledge.extraction.reading_process import ReadingProcess

_SENTENCES: dict[str, str] = {
    "too_slow": "Reading it takes longer than a file may take; split it into parts.",
    "too_much_memory": "Reading it takes more memory than a file may take; split it into parts.",
    "reader_failed": "It could not be read: it may be damaged, or made to do harm.",
}

_log = structlog.get_logger()


class Extractor:
    """Reads files. Open to any number of tasks at once; close it at the end."""

    def __init__(self, limits: ReadingLimits | None = None) -> None:
        self._limits = limits or ReadingLimits()
        self._turns = asyncio.Semaphore(self._limits.processes)
        self._idle: list[ReadingProcess] = []
        self._endings: set[asyncio.Task[int]] = set()
        self._retirement: asyncio.TimerHandle | None = None

    async def extract(
        self,
        content: bytes,
        *,
        name: str = "",
        declared_type: str | None = None,
        url: str | None = None,
    ) -> ExtractedText:
        """Read a file or a page, whatever it is.

        Args:
            content: At most 20 MB.
            name: The file's name, a hint between kinds of text.
            declared_type: The Content-Type that came with it, a hint too.
            url: Where it is from; links are relative to it.

        Raises:
            UnreadableContentError: there is no text in it, and why.
        """
        _check_size(content)
        claims = Claims(name=name[-200:], declared_type=declared_type, url=url)
        return _text(await self._read({"task": "read", "claims": asdict(claims)}, content))

    async def read_sitemap(self, content: bytes) -> SitemapText:
        """Read a sitemap, packed or not.

        Raises:
            UnreadableContentError: it is none.
        """
        _check_size(content)
        found = await self._read({"task": "sitemap"}, content)
        return SitemapText(pages=tuple(found["pages"]), sitemaps=tuple(found["sitemaps"]))

    async def close(self) -> None:
        """End every process that waits for work. Nothing may be read any more."""
        self._end_idle()
        while self._endings:
            await asyncio.gather(*self._endings)

    async def _read(self, head: dict[str, Any], content: bytes) -> dict[str, Any]:
        async with self._turns:
            process = await self._process()
            try:
                answer = await self._ask(process, head, content)
            finally:
                self._put_back(process)
        if "found" in answer:
            found: dict[str, Any] = answer["found"]
            return found
        code: UnreadableCode = answer["code"]
        if "sentence" not in answer:
            _log.info("content_not_readable", code=code, problem=answer.get("problem"))
        raise UnreadableContentError(code, answer.get("sentence") or _SENTENCES[code])

    async def _process(self) -> ReadingProcess:
        return self._idle.pop() if self._idle else await ReadingProcess.start(self._limits)

    async def _ask(
        self, process: ReadingProcess, head: dict[str, Any], content: bytes
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._limits.wall_s):
                return await process.ask(head, content)
        except TimeoutError:
            return {"code": "too_slow"}
        except (BrokenFrameError, ConnectionError):
            status = await process.end()
            return {"code": _code_of(status), "problem": f"exit status {status}"}

    def _put_back(self, process: ReadingProcess) -> None:
        if process.is_usable and process.answered < self._limits.files_per_process:
            self._idle.append(process)
            self._retire_later()
        else:
            self._end(process)

    def _retire_later(self) -> None:
        if self._retirement is not None:
            self._retirement.cancel()
        loop = asyncio.get_running_loop()
        self._retirement = loop.call_later(self._limits.idle_s, self._end_idle)

    def _end_idle(self) -> None:
        if self._retirement is not None:
            self._retirement.cancel()
            self._retirement = None
        while self._idle:
            self._end(self._idle.pop())

    def _end(self, process: ReadingProcess) -> None:
        ending = asyncio.get_running_loop().create_task(process.end())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)


def _check_size(content: bytes) -> None:
    if not content.strip():
        raise UnreadableContentError("empty", "The file is empty.")
    if len(content) > LARGEST_FILE_BYTES:
        raise UnreadableContentError(
            "too_large",
            f"The file is larger than {LARGEST_FILE_BYTES // MIB} MB; split it into parts.",
        )


def _code_of(status: int) -> UnreadableCode:
    """Why a process ended in the middle of a file."""
    return "too_slow" if status == -signal.SIGXCPU else "reader_failed"


def _text(found: dict[str, Any]) -> ExtractedText:
    return ExtractedText(
        title=found["title"],
        text=found["text"],
        headings=tuple(ExtractedHeading(**heading) for heading in found["headings"]),
        page_starts=tuple(PageStart(**page) for page in found["page_starts"]),
        language=found["language"],
        canonical_url=found["canonical_url"],
        links=tuple(found["links"]),
        indexable=found["indexable"],
    )
