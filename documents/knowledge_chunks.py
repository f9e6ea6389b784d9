"""The searchable pieces of knowledge sources, one copy per chatbot, in MongoDB's text index.

The application makes the tokens, the index only finds them: `default_language` none switches off
MongoDB's own stemming, and `language_override` points to a field that no chunk has, because a
field `language` holding "ja" or "th" would make the insert fail. The equality on `chatbot_id` in
front of the text keys is what keeps one chatbot's search away from another's chunks.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar, NamedTuple

from beanie import PydanticObjectId
from pymongo import ASCENDING, TEXT, IndexModel

from documents.base import TenantDocument
from documents.tenancy import TenantScope


class KnowledgeChunk(TenantDocument):
    """One passage. Offsets count code points in the source's text: `text` is that slice.

    `heading_tokens` and `text_tokens` are joined by one space and hold letters, marks and digits
    only. `text_language` is a code, or "und" where the text is too short to tell.
    """

    chatbot_id: PydanticObjectId
    source_id: PydanticObjectId
    source_version: int
    source_title: str
    url: str | None = None
    heading_path: list[str] = []
    text: str
    start_offset: int
    end_offset: int
    page: int | None = None
    text_language: str
    token_count: int
    heading_tokens: str
    text_tokens: str
    hash: str
    analyzer_version: int

    class Settings:
        name = "knowledge_chunks"
        indexes: ClassVar = [
            IndexModel(
                [("chatbot_id", ASCENDING), ("heading_tokens", TEXT), ("text_tokens", TEXT)],
                name="words",
                weights={"heading_tokens": 2, "text_tokens": 1},
                default_language="none",
                language_override="no_language_field",
            ),
            IndexModel(
                [("client_id", ASCENDING), ("source_id", ASCENDING), ("chatbot_id", ASCENDING)],
                name="source",
            ),
            IndexModel([("client_id", ASCENDING), ("chatbot_id", ASCENDING)], name="chatbot"),
        ]


_WORDS = ("heading_tokens", "text_tokens", "token_count", "text_language")
_BATCH = 300
"""Chunks decoded at once: more would keep answers that stream at the time waiting."""


class ChunkWords(NamedTuple):
    """What ranking needs to know of a chunk, and nothing more: a thousand are read per search."""

    chunk_id: PydanticObjectId
    heading_tokens: str
    text_tokens: str
    token_count: int
    text_language: str


async def chunks_with_any_token(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    tokens: Sequence[str],
    *,
    limit: int,
    deadline_ms: int,
) -> list[ChunkWords]:
    """The chatbot's chunks that hold one of the tokens, those with the most of them first.

    Args:
        scope: Whose data may be read.
        chatbot_id: The chatbot whose chunks are searched.
        tokens: Letters, marks and digits only; anything else would be read as `$text` syntax.
        limit: How many chunks at most.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    chunks = scope.of(KnowledgeChunk)
    words = {"$search": " ".join(tokens), "$language": "none"}
    pipeline: list[dict[str, Any]] = [
        {"$match": chunks.condition({"chatbot_id": chatbot_id, "$text": words})},
        {"$sort": {"score": {"$meta": "textScore"}, "_id": ASCENDING}},
        {"$limit": limit},
        {"$project": dict.fromkeys(_WORDS, 1)},
    ]
    cursor = await chunks.raw.aggregate(pipeline, maxTimeMS=deadline_ms)
    return [_chunk_words(found) for found in await cursor.to_list()]


async def tokens_in_batches(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    languages: Sequence[str],
    *,
    limit: int,
    deadline_ms: int,
) -> AsyncIterator[list[ChunkWords]]:
    """The words of a chatbot's chunks in some languages, some hundred chunks at a time.

    Args:
        scope: Whose data may be read.
        chatbot_id: The chatbot.
        languages: The codes of the chunks' languages.
        limit: How many chunks at most.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    chunks = scope.of(KnowledgeChunk)
    condition = chunks.condition(
        {"chatbot_id": chatbot_id, "text_language": {"$in": list(languages)}}
    )
    cursor = chunks.raw.find(
        condition, dict.fromkeys(_WORDS, 1), batch_size=_BATCH, max_time_ms=deadline_ms
    ).limit(limit)
    batch: list[ChunkWords] = []
    async for found in cursor:
        batch.append(_chunk_words(found))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _chunk_words(found: dict[str, Any]) -> ChunkWords:
    return ChunkWords(found["_id"], *(found[name] for name in _WORDS))
