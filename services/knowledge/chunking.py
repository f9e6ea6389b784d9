"""Cutting a source's text into passages that can stand alone.

A passage keeps the headings above it, whole paragraphs and whole sentences, and is always a slice
of the text: `text[start:end]`. Only a sentence longer than a passage is cut inside, at a space or,
where there is none, between two characters as people see them (never inside an emoji or between a
letter and its marks).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from zlib import crc32

import regex  # type: ignore[import-untyped]

from services.knowledge.extraction.extracted import ExtractedHeading, ExtractedText, PageStart
from services.knowledge.markdown_headings import markdown_headings
from services.languages.graphemes import grapheme_end
from services.languages.sentences import Span, sentences

TARGET_CHARACTERS = 1_000
"""Passages are filled up to here."""

MOST_CHARACTERS = 1_500
"""A paragraph up to this length is not cut, and a short rest joins the passage before it."""

_SHORT_REST_CHARACTERS = 200
_LEAST_BEFORE_LANDMARK = 400
_LANDMARK_CHARACTERS = 100
_PIECES_PER_LANDMARK = 4
"""One piece in so many is a landmark."""

_PARAGRAPH = regex.compile(r"\S(?:[^\n]|\n(?![^\S\n]*+\n))*+")
_LAST_SPACE = regex.compile(r"\s(?=\S*+\Z)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a text with the headings it stands under, the outermost first.

    `anchor` is that of the nearest heading above that has one; `page` counts from 1.
    """

    heading_path: tuple[str, ...]
    start: int
    end: int
    anchor: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class _Section:
    """What stands under one heading, up to the next."""

    path: tuple[str, ...]
    anchor: str | None
    body: Span


def passages(text: str, language: str | None = None) -> list[Passage]:
    """Cut a text, Markdown or plain, into passages.

    Args:
        text: The whole source; a line ends with a line feed alone.
        language: For telling where sentences end.

    Returns:
        Passages in order, not overlapping; a heading with nothing below it is a passage itself.
    """
    headings = [
        ExtractedHeading(one.level, one.text, one.start, one.end) for one in markdown_headings(text)
    ]
    return [
        Passage(section.path, span.start, span.end)
        for section in _sections(text, headings)
        for span in _packed(_pieces(text, section.body, language))
    ]


def extracted_passages(extracted: ExtractedText, language: str | None = None) -> list[Passage]:
    """Cut what was read out of a page or a file into passages, with anchors and pages.

    No passage runs over the end of a page. Where passages begin depends on the paragraphs
    themselves, so that after a change passages soon are again what they were, and so are their
    hashes.

    Args:
        extracted: The text; only its headings are headings, whatever its lines look like.
        language: For telling where sentences end.

    Returns:
        As `passages`.
    """
    text = extracted.text
    return [
        Passage(section.path, span.start, span.end, section.anchor, page)
        for section in _sections(text, extracted.headings)
        for page, part in _pages(section.body, extracted.page_starts)
        for span in _packed(_pieces(text, part, language), landmarks_in=text)
    ]


def _sections(text: str, headings: Sequence[ExtractedHeading]) -> Iterator[_Section]:
    yield _Section((), None, Span(0, headings[0].start if headings else len(text)))
    open_headings: list[ExtractedHeading] = []
    for heading, following in zip_longest(headings, headings[1:]):
        while open_headings and open_headings[-1].level >= heading.level:
            open_headings.pop()
        open_headings.append(heading)
        body = Span(heading.end, following.start if following else len(text))
        has_children = following is not None and following.level > heading.level
        if not has_children and not text[body.start : body.end].strip():
            body = Span(heading.start, heading.end)
        path = tuple(above.text for above in open_headings)
        anchors = [above.anchor for above in reversed(open_headings) if above.anchor]
        yield _Section(path, anchors[0] if anchors else None, body)


def _pages(body: Span, starts: Sequence[PageStart]) -> Iterator[tuple[int | None, Span]]:
    """The body's parts by page; the whole of it where there are no pages."""
    first = bisect_right(starts, body.start, key=lambda page: page.start) - 1
    number = starts[first].number if first >= 0 else None
    start = body.start
    for page in starts[first + 1 :]:
        if page.start >= body.end:
            break
        yield number, Span(start, page.start)
        number, start = page.number, page.start
    yield number, Span(start, body.end)


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


def _packed(pieces: Iterator[Span], *, landmarks_in: str | None = None) -> Sequence[Span]:
    """Neighbouring pieces joined up to the target; a short rest joins its predecessor.

    With a text, landmarks in it begin a passage of their own where enough stands before.
    """
    packed: list[Span] = []
    for piece in pieces:
        begins = (
            landmarks_in is not None
            and bool(packed)
            and packed[-1].end - packed[-1].start >= _LEAST_BEFORE_LANDMARK
            and _is_landmark(landmarks_in, piece)
        )
        if packed and not begins and _fits(packed[-1], piece):
            packed[-1] = Span(packed[-1].start, piece.end)
        else:
            packed.append(piece)
    return packed


def _is_landmark(text: str, piece: Span) -> bool:
    """Some pieces, always the same ones: which, nothing around them has a say in."""
    beginning = text[piece.start : min(piece.end, piece.start + _LANDMARK_CHARACTERS)]
    return crc32(beginning.encode()) % _PIECES_PER_LANDMARK == 0


def _fits(filled: Span, piece: Span) -> bool:
    together = piece.end - filled.start
    is_short_rest = piece.end - piece.start < _SHORT_REST_CHARACTERS
    return together <= TARGET_CHARACTERS or (is_short_rest and together <= MOST_CHARACTERS)
