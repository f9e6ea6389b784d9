"""Exact cosine over a chatbot's vectors, in numpy: four milliseconds for fifty thousand of them.

The vectors of the chatbots asked lately are kept in memory, up to a bound, and follow the database:
each search asks which chunks there are and reads only those that are new. Of a chatbot too large
for the bound only the chunks that words have found are compared.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from documents.ids import PydanticObjectId
from documents.knowledge_vectors import StoredVector, embedded_ids, vectors_of
from documents.tenancy import TenantScope

Matrix: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float32]]"

MOST_BYTES = 256 * 1024 * 1024
"""Of vectors kept in this process, all chatbots together."""

BYTES_PER_NUMBER = 4


@dataclass(frozen=True, slots=True)
class _Kept:
    ids: tuple[PydanticObjectId, ...]
    matrix: Matrix


class VectorSearch:
    """Compares questions with chunks."""

    def __init__(self, model: str, *, most_bytes: int = MOST_BYTES) -> None:
        self._model = model
        self._most_bytes = most_bytes
        self._kept: OrderedDict[PydanticObjectId, _Kept] = OrderedDict()
        self._one_reading = asyncio.Lock()

    async def similarities(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        question: Sequence[float],
        *,
        source_ids: Sequence[PydanticObjectId],
        by_words: Sequence[PydanticObjectId],
        deadline_ms: int,
    ) -> dict[PydanticObjectId, float]:
        """Cosines of chunks with a question, -1 to 1; none of chunks without a vector.

        Args:
            scope: Whose data may be read.
            chatbot_id: The chatbot whose chunks are compared.
            question: The question's vector.
            source_ids: The sources that the chatbot has now.
            by_words: What words have found: all that is compared of a large chatbot.
            deadline_ms: When MongoDB gives up, in milliseconds.
        """
        there = await embedded_ids(
            scope, chatbot_id, self._model, source_ids=source_ids, deadline_ms=deadline_ms
        )
        if len(there) * len(question) * BYTES_PER_NUMBER > self._most_bytes:
            wanted = set(there).intersection(by_words)
            kept = await self._read(scope, chatbot_id, sorted(wanted), _empty())
        else:
            async with self._one_reading:
                kept = await self._read(scope, chatbot_id, there, self._known(chatbot_id))
                self._keep(chatbot_id, kept)
        return await asyncio.to_thread(_cosines, kept, question)

    def _known(self, chatbot_id: PydanticObjectId) -> _Kept:
        return self._kept.get(chatbot_id) or _empty()

    async def _read(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        there: Sequence[PydanticObjectId],
        known: _Kept,
    ) -> _Kept:
        """What is kept, without what is gone and with what is new."""
        wanted, old = set(there), set(known.ids)
        if wanted == old:
            return known
        new: list[StoredVector] = []
        missing = [one for one in there if one not in old]
        async for batch in vectors_of(scope, chatbot_id, self._model, missing):
            new += batch
        return await asyncio.to_thread(_joined, known, wanted, new)

    def _keep(self, chatbot_id: PydanticObjectId, kept: _Kept) -> None:
        self._kept[chatbot_id] = kept
        self._kept.move_to_end(chatbot_id)
        total = sum(one.matrix.nbytes for one in self._kept.values())
        while total > self._most_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            total -= dropped.matrix.nbytes


def cosines(
    vectors: Sequence[StoredVector], question: Sequence[float]
) -> dict[PydanticObjectId, float]:
    """Cosines of a few chunks with a question, -1 to 1."""
    return _cosines(_joined(_empty(), {one.chunk_id for one in vectors}, vectors), question)


def _empty() -> _Kept:
    return _Kept((), np.zeros((0, 0), dtype=np.float32))


def _joined(known: _Kept, wanted: set[PydanticObjectId], new: Sequence[StoredVector]) -> _Kept:
    staying = [index for index, one in enumerate(known.ids) if one in wanted]
    ids = [known.ids[index] for index in staying]
    parts = [known.matrix[staying]] if staying else []
    width = known.matrix.shape[1] if staying else len(new[0].values) if new else 0
    fitting = [one for one in new if len(one.values) == width]
    if fitting:
        fresh = np.asarray([one.values for one in fitting], dtype=np.float32)
        lengths = np.linalg.norm(fresh, axis=1, keepdims=True)
        parts.append(fresh / np.maximum(lengths, 1e-12))
        ids += [one.chunk_id for one in fitting]
    return _Kept(tuple(ids), np.concatenate(parts)) if parts else _empty()


def _cosines(kept: _Kept, question: Sequence[float]) -> dict[PydanticObjectId, float]:
    asked = np.asarray(question, dtype=np.float32)
    if not kept.ids or kept.matrix.shape[1] != len(asked):
        return {}
    asked /= max(float(np.linalg.norm(asked)), 1e-12)
    return dict(zip(kept.ids, (kept.matrix @ asked).tolist(), strict=True))
