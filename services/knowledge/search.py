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
from documents.knowledge_chunks import KnowledgeChunk, chunk_of_question
from documents.knowledge_sources import knowledge_size
from documents.tenancy import TenantScope
from services.knowledge.arranging import arranged
from services.knowledge.confidence import confidence
from services.knowledge.gate import Decision, Gate
from services.knowledge.neighbours import with_neighbours
from services.knowledge.pairs import question_key
from services.knowledge.passages import PassageScores, RetrievedPassage, passage_of
from services.knowledge.question import QuestionWord, all_tokens, read_question
from services.knowledge.ranking import RankedChunk
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

    def __init__(self, policy: SearchPolicy | None = None) -> None:
        self._policy = policy or SearchPolicy()
        self._words = WordSearch(self._policy.deadline_ms)

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
            found, exact = await asyncio.gather(
                self._words.find(scope, chatbot_id, read, size),
                chunk_of_question(
                    scope,
                    chatbot_id,
                    question_key(question),
                    source_ids=size.source_ids,
                    deadline_ms=self._policy.deadline_ms,
                ),
            )
            passages = await self._passages(scope, chatbot_id, found, exact)
            passages = await with_neighbours(scope, passages[: min(limit, MOST_PASSAGES)])
            outcome = self._outcome(passages, tuple(found.weights))
            return replace(outcome, is_small_talk=read.is_small_talk)

    async def _passages(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        found: WordFindings,
        exact: KnowledgeChunk | None,
    ) -> tuple[RetrievedPassage, ...]:
        best = found.ranked[:LOADED]
        chunks = await _chunks_by_id(scope, chatbot_id, [one.chunk_id for one in best])
        there = [(chunks[one.chunk_id], one) for one in best if one.chunk_id in chunks]
        chosen = arranged(there, tuple(found.weights), exact)[:MOST_PASSAGES]
        return await asyncio.to_thread(self._quoted, chosen, found.weights, exact)

    def _quoted(
        self,
        chunks: Sequence[tuple[KnowledgeChunk, RankedChunk]],
        weights: Mapping[QuestionWord, float],
        exact: KnowledgeChunk | None,
    ) -> tuple[RetrievedPassage, ...]:
        least = self._policy.gate.refuse_below if exact is None else 0.0
        wanted = None if exact is None else exact.id
        return tuple(
            passage_of(
                chunk,
                _scores(rank),
                weights,
                used=rank.evidence >= least and wanted in {None, chunk.id},
            )
            for chunk, rank in chunks
        )

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
