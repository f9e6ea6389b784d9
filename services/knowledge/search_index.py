"""Candidates out of MongoDB's own search, for knowledge that one process cannot compare."""

import asyncio
from collections.abc import Sequence

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import ChunkWords
from documents.knowledge_search_index import chunks_with_any_word, nearest_chunks
from documents.knowledge_vectors import StoredVector, embedded_ids, vectors_of
from services.knowledge.candidates import Searched
from services.knowledge.embedding.vector_search import cosines

NEAREST = 200
"""More than may come in by meaning alone (`embedding.fusing`): most of what words find is there."""

COMPARED_BY_WORDS = 100
"""Of what words have found, so many are compared though they are not among the nearest."""


class SearchIndex:
    """`$search` for words, `$vectorSearch` for meanings: a new chunk is found a little later."""

    def __init__(self, model: str | None = None) -> None:
        """`model` names the embedding model; without one nothing is compared by meaning."""
        self._model = model

    async def by_words(
        self, searched: Searched, tokens: Sequence[str], *, limit: int
    ) -> list[ChunkWords]:
        """See `Candidates`."""
        return await chunks_with_any_word(
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
        if self._model is None:
            return {}
        nearest = await nearest_chunks(
            searched.scope,
            searched.chatbot_id,
            self._model,
            question,
            source_ids=searched.source_ids,
            limit=NEAREST,
            deadline_ms=searched.deadline_ms,
        )
        far = [one for one in by_words[:COMPARED_BY_WORDS] if one not in nearest]
        vectors = await self._vectors(searched, far) if far else []
        return nearest | await asyncio.to_thread(cosines, vectors, question)

    async def _vectors(
        self, searched: Searched, chunk_ids: Sequence[PydanticObjectId]
    ) -> list[StoredVector]:
        """Those of chunks that may be found now."""
        scope, chatbot_id, model = searched.scope, searched.chatbot_id, self._model or ""
        there = await embedded_ids(
            scope,
            chatbot_id,
            model,
            source_ids=searched.source_ids,
            deadline_ms=searched.deadline_ms,
            among=chunk_ids,
        )
        batches = vectors_of(scope, chatbot_id, model, there)
        return [one async for batch in batches for one in batch]
