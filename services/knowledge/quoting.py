"""The words of a passage that answer best: one to three sentences, verbatim, where they stand."""

from collections.abc import Iterator, Mapping, Sequence, Set

import regex  # type: ignore[import-untyped]

from services.knowledge.question import QuestionWord
from services.languages.graphemes import grapheme_end
from services.languages.sentences import Span, sentences
from services.languages.tokens import search_tokens

LONGEST_QUOTE_CHARACTERS = 300
MOST_SENTENCES = 3

_WORD_START = regex.compile(r"(?<=\s)\S")
_LAST_WORD_END = regex.compile(r"\S(?=\s++\S*+\Z)")
_SPACES = regex.compile(r"\s*+")
_BREVITY = 0.02
"""What a further sentence must add, as a share of the question's weight, to be worth quoting."""

Weights = Mapping[QuestionWord, float]


def best_quote(text: str, language: str | None, weights: Weights) -> Span:
    """The span of `text` to quote, at most 300 code points unless one character is longer.

    Args:
        text: A passage.
        language: The language of its tokens.
        weights: The question's words and what each is worth.

    Returns:
        The consecutive sentences that hold most of the question; the first of equal ones, and the
        fewest. A longer sentence is cut at words around what the question asks for.
    """
    spans = sentences(text, language)
    held = [_held(text[span.start : span.end], language, weights) for span in spans]
    windows = _windows(spans)
    if not windows:
        return Span(0, 0)
    first, last = max(
        windows, key=lambda window: (_worth(held[window[0] : window[1] + 1], weights), -window[0])
    )
    whole = Span(spans[first].start, spans[last].end)
    return _shortened(text, whole, language, weights)


def _windows(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """First and last index of runs of sentences that fit; a single sentence always does."""
    return [
        (first, last)
        for first in range(len(spans))
        for last in range(first, min(first + MOST_SENTENCES, len(spans)))
        if last == first or spans[last].end - spans[first].start <= LONGEST_QUOTE_CHARACTERS
    ]


def _held(text: str, language: str | None, weights: Weights) -> frozenset[QuestionWord]:
    tokens = set(search_tokens(text, language))
    return frozenset(word for word in weights if not tokens.isdisjoint(word.tokens))


def _worth(held: Sequence[Set[QuestionWord]], weights: Weights) -> float:
    words = frozenset[QuestionWord]().union(*held)
    ballast = (len(held) - 1) * _BREVITY * sum(weights.values())
    # In the order of the question, so that the sum is the same in every process.
    return sum(weight for word, weight in weights.items() if word in words) - ballast


def _shortened(text: str, whole: Span, language: str | None, weights: Weights) -> Span:
    """The part of an overlong sentence that holds most of the question."""
    if whole.end - whole.start <= LONGEST_QUOTE_CHARACTERS:
        return whole
    parts = list(_parts(text, whole))
    held = [_held(text[part.start : part.end], language, weights) for part in parts]
    best = max(range(len(parts)), key=lambda index: (_worth([held[index]], weights), -index))
    return parts[best]


def _parts(text: str, whole: Span) -> Iterator[Span]:
    """Overlapping parts of the allowed length, cut at words, or between characters without any."""
    start = whole.start
    while start < whole.end:
        end = _part_end(text, start, whole.end)
        yield Span(start, end)
        if end == whole.end:
            return
        overlap = _WORD_START.search(text, start + (end - start) // 2, end)
        start = overlap.start() if overlap else _SPACES.match(text, end).end()


def _part_end(text: str, start: int, end: int) -> int:
    limit = start + LONGEST_QUOTE_CHARACTERS
    if end <= limit:
        return end
    word_end = _LAST_WORD_END.search(text, start + 1, limit + 1)
    # A quote has a length limit, so a "character" of 300 marks is torn here and nowhere else.
    return word_end.end() if word_end else min(grapheme_end(text, start, limit), limit)
