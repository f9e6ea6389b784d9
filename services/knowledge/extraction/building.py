"""Putting a text together block by block, so that offsets are right by construction."""

from collections.abc import Sequence

from services.knowledge.extraction.extracted import (
    ExtractedHeading,
    ExtractedText,
    PageStart,
    UnreadableContentError,
)
from services.knowledge.extraction.limits import MOST_TEXT_CHARACTERS

_APART = "\n\n"
_LONGEST_HEADING_CHARACTERS = 300


class TextUnderConstruction:
    """Blocks are given as they shall stand in the text: visible, without outer white space."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self.headings: list[ExtractedHeading] = []
        self.page_starts: list[PageStart] = []

    def add(self, block: str, *, tight: bool = False) -> None:
        """Add a paragraph, or with `tight` a line that belongs to the one before.

        Raises:
            UnreadableContentError: the text has become too long.
        """
        if not block:
            return
        if self._parts:
            self._append("\n" if tight else _APART)
        self._append(block)
        if self._length > MOST_TEXT_CHARACTERS:
            raise too_much_text()

    def add_heading(self, level: int, text: str, anchor: str | None = None) -> None:
        """Add a heading as a paragraph of its own; a very long one is an ordinary paragraph."""
        if not text:
            return
        self.add(text)
        if len(text) <= _LONGEST_HEADING_CHARACTERS:
            start = self._length - len(text)
            self.headings.append(ExtractedHeading(level, text, start, self._length, anchor))

    def add_page(self, number: int, blocks: Sequence[str]) -> None:
        """Add a page's paragraphs; an empty page leaves no trace."""
        filled = [block for block in blocks if block]
        if filled:
            start = self._length + (len(_APART) if self._parts else 0)
            self.page_starts.append(PageStart(number, start))
        for block in filled:
            self.add(block)

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def _append(self, part: str) -> None:
        self._parts.append(part)
        self._length += len(part)


def too_much_text() -> UnreadableContentError:
    """A file of 20 MB may hold more text than one document can keep."""
    return UnreadableContentError(
        "too_much_text",
        f"It holds more than {MOST_TEXT_CHARACTERS:,} characters of text; split it into parts.",
    )


def finished(extracted: ExtractedText, *, when_empty: UnreadableContentError) -> ExtractedText:
    """The text, unless there is none."""
    if not extracted.text.strip():
        raise when_empty
    return extracted
