"""Candidates out of what every MongoDB has: its text index, and vectors compared here."""

from collections.abc import Sequence

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import ChunkWords, chunks_with_any_token
from services.knowledge.candidates import Searched
from services.knowledge.embedding.vector_search import VectorSearch


class TextIndex:
    """`$text` for words, numpy for meanings: a chunk is found as soon as it is written."""

    def __init__(self, model: str | None = None) -> None:
        """`model` names the embedding model; without one nothing is compared by meaning."""
        self._vectors = VectorSearch(model) if model else None

    async def by_words(
        self, searched: Searched, tokens: Sequence[str], *, limit: int
    ) -> list[ChunkWords]:
        """See `Candidates`."""
        return await chunks_with_any_token(
            searched.scope,
            searched.chatbot_id,
            tokens,
            source_ids=searched.source_ids,
            limit=limit,
            deadline_ms=searched.deadline_ms,
        )

    async def by_meaning(
        self,
        searched: Searched,
        question: Sequence[float],
        *,
        by_words: Sequence[PydanticObjectId],
    ) -> dict[PydanticObjectId, float]:
        """See `Candidates`."""
        if self._vectors is None:
            return {}
        return await self._vectors.similarities(
            searched.scope,
            searched.chatbot_id,
            question,
            source_ids=searched.source_ids,
            by_words=by_words,
            deadline_ms=searched.deadline_ms,
        )
