"""The searchable pieces of knowledge sources, one copy per chatbot, in MongoDB's text index.

The application makes the tokens, the index only finds them: `default_language` none switches off
MongoDB's own stemming, and `language_override` points to a field that no chunk has, because a
field `language` holding "ja" or "th" would make the insert fail. The equality on `chatbot_id` in
front of the text keys is what keeps one chatbot's search away from another's chunks.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.tenancy import TenantScope


class KnowledgeChunk(TenantDocument):
    """One passage. Offsets count code points in its page's text: `text` is that slice.

    `heading_tokens` and `text_tokens` are joined by one space and hold letters, marks and digits
    only. `text_language` is a code, or "und" where the text is too short to tell.

    Attributes:
        page_id: the `KnowledgePage`; None in chunks from before there were pages, whose offsets
            point into the source's text.
        page: the number of a page of a paged document, from 1.
        anchor: the id of the place in the page at `url`.
        question: in a question/answer pair, what is asked; `text` is the answer then.
        question_key: the question without case, marks and spaces around words, for finding it
            word for word (`services.knowledge.pairs.question_key`).
        question_tokens: the tokens of the question alone.
        staged: written, and not to be seen yet, or not any more.
        vector_model: the embedding model that has seen it, see `documents.knowledge_vectors`.
    """

    chatbot_id: PydanticObjectId
    source_id: PydanticObjectId
    page_id: PydanticObjectId | None = None
    source_version: int
    source_title: str
    url: str | None = None
    heading_path: list[str] = []
    text: str
    start_offset: int
    end_offset: int
    page: int | None = None
    anchor: str | None = None
    question: str | None = None
    question_key: str | None = None
    question_tokens: str | None = None
    staged: bool = False
    vector_model: str | None = None
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
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("source_id", ASCENDING),
                    ("staged", ASCENDING),
                    ("_id", ASCENDING),
                ],
                name="found_by_chatbot",
            ),
            IndexModel([("client_id", ASCENDING), ("page_id", ASCENDING)], name="page"),
            IndexModel([("vector_model", ASCENDING)], name="vector_model"),
            IndexModel([("client_id", ASCENDING), ("hash", ASCENDING)], name="hash"),
            IndexModel(
                [("client_id", ASCENDING), ("source_id", ASCENDING)],
                name="staged",
                partialFilterExpression={"staged": True},
            ),
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("question_key", ASCENDING),
                ],
                name="question",
                partialFilterExpression={"question_key": {"$type": "string"}},
            ),
        ]


CHUNK_WORDS = ("heading_tokens", "text_tokens", "token_count", "text_language")
"""The fields of `ChunkWords`, in its order."""

_BATCH = 300
"""Chunks decoded at once: more would keep answers that stream at the time waiting."""

PLACE = ("start_offset", "end_offset", "page", "anchor", "url")
"""Where a chunk is: what may change while it says the same."""


class StoredChunk(NamedTuple):
    """What needs to be known of a chunk to tell whether it may stay."""

    id: PydanticObjectId
    chatbot_id: PydanticObjectId
    hash: str
    place: dict[str, Any]


async def stored_chunks(
    client_id: str,
    page_id: PydanticObjectId,
    session: AsyncClientSession | None = None,
    *,
    chatbot_id: PydanticObjectId | None = None,
) -> list[StoredChunk]:
    """The chunks of a page that can be seen, of one chatbot or all, in order."""
    chunks = TenantScope.one(client_id).of(KnowledgeChunk)
    copy = {} if chatbot_id is None else {"chatbot_id": chatbot_id}
    wanted = chunks.condition({"page_id": page_id, **copy, "staged": {"$ne": True}})
    fields = dict.fromkeys(("chatbot_id", "hash", *PLACE), 1)
    cursor = chunks.raw.find(wanted, fields, session=session).sort("start_offset", ASCENDING)
    return [
        StoredChunk(
            found["_id"],
            found["chatbot_id"],
            found["hash"],
            {name: found.get(name) for name in PLACE},
        )
        for found in await cursor.to_list()
    ]


async def move_chunks(
    client_id: str,
    places: Mapping[PydanticObjectId, Mapping[str, Any]],
    session: AsyncClientSession,
) -> None:
    """Note where chunks are now that say what they said."""
    if not places:
        return
    chunks = TenantScope.one(client_id).of(KnowledgeChunk)
    await chunks.raw.bulk_write(
        [
            UpdateOne(chunks.condition({"_id": chunk_id}), {"$set": dict(place)})
            for chunk_id, place in places.items()
        ],
        ordered=False,
        session=session,
    )


async def stage_chunks(
    client_id: str, filter_: Mapping[str, Any], session: AsyncClientSession, *, staged: bool
) -> None:
    """Hide these chunks from every search, or let searches find them."""
    chunks = TenantScope.one(client_id).of(KnowledgeChunk)
    change = {"$set": {"staged": staged}}
    await chunks.raw.update_many(chunks.condition(filter_), change, session=session)


async def delete_some_chunks(
    scope: TenantScope,
    filter_: Mapping[str, Any],
    session: AsyncClientSession | None = None,
    *,
    limit: int,
) -> int:
    """Delete at most `limit` chunks that match; how many."""
    chunks = scope.of(KnowledgeChunk)
    cursor = chunks.raw.find(chunks.condition(filter_), {"_id": 1}, session=session).limit(limit)
    ids = [found["_id"] for found in await cursor.to_list()]
    return await chunks.delete_many({"_id": {"$in": ids}}, session) if ids else 0


class ChunkWords(NamedTuple):
    """What ranking needs to know of a chunk, and nothing more: a thousand are read per search."""

    chunk_id: PydanticObjectId
    heading_tokens: str
    text_tokens: str
    token_count: int
    text_language: str


def searchable(
    chatbot_id: PydanticObjectId, source_ids: Sequence[PydanticObjectId]
) -> dict[str, Any]:
    """The part of a filter that every search of chunks needs.

    A source that was taken away from a chatbot is not seen from that moment on, though its chunks
    may be deleted a little later; and a large page is written beside the old one and shown at once.

    Args:
        chatbot_id: Whose copies.
        source_ids: The sources that the chatbot has now, see `KnowledgeSize`.
    """
    return {
        "chatbot_id": chatbot_id,
        "source_id": {"$in": list(source_ids)},
        "staged": {"$ne": True},
    }


async def chunks_with_any_token(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    tokens: Sequence[str],
    *,
    source_ids: Sequence[PydanticObjectId],
    limit: int,
    deadline_ms: int,
) -> list[ChunkWords]:
    """The chatbot's chunks that hold one of the tokens, those with the most of them first.

    Args:
        scope: Whose data may be read.
        chatbot_id: The chatbot whose chunks are searched.
        tokens: Letters, marks and digits only; anything else would be read as `$text` syntax.
        source_ids: The sources that the chatbot has now.
        limit: How many chunks at most.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    chunks = scope.of(KnowledgeChunk)
    words = {"$search": " ".join(tokens), "$language": "none"}
    pipeline: list[dict[str, Any]] = [
        {"$match": chunks.condition({**searchable(chatbot_id, source_ids), "$text": words})},
        {"$sort": {"score": {"$meta": "textScore"}, "_id": ASCENDING}},
        {"$limit": limit},
        {"$project": dict.fromkeys(CHUNK_WORDS, 1)},
    ]
    cursor = await chunks.raw.aggregate(pipeline, maxTimeMS=deadline_ms)
    return [chunk_words(found) for found in await cursor.to_list()]


async def neighbour_text(
    scope: TenantScope, chunk_id: PydanticObjectId, *, after: bool
) -> str | None:
    """The text right before or after a chunk, under the same headings of its page, if any."""
    chunks = scope.of(KnowledgeChunk)
    fields = dict.fromkeys(("page_id", "chatbot_id", "start_offset", "heading_path"), 1)
    own = await chunks.raw.find_one(chunks.condition({"_id": chunk_id}), fields)
    if own is None or own.get("page_id") is None:
        return None
    beside = {
        "page_id": own["page_id"],
        "chatbot_id": own["chatbot_id"],
        "staged": {"$ne": True},
        "question": None,
        "start_offset": {"$gt" if after else "$lt": own["start_offset"]},
    }
    nearest = ("start_offset", ASCENDING if after else DESCENDING)
    found = await chunks.raw.find_one(
        chunks.condition(beside), {"text": 1, "heading_path": 1}, sort=[nearest]
    )
    if found is None or found["heading_path"] != own["heading_path"]:
        return None
    return str(found["text"])


async def chunk_of_question(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    question_key: str,
    *,
    source_ids: Sequence[PydanticObjectId],
    deadline_ms: int,
) -> KnowledgeChunk | None:
    """The newest question/answer pair with exactly this question, if the chatbot has one.

    Args:
        scope: Whose data may be read.
        chatbot_id: The chatbot whose chunks are searched.
        question_key: See `KnowledgeChunk`.
        source_ids: The sources that the chatbot has now.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    chunks = scope.of(KnowledgeChunk)
    wanted = {**searchable(chatbot_id, source_ids), "question_key": question_key}
    cursor = chunks.raw.find(chunks.condition(wanted), max_time_ms=deadline_ms)
    found = await cursor.hint("question").sort("_id", DESCENDING).limit(1).to_list()
    return KnowledgeChunk.model_validate(found[0]) if found else None


async def tokens_in_batches(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    languages: Sequence[str],
    *,
    source_ids: Sequence[PydanticObjectId],
    limit: int,
    deadline_ms: int,
) -> AsyncIterator[list[ChunkWords]]:
    """The words of a chatbot's chunks in some languages, some hundred chunks at a time.

    Args:
        scope: Whose data may be read.
        chatbot_id: The chatbot.
        languages: The codes of the chunks' languages.
        source_ids: The sources that the chatbot has now.
        limit: How many chunks at most.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    chunks = scope.of(KnowledgeChunk)
    condition = chunks.condition(
        {**searchable(chatbot_id, source_ids), "text_language": {"$in": list(languages)}}
    )
    cursor = chunks.raw.find(
        condition, dict.fromkeys(CHUNK_WORDS, 1), batch_size=_BATCH, max_time_ms=deadline_ms
    ).limit(limit)
    async for batch in _in_batches(cursor):
        yield batch


async def sampled_in_batches(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    *,
    source_ids: Sequence[PydanticObjectId],
    count: int,
    deadline_ms: int,
) -> AsyncIterator[list[ChunkWords]]:
    """The words of some of a chatbot's chunks, drawn by lot, some hundred chunks at a time.

    Args:
        scope: Whose data may be read.
        chatbot_id: The chatbot.
        source_ids: The sources that the chatbot has now.
        count: How many chunks.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    chunks = scope.of(KnowledgeChunk)
    pipeline: list[dict[str, Any]] = [
        {"$match": chunks.condition(searchable(chatbot_id, source_ids))},
        {"$project": dict.fromkeys(CHUNK_WORDS, 1)},
        {"$sample": {"size": count}},
    ]
    cursor = await chunks.raw.aggregate(pipeline, batchSize=_BATCH, maxTimeMS=deadline_ms)
    async for batch in _in_batches(cursor):
        yield batch


async def _in_batches(cursor: AsyncIterator[dict[str, Any]]) -> AsyncIterator[list[ChunkWords]]:
    batch: list[ChunkWords] = []
    async for found in cursor:
        batch.append(chunk_words(found))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def chunk_words(found: Mapping[str, Any]) -> ChunkWords:
    """Out of a document with the fields `CHUNK_WORDS`."""
    return ChunkWords(found["_id"], *(found[name] for name in CHUNK_WORDS))
