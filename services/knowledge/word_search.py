"""Finding and ordering a chatbot's chunks by the words that they share with a question.

A chatbot with much knowledge has an index of its words in memory (`word_index`), which orders all
its chunks. Where there is none, or not yet, chunks are collected:

At most a thousand chunks that hold one of the words are collected (`candidates`); BM25 orders
them. A word that nothing in the question's language knows is joined by the known word that is most
like it, and looked for again.

How often a word occurs is counted in the candidates. Below a thousand of them that is exact,
because every chunk with the word is one. Above, a second look collects the chunks with the rarer
words alone (`$text` does not know that they matter more), which makes these exact again, and the
frequent ones are projected from their share.

Of a chatbot with much knowledge a sample tells which words are frequent. These are left out of the
collecting where the others are enough (`frequent_words`), and count in the order all the same.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeSize, knowledge_version
from documents.tenancy import TenantScope
from services.knowledge.candidates import Candidates, Searched
from services.knowledge.frequent_words import (
    FrequentWords,
    expected_counts,
    worth_collecting,
)
from services.knowledge.question import QuestionWord, ReadQuestion, all_tokens
from services.knowledge.ranking import (
    CountedChunk,
    RankedChunk,
    counted,
    document_counts,
    ranked,
    word_weights,
)
from services.knowledge.text_index import TextIndex
from services.knowledge.vocabulary import Vocabularies, mended
from services.knowledge.word_index.chatbot_words import ChatbotWords
from services.knowledge.word_index.word_indexes import WordIndexes

CANDIDATES = 1_000
RARE_SHARE = 0.2
"""A word in fewer of the first candidates than this share of them is looked for again alone."""

LONGEST_WAIT_S = 20.0
"""For the words of a chatbot, where its chunks could not be collected in time."""

FEW_FOUND = 20
"""Where the rarer words find fewer chunks, the frequent ones are looked for as well."""


@dataclass(frozen=True, slots=True)
class WordFindings:
    """The chunks, best first, and what each word of the question weighs."""

    ranked: list[RankedChunk]
    weights: dict[QuestionWord, float]


class _Looked(Protocol):
    """Where the words of a question stand."""

    @property
    def document_counts(self) -> Mapping[QuestionWord, int]:
        """In how many chunks each word stands."""
        ...

    def unknown(self, words: Sequence[QuestionWord]) -> list[QuestionWord]:
        """The words that no chunk in the question's language holds."""
        ...

    def ranked(self, weights: Sequence[float], size: KnowledgeSize) -> list[RankedChunk]:
        """The best chunks, the best first."""
        ...


@dataclass(frozen=True, slots=True)
class _Collected:
    """What MongoDB gave for the question's words, those being left out that are everywhere."""

    chunks: tuple[CountedChunk, ...]
    document_counts: dict[QuestionWord, int]
    left_out: frozenset[QuestionWord] = frozenset()

    def unknown(self, words: Sequence[QuestionWord]) -> list[QuestionWord]:
        """The words that no chunk in the question's language holds."""
        spoken = [chunk for chunk in self.chunks if chunk.is_spoken]
        counts = document_counts(words, spoken)
        return [word for word in words if not counts[word] and word not in self.left_out]

    def ranked(self, weights: Sequence[float], size: KnowledgeSize) -> list[RankedChunk]:
        """The chunks, best first."""
        return ranked(self.chunks, weights, size)


class WordSearch:
    """Searches by words."""

    def __init__(
        self,
        deadline_ms: int,
        vocabularies: Vocabularies | None = None,
        candidates: Candidates | None = None,
        indexes: WordIndexes | None = None,
    ) -> None:
        """`indexes` answer where they can; without them every question collects."""
        self._deadline_ms = deadline_ms
        self._indexes = indexes
        self._candidates = candidates or TextIndex()
        self._vocabularies = vocabularies or Vocabularies()
        self.frequent_words = FrequentWords()

    async def find(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        question: ReadQuestion,
        size: KnowledgeSize,
    ) -> WordFindings:
        """The chunks that hold words of a question.

        Args:
            scope: Whose data may be read.
            chatbot_id: The chatbot whose chunks are searched.
            question: At least one word.
            size: All that the chatbot knows, at least one chunk.
        """
        indexed = await self._indexed(scope, chatbot_id, size)
        looked = await self._look(scope, chatbot_id, question, size, indexed)
        mended_question = await self._mended(scope, chatbot_id, question, looked, size)
        if mended_question != question:
            question = mended_question
            looked = await self._look(scope, chatbot_id, question, size, indexed)
        weights = word_weights(question.words, looked.document_counts, size.chunk_count)
        best = await asyncio.to_thread(looked.ranked, tuple(weights.values()), size)
        return WordFindings(best, weights)

    async def _indexed(
        self, scope: TenantScope, chatbot_id: PydanticObjectId, size: KnowledgeSize
    ) -> ChatbotWords | None:
        if self._indexes is None:
            return None
        return await self._indexes.of(scope, chatbot_id, size, deadline_ms=self._deadline_ms)

    async def _look(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        question: ReadQuestion,
        size: KnowledgeSize,
        indexed: ChatbotWords | None,
    ) -> _Looked:
        if indexed is None:
            try:
                return await self._collected(scope, chatbot_id, question, size)
            except Exception as error:
                indexed = (
                    await self._awaited(scope, chatbot_id, size) if is_unavailable(error) else None
                )
                if indexed is None:
                    raise
        return await asyncio.to_thread(indexed.look, question.words, question.language)

    async def _awaited(
        self, scope: TenantScope, chatbot_id: PydanticObjectId, size: KnowledgeSize
    ) -> ChatbotWords | None:
        """The index that is being read: collecting what frequent words hold has taken too long."""
        if self._indexes is None:
            return None
        return await self._indexes.awaited(scope, chatbot_id, size, longest_s=LONGEST_WAIT_S)

    async def _mended(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        question: ReadQuestion,
        looked: _Looked,
        size: KnowledgeSize,
    ) -> ReadQuestion:
        unknown = looked.unknown(question.words)
        if not unknown or question.language is None:
            return question
        vocabulary = await self._vocabularies.of(
            scope,
            chatbot_id,
            question.language,
            version=await knowledge_version(scope, chatbot_id),
            size=size,
            deadline_ms=self._deadline_ms,
        )
        if vocabulary is None:
            return question

        def mend() -> ReadQuestion:
            near = {word: mended(word.tokens, vocabulary) for word in unknown}
            words = (
                word.mended_as(known.word) if (known := near.get(word)) else word
                for word in question.words
            )
            return replace(question, words=tuple(words))

        return await asyncio.to_thread(mend)

    async def _collected(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        question: ReadQuestion,
        size: KnowledgeSize,
    ) -> _Collected:
        words = question.words
        shares = self.frequent_words.of(scope, chatbot_id, size)
        expected = {} if shares is None else expected_counts(words, shares, size.chunk_count)
        wanted = worth_collecting(words, expected, size.chunk_count) if expected else list(words)
        first = await self._counted(scope, chatbot_id, question, wanted, size)
        if len(first) < FEW_FOUND and len(wanted) < len(words):
            wanted = list(words)
            first = await self._counted(scope, chatbot_id, question, wanted, size)
        left_out = frozenset(words).difference(wanted)
        counts = document_counts(words, first)
        if len(first) < CANDIDATES:
            return _Collected(
                tuple(first), counts | {one: expected[one] for one in left_out}, left_out
            )
        rare = [word for word in wanted if counts[word] < RARE_SHARE * CANDIDATES]
        second = await self._counted(scope, chatbot_id, question, rare, size) if rare else []
        together = {chunk.chunk_id: chunk for chunk in (*first, *second)}
        exact = document_counts(words, together.values())
        for word in words:
            projected = round(counts[word] / CANDIDATES * size.chunk_count)
            counts[word] = exact[word] if word in rare else expected.get(word, projected)
        return _Collected(tuple(together.values()), counts, left_out)

    async def _counted(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        question: ReadQuestion,
        wanted: Sequence[QuestionWord],
        size: KnowledgeSize,
    ) -> list[CountedChunk]:
        """At most a thousand chunks with one of the wanted words; all words are counted."""
        searched = Searched(scope, chatbot_id, size.source_ids, self._deadline_ms)
        candidates = await self._candidates.by_words(searched, all_tokens(wanted), limit=CANDIDATES)
        return await asyncio.to_thread(counted, candidates, question.words, question.language)
