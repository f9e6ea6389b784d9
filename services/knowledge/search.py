"""Finding the passages that answer a question, or finding out that none does.

The question's words find candidates and order them (`word_search`), and what the best of them holds
of the question decides whether it is evidence at all (`gate`). Everything is asked for one client
and one chatbot.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from documents.errors import reporting_unavailability
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk, chunk_of_question, searchable
from documents.knowledge_sources import KnowledgeSize, knowledge_size
from documents.tenancy import TenantScope
from services.knowledge.arranging import arranged
from services.knowledge.candidates import Candidates, Searched
from services.knowledge.confidence import confidence
from services.knowledge.embedding.embedder import Embedder
from services.knowledge.embedding.fusing import fused
from services.knowledge.embedding.meanings import NO_MEANINGS, Meanings
from services.knowledge.gate import Decision, Gate
from services.knowledge.neighbours import with_neighbours
from services.knowledge.pairs import question_key
from services.knowledge.passages import PassageScores, RetrievedPassage, passage_of
from services.knowledge.question import QuestionWord, all_tokens, read_question
from services.knowledge.ranking import RankedChunk
from services.knowledge.text_index import TextIndex
from services.knowledge.word_index.word_indexes import WordIndexes
from services.knowledge.word_search import WordFindings, WordSearch

MOST_PASSAGES = 20
LOADED = 40
"""Chunks read whole: enough for so many passages when some pages have many."""
EVIDENCE_PASSAGES = 5
"""The best of the first so many passages is the evidence: the thresholds were fitted to that."""


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
        knows_anything: Whether the chatbot has any knowledge at all.
        is_small_talk: Whether nothing was asked about, such as by a greeting.
        repairs: Words that nothing knows, each with the known word that was looked for as well.
    """

    found: tuple[RetrievedPassage, ...]
    evidence: float
    decision: Decision
    threshold: float
    words: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    repairs: tuple[tuple[str, str], ...] = ()
    knows_anything: bool = True
    is_small_talk: bool = False

    @property
    def passages(self) -> tuple[RetrievedPassage, ...]:
        """Those that an answer may rest on."""
        return tuple(passage for passage in self.found if passage.used)

    @property
    def confidence(self) -> float:
        """The probability that the passages hold the answer, 0 to 1."""
        return confidence(self.evidence)


class KnowledgeSearch:
    """Searches what a chatbot knows."""

    def __init__(
        self,
        policy: SearchPolicy | None = None,
        embedder: Embedder | None = None,
        candidates: Candidates | None = None,
        indexes: WordIndexes | None = None,
    ) -> None:
        """Without an embedder words alone are compared; the text index collects by default.

        `indexes` answer for what it would collect slowly.
        """
        self._policy = policy or SearchPolicy()
        self.embedder = embedder
        self._candidates = candidates or TextIndex(embedder.model.name if embedder else None)
        self._words = WordSearch(
            self._policy.deadline_ms, candidates=self._candidates, indexes=indexes
        )

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
            read = await asyncio.to_thread(read_question, question, language, size.languages)
            if not read.words or not size.chunk_count:
                return replace(
                    self._outcome((), read.words),
                    knows_anything=size.chunk_count > 0,
                    is_small_talk=read.is_small_talk,
                )
            found, vector, exact = await asyncio.gather(
                self._words.find(scope, chatbot_id, read, size),
                self._vector_of(question),
                chunk_of_question(
                    scope,
                    chatbot_id,
                    question_key(question),
                    source_ids=size.source_ids,
                    deadline_ms=self._policy.deadline_ms,
                ),
            )
            meanings = await self._meanings(scope, chatbot_id, vector, found, size)
            passages = await self._passages(
                scope,
                chatbot_id,
                found,
                meanings,
                exact,
                size=size,
                limit=min(limit, MOST_PASSAGES),
            )
            passages = await with_neighbours(scope, passages)
            outcome = self._outcome(passages, tuple(found.weights))
            return replace(outcome, is_small_talk=read.is_small_talk)

    async def _passages(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        found: WordFindings,
        meanings: Meanings,
        exact: KnowledgeChunk | None,
        *,
        size: KnowledgeSize,
        limit: int,
    ) -> tuple[RetrievedPassage, ...]:
        ranked = found.ranked
        if meanings.cosines:
            ranked = await asyncio.to_thread(fused, ranked, meanings.cosines)
        best = ranked[:LOADED]
        chunks = await _chunks_by_id(
            scope, chatbot_id, [one.chunk_id for one in best], size.source_ids
        )
        there = [(chunks[one.chunk_id], one) for one in best if one.chunk_id in chunks]
        chosen = arranged(there, tuple(found.weights), exact)[:limit]
        scores = _Scores(meanings, {one.chunk_id: one.score for one in found.ranked})
        return await asyncio.to_thread(self._quoted, chosen, found.weights, scores, exact)

    def _quoted(
        self,
        chunks: Sequence[tuple[KnowledgeChunk, RankedChunk]],
        weights: Mapping[QuestionWord, float],
        scores: "_Scores",
        exact: KnowledgeChunk | None,
    ) -> tuple[RetrievedPassage, ...]:
        least = self._policy.gate.refuse_below if exact is None else 0.0
        wanted = None if exact is None else exact.id
        made = []
        for chunk, rank in chunks:
            own = scores.of(rank, self._policy.gate, is_exact=wanted == chunk.id)
            used = own.evidence >= least and wanted in {None, chunk.id}
            made.append(passage_of(chunk, own, weights, used=used))
        return tuple(made)

    async def _vector_of(self, question: str) -> list[float] | None:
        return await self.embedder.question(question) if self.embedder else None

    async def _meanings(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        vector: list[float] | None,
        found: WordFindings,
        size: KnowledgeSize,
    ) -> Meanings:
        if self.embedder is None or vector is None:
            return NO_MEANINGS
        cosines = await self._candidates.by_meaning(
            Searched(scope, chatbot_id, size.source_ids, self._policy.deadline_ms),
            vector,
            by_words=[one.chunk_id for one in found.ranked],
        )
        return Meanings(cosines, self.embedder.model.least_cosine)

    def _outcome(
        self, found: tuple[RetrievedPassage, ...], words: Sequence[QuestionWord]
    ) -> SearchOutcome:
        evidence = max((passage.evidence for passage in found[:EVIDENCE_PASSAGES]), default=0.0)
        return SearchOutcome(
            found,
            evidence,
            self._policy.gate.decision(evidence),
            self._policy.gate.answer_from,
            words=tuple(word.surface for word in words),
            tokens=tuple(all_tokens(words)),
            repairs=tuple((word.surface, word.mended) for word in words if word.mended),
        )


async def _chunks_by_id(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    chunk_ids: Sequence[PydanticObjectId],
    source_ids: Sequence[PydanticObjectId],
) -> dict[PydanticObjectId, KnowledgeChunk]:
    """Those that can still be found: a change may have come since they were."""
    if not chunk_ids:
        return {}
    wanted = {**searchable(chatbot_id, source_ids), "_id": {"$in": list(chunk_ids)}}
    found = await scope.of(KnowledgeChunk).find(wanted, limit=len(chunk_ids))
    return {chunk.id: chunk for chunk in found}


@dataclass(frozen=True, slots=True)
class _Scores:
    """All that is known about how well chunks fit."""

    meanings: Meanings
    lexical: Mapping[PydanticObjectId, float]

    def of(self, rank: RankedChunk, gate: Gate, *, is_exact: bool) -> PassageScores:
        by_words = rank.evidence
        own = self.meanings.evidence(rank.chunk_id, by_words, gate)
        return PassageScores(
            lexical=self.lexical.get(rank.chunk_id),
            vector=self.meanings.cosines.get(rank.chunk_id),
            fused=rank.score,
            evidence=1.0 if is_exact else own,
        )
