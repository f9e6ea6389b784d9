"""What is sent to MongoDB's own search, held against the forms that its documentation gives.

A server with that search is needed to run them: `tests/unit/knowledge/test_candidates.py` does
where `PARLANCE_TEST_ATLAS_URL` names one.
"""

from typing import Any
from uuid import uuid4

import pytest
from beanie import PydanticObjectId
from structlog.testing import capture_logs

from documents.database.database import Database
from documents.errors import DatabaseStartError
from documents.knowledge_chunks import KnowledgeChunk, searchable
from documents.knowledge_search_index import (
    MOST_TOKENS,
    chunks_with_any_word,
    nearest_chunks,
    vectors_definition,
    vectors_pipeline,
    words_definition,
    words_pipeline,
)
from documents.knowledge_search_setup import (
    SearchMissingError,
    make_search_indexes,
    require_search,
)
from documents.tenancy import TenantScope
from services.knowledge.search_index import NEAREST

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHATBOT, SOURCES = PydanticObjectId(), [PydanticObjectId(), PydanticObjectId()]

TYPES_OF_EQUALS = {"boolean", "date", "number", "objectId", "token", "uuid"}
"""Field types that `equals` and `in` find: strings only as `token`."""

FILTER_OPERATORS = {"$eq", "$gt", "$gte", "$in", "$lt", "$lte", "$ne", "$nin", "$exists", "$not"}
"""What the filter of `$vectorSearch` may hold, beside $and, $or and $nor."""


def condition(scope: TenantScope | None = None, **more: Any) -> dict[str, Any]:
    chunks = (scope or TenantScope.one("acme")).of(KnowledgeChunk)
    return chunks.condition({**searchable(CHATBOT, SOURCES), **more})


async def test_words_are_searched_by_a_compound_with_the_scope_as_its_filter() -> None:
    stages = words_pipeline(condition(), ["tea", "garden"], 1_000)
    assert stages == [
        {
            "$search": {
                "index": "knowledge_words",
                "compound": {
                    "filter": [
                        {"equals": {"path": "client_id", "value": "acme"}},
                        {"equals": {"path": "chatbot_id", "value": CHATBOT}},
                        {"in": {"path": "source_id", "value": SOURCES}},
                    ],
                    "mustNot": [{"equals": {"path": "staged", "value": True}}],
                    "should": [
                        {
                            "text": {
                                "query": "tea garden",
                                "path": "heading_tokens",
                                "score": {"boost": {"value": 2}},
                            }
                        },
                        {"text": {"query": "tea garden", "path": "text_tokens"}},
                    ],
                    "minimumShouldMatch": 1,
                },
            }
        },
        {"$match": condition()},
        {"$limit": 1_000},
        {
            "$project": {
                "heading_tokens": 1,
                "text_tokens": 1,
                "token_count": 1,
                "text_language": 1,
            }
        },
    ]


async def test_vectors_are_searched_with_the_scope_as_the_filter() -> None:
    wanted = condition(vector_model="openai:small")
    stages = vectors_pipeline(wanted, (0.5, 0.25), NEAREST)
    assert stages == [
        {
            "$vectorSearch": {
                "index": "knowledge_vectors",
                "path": "vector",
                "queryVector": [0.5, 0.25],
                "numCandidates": 20 * NEAREST,
                "limit": NEAREST,
                "filter": {
                    "client_id": "acme",
                    "chatbot_id": CHATBOT,
                    "source_id": {"$in": SOURCES},
                    "staged": {"$ne": True},
                    "vector_model": "openai:small",
                },
            }
        },
        {"$match": wanted},
        {"$project": {"score": {"$meta": "vectorSearchScore"}}},
    ]
    assert stages[0]["$vectorSearch"]["numCandidates"] <= 10_000, "MongoDB's limit"


async def test_the_words_index_has_every_field_in_a_type_that_its_operator_finds() -> None:
    fields = words_definition()["mappings"]["fields"]
    compound = words_pipeline(condition(), ["tea"], 10)[0]["$search"]["compound"]
    for clause in (*compound["filter"], *compound["mustNot"]):
        [(_, options)] = clause.items()
        assert fields[options["path"]]["type"] in TYPES_OF_EQUALS
    for clause in compound["should"]:
        # Any other analyzer would stem or split anew what the application has made.
        assert fields[clause["text"]["path"]] == {"type": "string", "analyzer": "lucene.whitespace"}
    assert not words_definition()["mappings"]["dynamic"]


async def test_the_vectors_index_has_every_field_of_the_filter() -> None:
    definition = vectors_definition(384)
    assert definition["fields"][0] == {
        "type": "vector",
        "path": "vector",
        "numDimensions": 384,
        "similarity": "cosine",
    }
    filters = {one["path"] for one in definition["fields"] if one["type"] == "filter"}
    asked = vectors_pipeline(condition(vector_model="m"), (1.0,), 10)[0]["$vectorSearch"]["filter"]
    assert set(asked) == filters
    operators = {name for one in asked.values() if isinstance(one, dict) for name in one}
    assert operators <= FILTER_OPERATORS


async def test_several_clients_are_a_filter_and_every_client_is_refused() -> None:
    several = condition(TenantScope.many(["b", "a"]))
    compound = words_pipeline(several, ["tea"], 10)[0]["$search"]["compound"]
    assert compound["filter"][0] == {"in": {"path": "client_id", "value": ["a", "b"]}}
    with pytest.raises(ValueError, match="client_id"):
        words_pipeline(condition(TenantScope.every_client()), ["tea"], 10)


async def test_a_very_long_question_stays_within_the_clauses_of_lucene() -> None:
    tokens = [f"t{number}" for number in range(5_000)]
    compound = words_pipeline(condition(), tokens, 10)[0]["$search"]["compound"]
    asked = [one["text"]["query"].split() for one in compound["should"]]
    assert asked == [tokens[:MOST_TOKENS]] * 2
    assert sum(map(len, asked)) < 1_024


async def test_what_the_indexes_do_not_know_to_be_hidden_yet_the_documents_leave_out(
    database: Database,
) -> None:
    own, [source, _] = TenantScope.one(f"client-{uuid4().hex[:8]}"), SOURCES
    there = {"client_id": next(iter(own.client_ids or ())), "chatbot_id": CHATBOT}
    fields = {**there, "source_id": source, "vector_model": "m"}
    hidden: list[dict[str, Any]] = [
        {"staged": True},
        {"source_id": PydanticObjectId()},
        {"chatbot_id": PydanticObjectId()},
        {"client_id": f"client-{uuid4().hex[:8]}"},
    ]
    chunks = own.of(KnowledgeChunk).raw
    seen = await chunks.insert_one(dict(fields))
    ids = (await chunks.insert_many([{**fields, **one} for one in hidden])).inserted_ids

    wanted = condition(own, vector_model="m")
    for pipeline in (words_pipeline(wanted, ["tea"], 10), vectors_pipeline(wanted, (1.0,), 10)):
        # In the place of an index that lags: one that finds every chunk.
        every: dict[str, Any] = {"$match": {"_id": {"$in": [seen.inserted_id, *ids]}}}
        cursor = await chunks.aggregate([every, pipeline[1]])
        assert [one["_id"] for one in await cursor.to_list()] == [seen.inserted_id]
    await chunks.delete_many({"_id": {"$in": [seen.inserted_id, *ids]}})


async def test_nothing_is_sent_without_a_word_or_a_source(database: Database) -> None:
    # The server of these tests refuses `$search`: what was sent would raise, or be logged.
    scope, asked = TenantScope.one("acme"), {"limit": 10, "deadline_ms": 1_000}
    with capture_logs() as logs:
        for tokens, sources in (([], SOURCES), (["tea"], [])):
            found = await chunks_with_any_word(scope, CHATBOT, tokens, source_ids=sources, **asked)
            assert found == []
        assert await nearest_chunks(scope, CHATBOT, "m", (1.0,), source_ids=[], **asked) == {}
    assert logs == []


async def test_an_index_that_cannot_compare_costs_no_answer(database: Database) -> None:
    scope = TenantScope.one("acme")
    with capture_logs() as logs:
        found = await nearest_chunks(
            scope, CHATBOT, "m", (1.0,), source_ids=SOURCES, limit=10, deadline_ms=1_000
        )
    assert found == {}
    assert [one["event"] for one in logs] == ["vector_search_failed"]


async def test_a_server_without_search_is_refused_and_told_what_to_do(database: Database) -> None:
    for refused in (require_search(with_vectors=False), make_search_indexes(384)):
        with pytest.raises(SearchMissingError, match=r"listSearchIndexes.*MongoDB Atlas") as told:
            await refused
        assert isinstance(told.value, DatabaseStartError)
        assert "leave PARLANCE_KNOWLEDGE_SEARCH out" in str(told.value)
