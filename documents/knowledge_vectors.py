"""The vectors of chunks: BSON vectors (subtype 9) in fields of their own beside the words.

They are written after their chunk, by background work, and each names the model that made it: one
of another model counts as none. `KnowledgeChunk` leaves them out, so that whoever reads a chunk
does not read six kilobytes of numbers.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from beanie import PydanticObjectId
from bson.binary import Binary, BinaryVectorDtype
from pymongo import UpdateOne

from documents.knowledge_chunks import KnowledgeChunk, searchable
from documents.tenancy import TenantScope

_BATCH = 500


class UnembeddedChunk(NamedTuple):
    """A chunk that a model has not seen yet."""

    chunk_id: PydanticObjectId
    client_id: str
    hash: str
    text: str


class StoredVector(NamedTuple):
    """The vector of a chunk."""

    chunk_id: PydanticObjectId
    source_id: PydanticObjectId
    values: list[float]


async def unembedded_chunks(model: str, *, limit: int) -> list[UnembeddedChunk]:
    """Chunks of any client that this model has not seen, the oldest first; titles lead the text."""
    chunks = TenantScope.every_client().of(KnowledgeChunk)
    fields = dict.fromkeys(("client_id", "hash", "source_title", "heading_path", "text"), 1)
    found = chunks.raw.find({"vector_model": {"$ne": model}}, fields).limit(limit)
    return [
        UnembeddedChunk(
            one["_id"],
            one["client_id"],
            one["hash"],
            "\n".join((one["source_title"], *one["heading_path"], one["text"])),
        )
        for one in await found.to_list()
    ]


async def vectors_by_hash(
    client_id: str, model: str, hashes: Sequence[str]
) -> dict[str, list[float]]:
    """What a model made of the same text in another chunk of the client."""
    chunks = TenantScope.one(client_id).of(KnowledgeChunk)
    wanted = {"hash": {"$in": list(hashes)}, "vector_model": model}
    found = chunks.raw.find(chunks.condition(wanted), {"hash": 1, "vector": 1})
    return {one["hash"]: _values(one["vector"]) async for one in found}


async def store_vectors(
    model: str, vectors: Mapping[UnembeddedChunk, Sequence[float] | None]
) -> None:
    """Keep vectors with their chunks; None notes that the model cannot read the text."""
    if not vectors:
        return
    chunks = TenantScope.every_client().of(KnowledgeChunk)
    await chunks.raw.bulk_write(
        [
            UpdateOne(
                {"_id": chunk.chunk_id, "client_id": chunk.client_id, "hash": chunk.hash},
                {"$set": {"vector_model": model, "vector": _stored(values)}},
            )
            for chunk, values in vectors.items()
        ],
        ordered=False,
    )


async def embedded_ids(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    model: str,
    *,
    source_ids: Sequence[PydanticObjectId],
    deadline_ms: int,
    among: Sequence[PydanticObjectId] | None = None,
) -> list[PydanticObjectId]:
    """The chunks of a chatbot, or those among the given ones, that have a vector of the model."""
    chunks = scope.of(KnowledgeChunk)
    only = {} if among is None else {"_id": {"$in": list(among)}}
    wanted = {**searchable(chatbot_id, source_ids), "vector_model": model, **only}
    found = chunks.raw.find(chunks.condition(wanted), {"_id": 1}, max_time_ms=deadline_ms)
    return [one["_id"] for one in await found.to_list()]


async def vectors_of(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    model: str,
    chunk_ids: Sequence[PydanticObjectId],
) -> AsyncIterator[list[StoredVector]]:
    """The vectors of chunks, some hundred at a time."""
    chunks = scope.of(KnowledgeChunk)
    fields = {"source_id": 1, "vector": 1}
    for start in range(0, len(chunk_ids), _BATCH):
        ids = list(chunk_ids[start : start + _BATCH])
        wanted = {"_id": {"$in": ids}, "chatbot_id": chatbot_id, "vector_model": model}
        found = await chunks.raw.find(chunks.condition(wanted), fields).to_list()
        yield [
            StoredVector(one["_id"], one["source_id"], _values(one["vector"]))
            for one in found
            if one["vector"] is not None
        ]


def _stored(values: Sequence[float] | None) -> Any:
    if values is None:
        return None
    return Binary.from_vector(list(values), BinaryVectorDtype.FLOAT32)


def _values(stored: Any) -> list[float]:
    return [] if stored is None else [float(one) for one in Binary(stored, 9).as_vector().data]
