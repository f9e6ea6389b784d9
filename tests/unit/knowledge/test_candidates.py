"""What every kind of collecting must hold to, asked of each: see `services.knowledge.candidates`.

MongoDB's own search is asked where `PARLANCE_TEST_ATLAS_URL` names a server that has it, in a
database of its own, which is dropped; elsewhere those tests do not exist.

An index may need a moment until it knows of a new chunk, but a chunk that was hidden, or whose
source was taken away, is found by nobody from that moment on.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from math import sqrt
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import pytest_asyncio
from beanie import PydanticObjectId

from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_search_setup import make_search_indexes
from documents.knowledge_vectors import UnembeddedChunk, store_vectors
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from services.knowledge.candidates import Candidates, Searched
from services.knowledge.embedding.vector_search import VectorSearch
from services.knowledge.search_index import SearchIndex
from services.knowledge.text_index import TextIndex
from tests.unit.knowledge.conftest import new_tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

MODEL = "contract:three-numbers"
NORTH, EAST = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)

Found = TypeVar("Found")


ATLAS_URL = os.environ.get("PARLANCE_TEST_ATLAS_URL", "")
KINDS = ["text", "atlas"] if ATLAS_URL else ["text"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def searching_mongodb(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """A database with the search indexes, on the server that the tests were given."""
    name, folder = f"parlance_contract_{uuid4().hex[:8]}", tmp_path_factory.mktemp("none")
    opened = await open_database(DatabaseOptions(ATLAS_URL, folder, database_name=name))
    try:
        await prepare_documents(opened, DOCUMENT_CLASSES)
        await becomes(index_states, ["ready", "ready"], patience_s=600)
        yield opened
    finally:
        await opened.database.client.drop_database(name)
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def text(database: Database) -> Candidates:
    return TextIndex(MODEL)


@pytest_asyncio.fixture(loop_scope="session")
async def atlas(searching_mongodb: Database) -> Candidates:
    # The `database` of other tests binds the document classes back to theirs.
    await prepare_documents(searching_mongodb, DOCUMENT_CLASSES)
    return SearchIndex(MODEL)


@pytest.fixture(params=KINDS)
def candidates(request: pytest.FixtureRequest) -> Candidates:
    collecting: Candidates = request.getfixturevalue(request.param)
    return collecting


@pytest_asyncio.fixture(loop_scope="session")
async def searched(candidates: Candidates) -> Searched:
    return await searched_anew()


async def searched_anew() -> Searched:
    tenant = await new_tenant()
    return Searched(tenant.scope, tenant.chatbot_id, [PydanticObjectId()], 5_000)


async def test_chunks_with_any_of_the_words_are_found_with_what_ranking_counts(
    candidates: Candidates, searched: Searched
) -> None:
    both = await taught(searched, heading_tokens="tea garden", text_tokens="tea is serv")
    text_only = await taught(searched, heading_tokens="drink", text_tokens="green tea at five")
    await taught(searched, heading_tokens="room", text_tokens="teapot and teatim")

    async def look() -> dict[PydanticObjectId, str]:
        found = await candidates.by_words(searched, ["tea", "xylophon"], limit=10)
        return {one.chunk_id: f"{one.heading_tokens}/{one.text_tokens}" for one in found}

    await becomes(look, {both: "tea garden/tea is serv", text_only: "drink/green tea at five"})
    [only] = await candidates.by_words(searched, ["green"], limit=10)
    assert (only.chunk_id, only.token_count, only.text_language) == (text_only, 5, "en")


async def test_words_of_any_script_are_found_as_the_application_made_them(
    candidates: Candidates, searched: Searched
) -> None:
    japanese = await taught(searched, heading_tokens="営業 業時 時間", text_tokens="月曜 曜日")
    hindi = await taught(searched, heading_tokens="समय", text_tokens="सोमवार हिन्दी")
    for token, chunk_id in (("業時", japanese), ("हिन्दी", hindi)):
        await becomes(by_words(candidates, searched, [token]), {chunk_id})


async def test_the_chunks_with_the_most_of_the_words_go_first_where_there_are_too_many(
    candidates: Candidates, searched: Searched
) -> None:
    best = await taught(searched, heading_tokens="tea garden", text_tokens="tea garden open")
    for _ in range(4):
        await taught(searched, heading_tokens="room", text_tokens="long word after word after tea")
    await becomes(lambda: count(candidates.by_words(searched, ["tea"], limit=10)), 5)
    [found] = await candidates.by_words(searched, ["tea", "garden"], limit=1)
    assert found.chunk_id == best


async def test_nothing_is_looked_for_by_no_word_or_in_no_source(
    candidates: Candidates, searched: Searched
) -> None:
    await taught(searched, text_tokens="tea", vector=NORTH)
    await becomes(lambda: count(candidates.by_words(searched, ["tea"], limit=10)), 1)
    nowhere = replace(searched, source_ids=[])
    assert await candidates.by_words(searched, [], limit=10) == []
    assert await candidates.by_words(nowhere, ["tea"], limit=10) == []
    assert await candidates.by_meaning(nowhere, NORTH, by_words=[]) == {}


async def test_another_chatbots_and_another_clients_chunks_are_never_found(
    candidates: Candidates, searched: Searched
) -> None:
    stranger = await new_tenant()
    [source] = searched.source_ids
    others = [
        replace(searched, chatbot_id=PydanticObjectId()),
        replace(searched, scope=stranger.scope, chatbot_id=stranger.chatbot_id),
        # Even one that names the chatbot, and a source of it, as its own.
        replace(searched, scope=stranger.scope),
    ]
    own = await taught(searched, text_tokens="secret tea", vector=NORTH)
    foreign = [await taught(one, text_tokens="secret tea", vector=NORTH) for one in others]
    assert source in others[-1].source_ids

    for place, chunk_id in zip((searched, *others), (own, *foreign), strict=True):
        await becomes(by_words(candidates, place, ["secret"]), {chunk_id})
        await becomes(by_meaning(candidates, place, NORTH, by_words=(own, *foreign)), {chunk_id})


@pytest.mark.parametrize("hidden", ["staged", "taken_away", "deleted"])
async def test_what_is_hidden_is_found_by_nobody_from_that_moment_on(
    candidates: Candidates, searched: Searched, hidden: str
) -> None:
    gone = await taught(searched, text_tokens="tea old", vector=NORTH)
    staying = await taught(searched, PydanticObjectId(), text_tokens="tea new", vector=NORTH)
    chunks = searched.scope.of(KnowledgeChunk)
    kept = await chunks.find_one({"_id": staying})
    assert kept is not None
    both = replace(searched, source_ids=[*searched.source_ids, kept.source_id])
    await becomes(by_words(candidates, both, ["tea"]), {gone, staying})
    await becomes(by_meaning(candidates, both, NORTH, by_words=[]), {gone, staying})

    if hidden == "staged":
        await chunks.update_one({"_id": gone}, {"$set": {"staged": True}})
    elif hidden == "deleted":
        await chunks.delete_many({"_id": gone})
    now = replace(both, source_ids=[kept.source_id]) if hidden == "taken_away" else both

    assert await by_words(candidates, now, ["tea", "old"])() == {staying}
    assert await by_meaning(candidates, now, NORTH, by_words=[gone])() == {staying}


async def test_a_staged_chunk_is_found_as_soon_as_it_is_shown(
    candidates: Candidates, searched: Searched
) -> None:
    staged = await taught(searched, text_tokens="tea", staged=True, vector=NORTH)
    shown = await taught(searched, text_tokens="tea", vector=NORTH)
    await becomes(by_words(candidates, searched, ["tea"]), {shown})
    chunks = searched.scope.of(KnowledgeChunk)
    await chunks.update_one({"_id": staged}, {"$set": {"staged": False}})
    await becomes(by_words(candidates, searched, ["tea"]), {shown, staged})
    await becomes(by_meaning(candidates, searched, NORTH, by_words=[]), {shown, staged})


async def test_meanings_are_cosines_and_only_of_vectors_of_the_model(
    candidates: Candidates, searched: Searched
) -> None:
    same = await taught(searched, vector=(3.0, 0.0, 0.0))
    between = await taught(searched, vector=(1.0, 1.0, 0.0))
    across = await taught(searched, vector=EAST)
    away = await taught(searched, vector=(-2.0, 0.0, 0.0))
    unread = await taught(searched, vector=None)
    other_model = await taught(searched, vector=NORTH, model="contract:another")
    wanted = {same: 1.0, between: 1 / sqrt(2), across: 0.0, away: -1.0}

    async def look() -> dict[PydanticObjectId, float]:
        found = await candidates.by_meaning(
            searched, (2.0, 0.0, 0.0), by_words=[across, unread, other_model]
        )
        return {one: round(cosine, 3) for one, cosine in found.items()}

    await becomes(look, {one: round(cosine, 3) for one, cosine in wanted.items()})


async def test_a_large_chatbot_is_compared_where_words_have_found_something(
    text: Candidates,
) -> None:
    searched = await searched_anew()
    near = await taught(searched, vector=NORTH)
    await taught(searched, vector=NORTH)
    for chunk_id in (near, PydanticObjectId()):
        found = await VectorSearch(MODEL, most_bytes=1).similarities(
            searched.scope,
            searched.chatbot_id,
            NORTH,
            source_ids=searched.source_ids,
            by_words=[chunk_id],
            deadline_ms=searched.deadline_ms,
        )
        assert list(found) == ([near] if chunk_id == near else [])


def by_words(
    candidates: Candidates, searched: Searched, tokens: Sequence[str]
) -> Callable[[], Awaitable[set[PydanticObjectId]]]:
    async def look() -> set[PydanticObjectId]:
        return {one.chunk_id for one in await candidates.by_words(searched, tokens, limit=10)}

    return look


def by_meaning(
    candidates: Candidates,
    searched: Searched,
    question: Sequence[float],
    *,
    by_words: Sequence[PydanticObjectId],
) -> Callable[[], Awaitable[set[PydanticObjectId]]]:
    async def look() -> set[PydanticObjectId]:
        return set(await candidates.by_meaning(searched, question, by_words=by_words))

    return look


async def count(found: Awaitable[Sequence[object]]) -> int:
    return len(await found)


async def index_states() -> list[str]:
    return list((await make_search_indexes(len(NORTH))).values())


async def becomes(
    look: Callable[[], Awaitable[Found]], wanted: Found, *, patience_s: float = 60
) -> None:
    """Wait until an index that follows its collection has caught up."""
    ends = monotonic() + patience_s
    found = await look()
    while found != wanted and monotonic() < ends:
        await asyncio.sleep(0.05)
        found = await look()
    assert found == wanted


async def taught(
    searched: Searched,
    source_id: PydanticObjectId | None = None,
    *,
    vector: Sequence[float] | None = None,
    model: str = MODEL,
    **fields: Any,
) -> PydanticObjectId:
    """A chunk where the search looks."""
    assert searched.scope.client_ids
    [client_id] = searched.scope.client_ids
    words = {"heading_tokens": "info", "text_tokens": "info", "staged": False} | fields
    chunk = KnowledgeChunk(
        client_id=client_id,
        chatbot_id=searched.chatbot_id,
        source_id=source_id or searched.source_ids[0],
        source_version=1,
        source_title="Info",
        text="Text",
        start_offset=0,
        end_offset=4,
        text_language="en",
        token_count=len(f"{words['heading_tokens']} {words['text_tokens']}".split()),
        hash=str(PydanticObjectId()),
        analyzer_version=1,
        **words,
    )
    await TenantScope.one(client_id).of(KnowledgeChunk).insert(chunk)
    await store_vectors(
        model, {UnembeddedChunk(chunk.id, client_id, chunk.hash, chunk.text): vector}
    )
    return chunk.id
