"""Which chunks a chatbot can find, and their words: what an index in memory is made from.

The list is answered by an index alone, so it costs little even of fifty thousand chunks; the words
are read of those that are new.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import NamedTuple

from beanie import PydanticObjectId

from documents.knowledge_chunks import KnowledgeChunk, searchable
from documents.tenancy import TenantScope

_BATCH = 300
"""Chunks decoded at once: more would keep answers that stream at the time waiting."""

_IDS_BATCH = 1_000
"""Ids decoded at once, for the same reason: one reply of MongoDB's would hold 16 MB of them."""


class ListedChunk(NamedTuple):
    """What an index needs to know of a chunk."""

    chunk_id: PydanticObjectId
    source_id: PydanticObjectId
    heading_tokens: str
    text_tokens: str
    token_count: int
    text_language: str


async def listed_ids(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    source_ids: Collection[PydanticObjectId],
    *,
    deadline_ms: int,
) -> list[PydanticObjectId]:
    """The chunks of a chatbot that can be found in some of its sources.

    Args:
        scope: Whose data may be read.
        chatbot_id: Whose copies.
        source_ids: The sources.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    chunks = scope.of(KnowledgeChunk)
    wanted = chunks.condition(searchable(chatbot_id, list(source_ids)))
    cursor = chunks.raw.find(
        wanted,
        {"_id": 1},
        hint="found_by_chatbot",
        max_time_ms=deadline_ms,
        batch_size=_IDS_BATCH,
    )
    return [found["_id"] async for found in cursor]


async def listed_in_batches(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    chunk_ids: Sequence[PydanticObjectId],
    *,
    source_ids: Sequence[PydanticObjectId],
    deadline_ms: int,
) -> AsyncIterator[list[ListedChunk]]:
    """The words of chunks, some hundred at a time, without those that are gone meanwhile.

    Args:
        scope: Whose data may be read.
        chatbot_id: Whose copies.
        chunk_ids: The chunks.
        source_ids: The sources that the chatbot has now.
        deadline_ms: When MongoDB gives up, in milliseconds, with each batch.
    """
    chunks = scope.of(KnowledgeChunk)
    fields = dict.fromkeys(ListedChunk._fields[1:], 1)
    for start in range(0, len(chunk_ids), _BATCH):
        ids = list(chunk_ids[start : start + _BATCH])
        wanted = chunks.condition({**searchable(chatbot_id, source_ids), "_id": {"$in": ids}})
        found = await chunks.raw.find(wanted, fields, max_time_ms=deadline_ms).to_list()
        yield [ListedChunk(one["_id"], *(one[name] for name in fields)) for one in found]
