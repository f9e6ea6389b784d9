"""Finding the passages that answer a question, or finding out that none does.

Three steps: MongoDB's text index collects at most a thousand of the chatbot's chunks that hold
one of the question's words; BM25 orders them; the weighted share of the question's words in a
chunk decides whether it is evidence at all. Everything is asked for one client and one chatbot.

How often a word occurs is counted in the candidates. Below a thousand of them that is exact,
because every chunk with the word is one. Above, a second look collects the chunks with the rarer
words alone (`$text` does not know that they matter more), which makes these exact again, and the
frequent ones are projected from their share.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from documents.errors import reporting_unavailability
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk, chunks_with_any_token
from documents.knowledge_sources import KnowledgeSize, knowledge_size
from documents.tenancy import TenantScope
from services.knowledge.gate import Decision, Gate
from services.knowledge.passages import PassageScores, RetrievedPassage, passage_of
from services.knowledge.question import QuestionWord, all_tokens, question_words
from services.knowledge.ranking import (
    CountedChunk,
    RankedChunk,
    counted,
    document_counts,
    ranked,
    word_weights,
)

CANDIDATES = 1_000
RARE_SHARE = 0.2
"""A word in fewer of the first candidates than this share of them is looked for again alone."""

MOST_PASSAGES = 20


@dataclass(frozen=True, slots=True)
class SearchPolicy:
    """When a chunk counts as evidence, and after how many milliseconds to give up."""

    gate: Gate = field(default_factory=Gate)
    deadline_ms: int = 2_000


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What was found, and whether it is enough to answer from.

    Attributes:
        found: The best first, also those that are not evidence enough to be used.
        evidence: How much of the question the best of them holds, 0 to 1.
        decision: What the gate says to that.
        threshold: The least evidence for an answer.
        words: The words that were looked for, as the question has them.
        tokens: The same as the index has them.
    """

    found: tuple[RetrievedPassage, ...]
    evidence: float
    decision: Decision
    threshold: float
    words: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    @property
    def passages(self) -> tuple[RetrievedPassage, ...]:
        """Those that an answer may rest on."""
        return tuple(passage for passage in self.found if passage.used)


@dataclass(frozen=True, slots=True)
class _Looked:
    """What MongoDB gave for the question's words."""

    chunks: tuple[CountedChunk, ...]
    document_counts: dict[QuestionWord, int]


class KnowledgeSearch:
    """Searches what a chatbot knows."""

    def __init__(self, policy: SearchPolicy | None = None) -> None:
        self._policy = policy or SearchPolicy()

    async def search(
        self,
        client_id: str,
        chatbot_id: PydanticObjectId,
        question: str,
        language: str | None = None,
        limit: int = 5,
    ) -> SearchOutcome:
        """Find the passages that answer a question.

        Args:
            client_id: The slug of the client that owns the chatbot.
            chatbot_id: Only this chatbot's chunks are seen.
            question: Anything a visitor typed; the first 8,000 characters count.
            language: The visitor's language, for questions too short to tell theirs.
            limit: How many passages at most, up to 20.

        Raises:
            DatabaseUnavailableError: the database did not answer in time.
        """
        scope = TenantScope.one(client_id)
        with reporting_unavailability():
            size = await knowledge_size(scope, chatbot_id, deadline_ms=self._policy.deadline_ms)
            words = await asyncio.to_thread(question_words, question, language, size.languages)
            if not words or not size.chunk_count:
                return self._outcome((), words)
            looked = await self._look(scope, chatbot_id, words, size)
            weights = word_weights(words, looked.document_counts, size.chunk_count)
            best = ranked(looked.chunks, tuple(weights.values()), size)
            best = best[: min(limit, MOST_PASSAGES)]
            return self._outcome(await self._passages(scope, chatbot_id, best, weights), words)

    async def _look(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        words: Sequence[QuestionWord],
        size: KnowledgeSize,
    ) -> _Looked:
        first = await self._counted(scope, chatbot_id, words, words)
        counts = document_counts(words, first)
        if len(first) < CANDIDATES:
            return _Looked(tuple(first), counts)
        rare = [word for word in words if counts[word] < RARE_SHARE * CANDIDATES]
        second = await self._counted(scope, chatbot_id, words, rare) if rare else []
        together = {chunk.chunk_id: chunk for chunk in (*first, *second)}
        exact = document_counts(words, together.values())
        for word in words:
            projected = round(counts[word] / CANDIDATES * size.chunk_count)
            counts[word] = exact[word] if word in rare else projected
        return _Looked(tuple(together.values()), counts)

    async def _counted(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        words: Sequence[QuestionWord],
        wanted: Sequence[QuestionWord],
    ) -> list[CountedChunk]:
        """At most a thousand chunks with one of the wanted words; all words are counted."""
        candidates = await chunks_with_any_token(
            scope,
            chatbot_id,
            all_tokens(wanted),
            limit=CANDIDATES,
            deadline_ms=self._policy.deadline_ms,
        )
        return await asyncio.to_thread(counted, candidates, words)

    async def _passages(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        best: Sequence[RankedChunk],
        weights: Mapping[QuestionWord, float],
    ) -> tuple[RetrievedPassage, ...]:
        chunks = await _chunks_by_id(scope, chatbot_id, [one.chunk_id for one in best])
        there = [(chunks[one.chunk_id], one) for one in best if one.chunk_id in chunks]
        return await asyncio.to_thread(self._quoted, there, weights)

    def _quoted(
        self,
        chunks: Sequence[tuple[KnowledgeChunk, RankedChunk]],
        weights: Mapping[QuestionWord, float],
    ) -> tuple[RetrievedPassage, ...]:
        least = self._policy.gate.refuse_below
        return tuple(
            passage_of(chunk, _scores(rank), weights, used=rank.evidence >= least)
            for chunk, rank in chunks
        )

    def _outcome(
        self, found: tuple[RetrievedPassage, ...], words: Sequence[QuestionWord]
    ) -> SearchOutcome:
        evidence = max((passage.evidence for passage in found), default=0.0)
        return SearchOutcome(
            found,
            evidence,
            self._policy.gate.decision(evidence),
            self._policy.gate.answer_from,
            words=tuple(word.surface for word in words),
            tokens=tuple(all_tokens(words)),
        )


async def _chunks_by_id(
    scope: TenantScope, chatbot_id: PydanticObjectId, chunk_ids: Sequence[PydanticObjectId]
) -> dict[PydanticObjectId, KnowledgeChunk]:
    if not chunk_ids:
        return {}
    found = await scope.of(KnowledgeChunk).find(
        {"_id": {"$in": list(chunk_ids)}, "chatbot_id": chatbot_id}, limit=len(chunk_ids)
    )
    return {chunk.id: chunk for chunk in found}


def _scores(rank: RankedChunk) -> PassageScores:
    return PassageScores(lexical=rank.score, vector=None, fused=rank.score, evidence=rank.evidence)
