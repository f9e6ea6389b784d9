"""MongoDB's own search (`$search`, `$vectorSearch`): Atlas, or Community from 8.2 on with mongot.

Both indexes follow the collection a little behind. So the scope and `searchable()` stand in each
pipeline twice, made of one condition: the index leaves out what it knows to be hidden, and what it
does not know yet is left out by the documents themselves.

Forms: https://www.mongodb.com/docs/search/query/operators-collectors/compound/ and
https://www.mongodb.com/docs/vector-search/query/aggregation-stages/vector-search-stage/
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from beanie import PydanticObjectId
from pymongo.errors import OperationFailure

from documents.errors import is_unavailable
from documents.knowledge_chunks import (
    CHUNK_WORDS,
    ChunkWords,
    KnowledgeChunk,
    chunk_words,
    searchable,
)
from documents.tenancy import TenantScope

WORDS_INDEX = "knowledge_words"
VECTORS_INDEX = "knowledge_vectors"
HEADING_BOOST = 2

MOST_TOKENS = 400
"""Each is looked for in two fields, and Lucene takes 1,024 clauses. The first ones count."""

CANDIDATES_PER_RESULT = 20
"""Of the nearest neighbours that are considered; the least that MongoDB recommends."""

log = structlog.get_logger()

Pipeline = list[dict[str, Any]]


def words_definition() -> dict[str, Any]:
    """The `search` index: tokens as the application made them, and what a filter may name."""
    tokens = {"type": "string", "analyzer": "lucene.whitespace"}
    return {
        "mappings": {
            "dynamic": False,
            "fields": {
                "client_id": {"type": "token"},
                "chatbot_id": {"type": "objectId"},
                "source_id": {"type": "objectId"},
                "staged": {"type": "boolean"},
                "heading_tokens": tokens,
                "text_tokens": tokens,
            },
        }
    }


def vectors_definition(width: int) -> dict[str, Any]:
    """The `vectorSearch` index of vectors of so many numbers, and what a filter may name."""
    filters = ("client_id", "chatbot_id", "source_id", "staged", "vector_model")
    vector = {"type": "vector", "path": "vector", "numDimensions": width, "similarity": "cosine"}
    return {"fields": [vector, *({"type": "filter", "path": one} for one in filters)]}


def words_pipeline(condition: Mapping[str, Any], tokens: Sequence[str], limit: int) -> Pipeline:
    """The stages that find chunks with one of the tokens, those with the most of them first."""
    wanted = " ".join(tokens[:MOST_TOKENS])
    boost = {"boost": {"value": HEADING_BOOST}}
    compound = {
        **_clauses(condition),
        "should": [
            {"text": {"query": wanted, "path": "heading_tokens", "score": boost}},
            {"text": {"query": wanted, "path": "text_tokens"}},
        ],
        "minimumShouldMatch": 1,
    }
    return [
        {"$search": {"index": WORDS_INDEX, "compound": compound}},
        {"$match": dict(condition)},
        {"$limit": limit},
        {"$project": dict.fromkeys(CHUNK_WORDS, 1)},
    ]


def vectors_pipeline(
    condition: Mapping[str, Any], question: Sequence[float], limit: int
) -> Pipeline:
    """The stages that find the chunks nearest to a vector, with scores from 0 to 1."""
    nearest = {
        "index": VECTORS_INDEX,
        "path": "vector",
        "queryVector": list(question),
        "numCandidates": limit * CANDIDATES_PER_RESULT,
        "limit": limit,
        "filter": dict(condition),
    }
    return [
        {"$vectorSearch": nearest},
        {"$match": dict(condition)},
        {"$project": {"score": {"$meta": "vectorSearchScore"}}},
    ]


def _clauses(condition: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The same condition in the operators of `$search`.

    Raises:
        ValueError: it holds what has no counterpart here, such as the scope of every client.
    """
    filters, forbidden = [], []
    for path, wanted in condition.items():
        match wanted:
            case {"$in": values, **more} if not more:
                filters.append({"in": {"path": path, "value": list(values)}})
            case {"$ne": value, **more} if not more:
                forbidden.append({"equals": {"path": path, "value": value}})
            case dict():
                raise ValueError(f"$search has no counterpart of {wanted!r} for {path}")
            case value:
                filters.append({"equals": {"path": path, "value": value}})
    return {"filter": filters, "mustNot": forbidden}


async def chunks_with_any_word(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    tokens: Sequence[str],
    *,
    source_ids: Sequence[PydanticObjectId],
    limit: int,
    deadline_ms: int,
) -> list[ChunkWords]:
    """The same as `chunks_with_any_token`, out of the `search` index."""
    if not tokens or not source_ids:
        return []
    chunks = scope.of(KnowledgeChunk)
    condition = chunks.condition(searchable(chatbot_id, source_ids))
    pipeline = words_pipeline(condition, tokens, limit)
    cursor = await chunks.raw.aggregate(pipeline, maxTimeMS=deadline_ms)
    return [chunk_words(found) for found in await cursor.to_list()]


async def nearest_chunks(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    model: str,
    question: Sequence[float],
    *,
    source_ids: Sequence[PydanticObjectId],
    limit: int,
    deadline_ms: int,
) -> dict[PydanticObjectId, float]:
    """Cosines of the chunks that are nearest to a question.

    None where the index cannot compare, such as one that was made for vectors of another width.

    Args:
        scope: Whose data may be read.
        chatbot_id: The chatbot whose chunks are searched.
        model: The embedding model that made the question's vector.
        question: The vector.
        source_ids: The sources that the chatbot has now.
        limit: How many chunks at most, up to 500.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """
    if not source_ids:
        return {}
    chunks = scope.of(KnowledgeChunk)
    wanted = {**searchable(chatbot_id, source_ids), "vector_model": model}
    pipeline = vectors_pipeline(chunks.condition(wanted), question, limit)
    try:
        found = await (await chunks.raw.aggregate(pipeline, maxTimeMS=deadline_ms)).to_list()
    except OperationFailure as error:
        if is_unavailable(error):
            raise
        log.warning("vector_search_failed", code=error.code)
        return {}
    # The score of a cosine index is (1 + cosine) / 2.
    return {one["_id"]: 2 * one["score"] - 1 for one in found}
