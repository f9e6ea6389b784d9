"""Some chunks of one chatbot by their words: which of them hold a word, and how often.

A segment never changes: chunks that go are marked beside it, chunks that come are in another one
(`chatbot_words`). Words are kept as Python's own 64-bit hashes, which nobody outside can aim at
because they differ from process to process.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from documents.ids import PydanticObjectId
from documents.knowledge_listing import ListedChunk
from services.knowledge.ranking import HEADING_WEIGHT

Numbers: TypeAlias = NDArray[Any]
Flags: TypeAlias = NDArray[np.bool_]

MOST_CHUNKS = 60_000
"""Chunks are numbered in 16 bits, which 65,536 fit into."""

BYTES_PER_CHUNK = 250
"""Of what is kept of a chunk besides its words: two ids, its length and language."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The chunks of a segment that hold a word, by their numbers, and how often each does."""

    chunks: Numbers
    frequencies: Numbers


@dataclass(frozen=True, slots=True)
class Chunks:
    """What is known of the chunks of a segment apart from their words, in one order."""

    ids: tuple[PydanticObjectId, ...]
    source_ids: tuple[PydanticObjectId, ...]
    languages: Numbers
    token_counts: Numbers

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Words:
    """Which chunk holds which word, one entry for each pair, in any order."""

    hashes: Numbers
    chunks: Numbers
    frequencies: Numbers


class Segment:
    """At most `MOST_CHUNKS` chunks.

    Raises:
        ValueError: There are more, whose numbers would be those of others.
    """

    __slots__ = ("_chunk_numbers", "_frequencies", "_hashes", "_starts", "chunks")

    def __init__(self, chunks: Chunks, words: Words) -> None:
        if len(chunks) > MOST_CHUNKS:
            raise ValueError(f"{len(chunks)} chunks are more than a segment can number")
        self.chunks = chunks
        order = np.lexsort((words.chunks, words.hashes))
        hashes, numbers = words.hashes[order], words.chunks[order]
        is_first = _changes(hashes) | _changes(numbers)
        firsts = np.flatnonzero(is_first)
        frequencies = words.frequencies[order].astype(np.int64)
        summed = np.add.reduceat(frequencies, firsts) if len(firsts) else frequencies
        self._chunk_numbers = numbers[firsts].astype(np.uint16)
        self._frequencies = np.minimum(summed, np.iinfo(np.uint16).max).astype(np.uint16)
        word_starts = np.flatnonzero(_changes(hashes[firsts]))
        self._hashes = hashes[firsts][word_starts]
        self._starts = np.append(word_starts, len(firsts)).astype(np.uint32)

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        arrays = (self._chunk_numbers, self._frequencies, self._hashes, self._starts)
        return sum(one.nbytes for one in arrays) + BYTES_PER_CHUNK * len(self.chunks)

    def occurrences(self, tokens: Iterable[str]) -> dict[str, Occurrence]:
        """Where tokens stand; those that stand nowhere are left out."""
        known = tuple(tokens)
        places = np.searchsorted(self._hashes, _hashes(known))
        found = {}
        for token, place in zip(known, places.tolist(), strict=True):
            if place < len(self._hashes) and self._hashes[place] == hash(token):
                part = slice(int(self._starts[place]), int(self._starts[place + 1]))
                found[token] = Occurrence(self._chunk_numbers[part], self._frequencies[part])
        return found

    def words(self) -> Words:
        """All of it, for making another segment."""
        lengths = self._starts[1:] - self._starts[:-1]
        return Words(self._hashes.repeat(lengths), self._chunk_numbers, self._frequencies)


def segment_of(listed: Sequence[ListedChunk]) -> Segment:
    """A segment of chunks as they were read."""
    hashes: list[int] = []
    numbers: list[int] = []
    frequencies: list[int] = []
    for number, chunk in enumerate(listed):
        for tokens, weight in ((chunk.heading_tokens, HEADING_WEIGHT), (chunk.text_tokens, 1)):
            found = list(map(hash, tokens.split()))
            hashes += found
            numbers += repeat(number, len(found))
            frequencies += repeat(weight, len(found))
    chunks = Chunks(
        ids=tuple(one.chunk_id for one in listed),
        source_ids=tuple(one.source_id for one in listed),
        languages=np.asarray([one.text_language for one in listed], dtype=np.str_),
        token_counts=np.fromiter((one.token_count for one in listed), np.float64, len(listed)),
    )
    words = Words(
        np.asarray(hashes, dtype=np.int64),
        np.asarray(numbers, dtype=np.uint16),
        np.asarray(frequencies, dtype=np.uint16),
    )
    return Segment(chunks, words)


def joined(parts: Mapping[Segment, Flags]) -> Segment:
    """One segment of several, of the chunks that are flagged."""
    kept = [(segment, np.flatnonzero(flags), flags) for segment, flags in parts.items()]
    words, first = [], 0
    for segment, numbers, flags in kept:
        words.append(_renumbered(segment.words(), flags, first))
        first += len(numbers)
    picked = [(segment.chunks, numbers.tolist()) for segment, numbers, _ in kept]
    return Segment(
        Chunks(
            ids=tuple(chunks.ids[one] for chunks, numbers in picked for one in numbers),
            source_ids=tuple(
                chunks.source_ids[one] for chunks, numbers in picked for one in numbers
            ),
            languages=np.concatenate(
                [segment.chunks.languages[numbers] for segment, numbers, _ in kept]
            ),
            token_counts=np.concatenate(
                [segment.chunks.token_counts[numbers] for segment, numbers, _ in kept]
            ),
        ),
        Words(
            np.concatenate([one.hashes for one in words]),
            np.concatenate([one.chunks for one in words]),
            np.concatenate([one.frequencies for one in words]),
        ),
    )


def _renumbered(words: Words, flags: Flags, first: int) -> Words:
    """The words of the flagged chunks, which are numbered from `first` on."""
    numbers = np.cumsum(flags) - 1 + first
    staying = flags[words.chunks]
    return Words(
        words.hashes[staying],
        numbers[words.chunks[staying]].astype(np.uint16),
        words.frequencies[staying],
    )


def _hashes(tokens: Sequence[str]) -> Numbers:
    return np.fromiter(map(hash, tokens), np.int64, len(tokens))


def _changes(values: Numbers) -> Flags:
    """Where a value differs from the one before it, the first one included."""
    return np.append(np.ones(min(len(values), 1), dtype=np.bool_), values[1:] != values[:-1])
