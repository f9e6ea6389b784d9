"""Cutting a source's text into passages that can stand alone.

A passage keeps the headings above it, whole paragraphs and whole sentences, and is always a slice
of the text: `text[start:end]`. Only a sentence longer than a passage is cut inside, at a space or,
where there is none, between two characters as people see them (never inside an emoji or between a
letter and its marks).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import regex  # type: ignore[import-untyped]

from services.languages.graphemes import grapheme_end
from services.languages.sentences import Span, sentences

TARGET_CHARACTERS = 1_000
"""Passages are filled up to here."""

MOST_CHARACTERS = 1_500
"""A paragraph up to this length is not cut, and a short rest joins the passage before it."""

_SHORT_REST_CHARACTERS = 200
_LONGEST_HEADING_CHARACTERS = 200
_ATX_HEADING = regex.compile(r"[ ]{0,3}(?P<marks>\#{1,6})[ \t]++(?P<text>\S.*+)")
_UNDERLINE = regex.compile(r"[ ]{0,3}(?P<marks>={2,}+|-{3,}+)[ \t]*+\Z")
_FENCE = regex.compile(r"[ ]{0,3}(?P<fence>`{3,}+|~{3,}+)")
_CLOSING_MARKS = regex.compile(r"(?<=[ \t])\#++[ \t]*+\Z")
_EMPHASIS = regex.compile(r"[*_`]{1,3}+(?=\S)|(?<=\S)[*_`]{1,3}+")
_LINE = regex.compile(r"[^\n]*+(?:\n|\Z)")
_PARAGRAPH = regex.compile(r"\S(?:[^\n]|\n(?![^\S\n]*+\n))*+")
_LAST_SPACE = regex.compile(r"\s(?=\S*+\Z)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a text with the headings it stands under, the outermost first."""

    heading_path: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    text: str
    start: int
    end: int


def passages(text: str, language: str | None = None) -> list[Passage]:
    """Cut a text, Markdown or plain, into passages.

    Args:
        text: The whole source; a line ends with a line feed alone.
        language: For telling where sentences end.

    Returns:
        Passages in order, not overlapping; a heading with nothing below it is a passage itself.
    """
    found: list[Passage] = []
    for path, body in _sections(text):
        spans = _packed(_pieces(text, body, language))
        found.extend(Passage(path, span.start, span.end) for span in spans)
    return found


def _sections(text: str) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Each heading's path and the text below it, up to the next heading."""
    headings = _headings(text)
    yield (), Span(0, headings[0].start if headings else len(text))
    open_headings: list[_Heading] = []
    for heading, following in zip_longest(headings, headings[1:]):
        while open_headings and open_headings[-1].level >= heading.level:
            open_headings.pop()
        open_headings.append(heading)
        body = Span(heading.end, following.start if following else len(text))
        has_children = following is not None and following.level > heading.level
        if not has_children and not text[body.start : body.end].strip():
            body = Span(heading.start, heading.end)
        yield tuple(above.text for above in open_headings), body


def _headings(text: str) -> list[_Heading]:
    """Markdown headings outside of code blocks."""
    found: list[_Heading] = []
    fence = ""
    above: regex.Match[str] | None = None
    for line in _LINE.finditer(text):
        content = line.group().rstrip("\n")
        if fence_marks := _FENCE.match(content):
            fence = _next_fence(fence, fence_marks.group("fence"))
            above = None
        elif not fence and (heading := _heading(content, line, above)):
            found.append(heading)
            above = None
        else:
            above = _possible_title(line, above)
    return found


def _next_fence(open_fence: str, marks: str) -> str:
    """What is open after a fence line: a code block ends with the marks that began it."""
    if not open_fence:
        return marks
    return "" if marks.startswith(open_fence) else open_fence


def _heading(
    content: str, line: regex.Match[str], above: regex.Match[str] | None
) -> _Heading | None:
    if marked := _ATX_HEADING.match(content):
        text = _plain_heading(marked.group("text"))
        return _Heading(len(marked.group("marks")), text, line.start(), line.end())
    if above is not None and (underline := _UNDERLINE.match(content)):
        level = 1 if underline.group("marks")[0] == "=" else 2
        return _Heading(level, _plain_heading(above.group()), above.start(), line.end())
    return None


def _possible_title(
    line: regex.Match[str], above: regex.Match[str] | None
) -> regex.Match[str] | None:
    """The line, if an underline could make it a heading: alone and not too long."""
    content = line.group().strip()
    if above is not None or not content or len(content) > _LONGEST_HEADING_CHARACTERS:
        return None
    return line


def _plain_heading(text: str) -> str:
    plain = _EMPHASIS.sub("", _CLOSING_MARKS.sub("", text.strip())).strip()
    shown = plain or text.strip()
    return shown[: grapheme_end(shown, 0, _LONGEST_HEADING_CHARACTERS)]


def _pieces(text: str, body: Span, language: str | None) -> Iterator[Span]:
    """Paragraphs, or their sentences where a paragraph is too long, or parts of a long sentence."""
    for paragraph in _PARAGRAPH.finditer(text, body.start, body.end):
        start, end = paragraph.start(), paragraph.start() + len(paragraph.group().rstrip())
        if end - start <= MOST_CHARACTERS:
            yield Span(start, end)
            continue
        for sentence in sentences(text[start:end], language):
            yield from _parts(text, start + sentence.start, start + sentence.end)


def _parts(text: str, start: int, end: int) -> Iterator[Span]:
    while end - start > MOST_CHARACTERS:
        cut = _cut(text, start, start + TARGET_CHARACTERS)
        kept = len(text[start:cut].rstrip())
        if kept:
            yield Span(start, start + kept)
        start = cut
    if start < end:
        yield Span(start, end)


def _cut(text: str, start: int, limit: int) -> int:
    """Where to cut at the latest: after the last space, else after the last whole grapheme."""
    half = start + (limit - start) // 2
    space = _LAST_SPACE.search(text, half, limit)
    return space.end() if space else grapheme_end(text, start, limit)


def _packed(pieces: Iterator[Span]) -> Sequence[Span]:
    """Neighbouring pieces joined up to the target; a short rest joins its predecessor."""
    packed: list[Span] = []
    for piece in pieces:
        if packed and _fits(packed[-1], piece):
            packed[-1] = Span(packed[-1].start, piece.end)
        else:
            packed.append(piece)
    return packed


def _fits(filled: Span, piece: Span) -> bool:
    together = piece.end - filled.start
    is_short_rest = piece.end - piece.start < _SHORT_REST_CHARACTERS
    return together <= TARGET_CHARACTERS or (is_short_rest and together <= MOST_CHARACTERS)
