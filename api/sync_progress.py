"""How far the work at a source is, for somebody who waits before a terminal or reads a log."""

from time import monotonic
from types import TracebackType
from typing import Final, Self, TextIO

from documents.knowledge_sources import KnowledgeSource

LINE_EVERY_S: Final = 5.0
"""Between two lines where lines cannot be written over, in seconds."""

_ERASE_LINE: Final = "\r\x1b[K"
_UNITS: Final = {"reading": "pages", "indexing": "pages", "unsharing": "passages"}


class SyncProgress:
    """One line that changes on a terminal; a new line now and then anywhere else."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._is_terminal = output.isatty()
        self._said = ""
        self._said_at = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_terminal:
            self._write("\n")

    def show(self, source: KnowledgeSource) -> None:
        """Say how far it is, if that is news."""
        said = said_of(source)
        if said == self._said:
            return
        if self._is_terminal:
            self._write(f"{_ERASE_LINE}{said}")
        elif source.progress is None or monotonic() - self._said_at >= LINE_EVERY_S:
            self._said_at = monotonic()
            self._write(f"{said}\n")
        else:
            return
        self._said = said

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()


def said_of(source: KnowledgeSource) -> str:
    """The state of a source in a line."""
    progress = source.progress
    if progress is None:
        state = source.status.upper()
        return f"{state}: {source.page_count} pages, {source.chunk_count} passages"
    total = "" if progress.total is None else f" of {progress.total}"
    return f"{progress.phase}: {progress.done}{total} {_UNITS[progress.phase]}"
