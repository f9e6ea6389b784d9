"""Making the indexes of MongoDB's own search, and refusing to start where they are missing."""

from collections.abc import Mapping
from typing import Any, Literal

from pymongo.errors import OperationFailure
from pymongo.operations import SearchIndexModel

from documents.errors import DatabaseStartError
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_search_index import (
    VECTORS_INDEX,
    WORDS_INDEX,
    vectors_definition,
    words_definition,
)

IndexState = Literal["ready", "being built"]

_INDEX_ALREADY_EXISTS = 68


class SearchMissingError(DatabaseStartError):
    """The server has no `$search`."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            "PARLANCE_KNOWLEDGE_SEARCH=atlas needs MongoDB's own search, which this server does not"
            f" offer ({problem}). Use MongoDB Atlas, or MongoDB 8.2 or newer with mongot; or leave"
            " PARLANCE_KNOWLEDGE_SEARCH out, and the text index of any MongoDB is searched"
        )


class SearchIndexError(DatabaseStartError):
    """An index of MongoDB's own search is not there, or not ready."""

    def __init__(self, name: str, state: str) -> None:
        super().__init__(
            f"The search index {name} is {state}. Run `parlance knowledge search-indexes`, which"
            " makes what is missing and tells what is ready, and then start again"
        )


async def require_search(*, with_vectors: bool) -> None:
    """Refuse to go on without the indexes that searches will ask.

    Args:
        with_vectors: Whether there is an embedding model.

    Raises:
        SearchMissingError: the server has no search.
        SearchIndexError: an index is missing or being built.
    """
    found = await _indexes()
    for name in (WORDS_INDEX, VECTORS_INDEX) if with_vectors else (WORDS_INDEX,):
        if name not in found:
            raise SearchIndexError(name, "missing")
        if _state(found[name]) != "ready":
            raise SearchIndexError(name, "being built")


async def make_search_indexes(vector_width: int | None) -> dict[str, IndexState]:
    """Make the indexes that are missing; what each is like now. They are built behind the call.

    Args:
        vector_width: How many numbers the embedding model's vectors have; None without a model.
            An index of vectors of another width is made anew.

    Raises:
        SearchMissingError: the server has no search.
    """
    found = await _indexes()
    if WORDS_INDEX not in found:
        await _create(WORDS_INDEX, "search", words_definition())
    if vector_width is not None:
        await _make_vectors_index(found.get(VECTORS_INDEX), vector_width)
    return {name: _state(index) for name, index in (await _indexes()).items()}


async def _make_vectors_index(found: Mapping[str, Any] | None, width: int) -> None:
    definition = vectors_definition(width)
    if found is None:
        await _create(VECTORS_INDEX, "vectorSearch", definition)
    elif _width(found) != width:
        chunks = KnowledgeChunk.get_pymongo_collection()
        await chunks.update_search_index(VECTORS_INDEX, definition)


async def _create(name: str, kind: str, definition: Mapping[str, Any]) -> None:
    chunks = KnowledgeChunk.get_pymongo_collection()
    try:
        await chunks.create_search_indexes([SearchIndexModel(definition, name=name, type=kind)])
    except OperationFailure as error:
        if error.code != _INDEX_ALREADY_EXISTS:  # somebody else made it at the same time
            raise


async def _indexes() -> dict[str, Mapping[str, Any]]:
    chunks = KnowledgeChunk.get_pymongo_collection()
    try:
        found = await (await chunks.list_search_indexes()).to_list()
    except OperationFailure as error:
        problem = str((error.details or {}).get("errmsg") or error)
        raise SearchMissingError(problem) from None
    return {one["name"]: one for one in found if one["name"] in {WORDS_INDEX, VECTORS_INDEX}}


def _state(index: Mapping[str, Any]) -> IndexState:
    return "ready" if index.get("queryable") else "being built"


def _width(index: Mapping[str, Any]) -> int | None:
    fields = index.get("latestDefinition", {}).get("fields", [])
    return next((one["numDimensions"] for one in fields if one["type"] == "vector"), None)
