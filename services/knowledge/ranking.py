"""BM25 over the candidates that the text index found, and how much of the question they answer.

MongoDB's `$text` knows no word weights, so it only collects; the order comes from here. Words
found in the title or the headings count double.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import ChunkWords
from documents.knowledge_sources import KnowledgeSize
from services.knowledge.question import QuestionWord
from services.languages.codes import UNDETERMINED

K1 = 1.2
B = 0.6
HEADING_WEIGHT = 2
SPOKEN_WEIGHT = 1.25
"""What is in the language of the question goes before the same in another one."""

PRIOR_CHUNKS = 20
"""Chunks about something else that every chatbot is taken to have: with three chunks of its own,
a word in two of them is still worth asking for, and a missing word does not decide alone."""


class CountedChunk(NamedTuple):
    """A candidate and how often it holds each word, in the order of the words.

    `is_spoken` tells whether it may be in the language of the question.
    """

    chunk_id: PydanticObjectId
    token_count: int
    frequencies: tuple[int, ...]
    is_spoken: bool


class RankedChunk(NamedTuple):
    """A candidate with its BM25 score and the weighted share (0 to 1) of the words it holds."""

    chunk_id: PydanticObjectId
    score: float
    evidence: float


def word_weights(
    words: Sequence[QuestionWord], document_counts: Mapping[QuestionWord, int], chunk_count: int
) -> dict[QuestionWord, float]:
    """Inverse document frequencies.

    Args:
        words: The question's words.
        document_counts: In how many of the chatbot's chunks each word stands.
        chunk_count: How many chunks the chatbot has.
    """
    total = chunk_count + PRIOR_CHUNKS
    return {word: _weight(document_counts[word], total) for word in words}


def _weight(chunks_with_it: int, chunk_count: int) -> float:
    # A word that is nowhere weighs as one that is in a single chunk: most are another way of
    # saying something, and weighing them more would refuse what could be answered.
    present = max(chunks_with_it, 1)
    return math.log(1 + (max(chunk_count - present, 0) + 0.5) / (present + 0.5))


def counted(
    candidates: Iterable[ChunkWords], words: Sequence[QuestionWord], language: str | None
) -> list[CountedChunk]:
    """How often each candidate holds each word; the language is that of the question."""
    spoken = {language, UNDETERMINED}
    terms = [tuple(f" {token} " for token in word.tokens) for word in words]
    return [
        CountedChunk(
            chunk.chunk_id,
            chunk.token_count,
            _frequencies(chunk, terms),
            is_spoken=language is None or chunk.text_language in spoken,
        )
        for chunk in candidates
    ]


def _frequencies(chunk: ChunkWords, terms: Sequence[tuple[str, ...]]) -> tuple[int, ...]:
    # Searching the joined tokens takes a tenth of the time of splitting and counting them. Two
    # equal neighbours count once, which BM25 hardly sees.
    heading, text = f" {chunk.heading_tokens} ", f" {chunk.text_tokens} "
    frequencies = []
    for variants in terms:
        frequency = 0
        for term in variants:
            frequency += text.count(term) + HEADING_WEIGHT * heading.count(term)
        frequencies.append(frequency)
    return tuple(frequencies)


def document_counts(
    words: Sequence[QuestionWord], chunks: Iterable[CountedChunk]
) -> dict[QuestionWord, int]:
    """In how many of the chunks each word stands."""
    columns = list(zip(*(chunk.frequencies for chunk in chunks), strict=True))
    if not columns:
        return dict.fromkeys(words, 0)
    return {
        word: len(column) - column.count(0) for word, column in zip(words, columns, strict=True)
    }


def ranked(
    chunks: Iterable[CountedChunk], weights: Sequence[float], size: KnowledgeSize
) -> list[RankedChunk]:
    """The chunks, best first; equal ones in the order in which they were stored.

    Args:
        chunks: Candidates with their counts.
        weights: Of the words, in the order in which they were counted.
        size: All that the chatbot knows.
    """
    average_length = max(size.token_count / max(size.chunk_count, 1), 1.0)
    total = sum(weights)
    scored = [_scored(chunk, weights, total, average_length) for chunk in chunks]
    return sorted(scored, key=lambda chunk: (-chunk.score, chunk.chunk_id))


def _scored(
    chunk: CountedChunk, weights: Sequence[float], total: float, average_length: float
) -> RankedChunk:
    damping = K1 * (1 - B + B * chunk.token_count / average_length)
    score = found = 0.0
    for frequency, weight in zip(chunk.frequencies, weights, strict=True):
        if frequency:
            found += weight
            score += weight * frequency * (K1 + 1) / (frequency + damping)
    if chunk.is_spoken:
        score *= SPOKEN_WEIGHT
    return RankedChunk(chunk.chunk_id, score, found / total)
