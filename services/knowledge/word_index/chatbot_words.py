"""All chunks of one chatbot by their words, as they were at one moment.

It never changes either: what follows a change shares the segments that stayed. So a search goes on
with what it began with, whatever is written meanwhile.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from documents.ids import PydanticObjectId
from documents.knowledge_listing import ListedChunk
from documents.knowledge_sources import KnowledgeSize, SourceState
from services.knowledge.question import QuestionWord, all_tokens
from services.knowledge.ranking import K1, SPOKEN_WEIGHT, B, RankedChunk
from services.knowledge.word_index.segment import (
    MOST_CHUNKS,
    Flags,
    Numbers,
    Occurrence,
    Segment,
    joined,
    segment_of,
)
from services.languages.codes import UNDETERMINED

SMALL = 1_000
MOST_SMALL = 8
"""With more small segments than these they are joined: each is looked into by every search."""

MOST_RANKED = 1_000
"""More than are ever shown or compared by meaning."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A segment and which of its chunks are there still."""

    segment: Segment
    is_there: Flags

    @property
    def count(self) -> int:
        return int(np.count_nonzero(self.is_there))

    @property
    def is_wasteful(self) -> bool:
        return self.count < max(SMALL, len(self.segment.chunks) // 2)

    def of_sources(self, source_ids: Collection[PydanticObjectId]) -> list[int]:
        """The numbers of the chunks of some sources."""
        every = self.segment.chunks.source_ids
        return [one for one in np.flatnonzero(self.is_there).tolist() if every[one] in source_ids]

    def without(self, numbers: Sequence[int]) -> "_Part":
        if not numbers:
            return self
        left = self.is_there.copy()
        left[numbers] = False
        return _Part(self.segment, left)


@dataclass(frozen=True, slots=True)
class ChatbotWords:
    """The words of a chatbot's chunks; `sources` tells the state in which each source was read."""

    parts: tuple[_Part, ...] = ()
    sources: Mapping[PydanticObjectId, SourceState] | None = None

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        return sum(one.segment.size_bytes for one in self.parts)

    def unread(self, size: KnowledgeSize) -> frozenset[PydanticObjectId]:
        """The sources that are new, or were changed since."""
        known = self.sources or {}
        now = size.sources
        return frozenset(one for one, state in now.items() if known.get(one) != state)

    def is_of(self, size: KnowledgeSize) -> bool:
        """Whether nothing was changed, neither come nor gone, since."""
        return self.sources == size.sources

    def chunk_ids(self, source_ids: Collection[PydanticObjectId]) -> set[PydanticObjectId]:
        """The known chunks of some sources."""
        return {
            part.segment.chunks.ids[one]
            for part in self.parts
            for one in part.of_sources(source_ids)
        }

    def without(
        self,
        chunk_ids: Collection[PydanticObjectId] = (),
        source_ids: Collection[PydanticObjectId] = (),
    ) -> "ChatbotWords":
        """The same without some chunks and sources."""
        parts = []
        for part in self.parts:
            ids = part.segment.chunks.ids
            gone = part.of_sources(source_ids) if source_ids else []
            gone += [number for number, one in enumerate(ids) if one in chunk_ids]
            left = part.without(gone)
            parts += [left] if left.count else []
        return ChatbotWords(tuple(parts), self.sources)

    def with_chunks(self, listed: Sequence[ListedChunk]) -> "ChatbotWords":
        """The same with new chunks."""
        if not listed:
            return self
        new = _Part(segment_of(listed), np.ones(len(listed), dtype=np.bool_))
        return ChatbotWords(_few((*self.parts, new)), self.sources)

    def read_as(self, sources: Mapping[PydanticObjectId, SourceState]) -> "ChatbotWords":
        """The same, read in other states of the sources."""
        return ChatbotWords(self.parts, sources)

    def look(self, words: Sequence[QuestionWord], language: str | None) -> "Looked":
        """Where words stand; `language` is that of the question."""
        tokens = all_tokens(words)
        return Looked(
            tuple(words), tuple(_Seen.of(part, words, tokens, language) for part in self.parts)
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one part holds of a question, in the order of its words."""

    part: _Part
    occurrences: tuple[Occurrence, ...]
    is_spoken: Flags

    @classmethod
    def of(
        cls,
        part: _Part,
        words: Iterable[QuestionWord],
        tokens: Sequence[str],
        language: str | None,
    ) -> "_Seen":
        found = part.segment.occurrences(tokens)
        languages = part.segment.chunks.languages
        return cls(
            part,
            tuple(
                _together([found[one] for one in word.tokens if one in found], part.is_there)
                for word in words
            ),
            (languages == (language or languages)) | (languages == UNDETERMINED),
        )

    def scored(self, weights: Sequence[float], average_length: float) -> tuple[Numbers, Numbers]:
        """Of each chunk the score and the weighted share of the words, as `ranking` has them."""
        chunks = self.part.segment.chunks
        damping = K1 * (1 - B + B * chunks.token_counts / average_length)
        scores, found = np.zeros(len(chunks)), np.zeros(len(chunks))
        for one, weight in zip(self.occurrences, weights, strict=True):
            frequencies = one.frequencies.astype(np.float64)
            found[one.chunks] += weight
            scores[one.chunks] += (
                weight * frequencies * (K1 + 1) / (frequencies + damping[one.chunks])
            )
        scores[self.is_spoken] *= SPOKEN_WEIGHT
        return scores, found / sum(weights)


@dataclass(frozen=True, slots=True)
class Looked:
    """Where the words of a question stand."""

    words: tuple[QuestionWord, ...]
    seen: tuple[_Seen, ...]

    @property
    def document_counts(self) -> dict[QuestionWord, int]:
        """In how many chunks each word stands."""
        return {
            word: sum(len(one.occurrences[number].chunks) for one in self.seen)
            for number, word in enumerate(self.words)
        }

    def unknown(self, words: Sequence[QuestionWord]) -> list[QuestionWord]:
        """Those of the words that no chunk in the question's language holds."""
        return [word for word in words if not self._is_spoken(self.words.index(word))]

    def ranked(self, weights: Sequence[float], size: KnowledgeSize) -> list[RankedChunk]:
        """The best chunks, the best first; as `ranking.ranked` orders them, among all there are."""
        average_length = max(size.token_count / max(size.chunk_count, 1), 1.0)
        scored = [one.scored(weights, average_length) for one in self.seen]
        if not scored:
            return []
        scores, shares = (np.concatenate(column) for column in zip(*scored, strict=True))
        best = _highest(scores)
        found = zip(self._ids(best), scores[best].tolist(), shares[best].tolist(), strict=True)
        return sorted(
            (RankedChunk(*one) for one in found), key=lambda one: (-one.score, one.chunk_id)
        )

    def _ids(self, numbers: Numbers) -> Iterator[PydanticObjectId]:
        """The chunks with these numbers, counted through all parts."""
        chunks = [one.part.segment.chunks.ids for one in self.seen]
        ends = np.cumsum([len(one) for one in chunks])
        for number, part in zip(
            numbers.tolist(), ends.searchsorted(numbers, side="right").tolist(), strict=True
        ):
            yield chunks[part][number - int(ends[part])]

    def _is_spoken(self, number: int) -> bool:
        return any(one.is_spoken[one.occurrences[number].chunks].any() for one in self.seen)


def _together(occurrences: Sequence[Occurrence], is_there: Flags) -> Occurrence:
    """Of several forms of one word, in the chunks that are there."""
    if len(occurrences) == 1:
        chunks, frequencies = occurrences[0].chunks, occurrences[0].frequencies
        there = is_there[chunks]
        return Occurrence(chunks[there], frequencies[there])
    total = np.zeros(len(is_there), dtype=np.int64)
    for one in occurrences:
        total[one.chunks] += one.frequencies
    chunks = np.flatnonzero((total > 0) & is_there)
    return Occurrence(chunks, total[chunks])


def _highest(scores: Numbers) -> Numbers:
    hit = np.flatnonzero(scores)
    if len(hit) <= MOST_RANKED:
        return hit
    return hit[np.argpartition(-scores[hit], MOST_RANKED)[:MOST_RANKED]]


def _few(parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
    """The same chunks in few segments, none of which has more than a segment can count."""
    wasteful = sorted((part for part in parts if part.is_wasteful), key=lambda part: part.count)
    if len(wasteful) <= MOST_SMALL:
        return parts
    sums = accumulate(part.count for part in wasteful)
    joining = [part for part, chunks in zip(wasteful, sums, strict=True) if chunks <= MOST_CHUNKS]
    together = joined({part.segment: part.is_there for part in joining})
    staying = (part for part in parts if part not in joining)
    return (*staying, _Part(together, np.ones(len(together.chunks), dtype=np.bool_)))
