"""Adding, changing and deleting a source changes what is searched, at once and only there."""

import asyncio
from typing import Any

import pytest
from beanie import PydanticObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.chatbots import Chatbot
from documents.database.database import Database
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_leftovers import KnowledgeLeftover
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource
from documents.tenancy import TenantScope
from services.knowledge.clearing import Clearing
from services.knowledge.errors import (
    ChatbotsNotFoundError,
    KnowledgeInputError,
    SourceNotFoundError,
    SourceRevisionError,
    TooManyPassagesError,
    TooManySourcesError,
)
from services.knowledge.search import KnowledgeSearch
from services.knowledge.source_definition import LONGEST_TEXT_CHARACTERS
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.sources import KnowledgeSources
from tests.unit.knowledge.conftest import Tenant, new_tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def chunks_of(tenant: Tenant, filter_: dict[str, Any]) -> list[KnowledgeChunk]:
    return await tenant.scope.of(KnowledgeChunk).find(filter_, limit=1_000, sort=[("_id", 1)])


async def quotes(search: KnowledgeSearch, tenant: Tenant, question: str) -> list[str]:
    found = await search.search(tenant.client_id, tenant.chatbot_id, question)
    return [passage.quote for passage in found.passages]


async def test_a_source_says_what_it_holds(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    added = await knowledge_sources.add_text(
        tenant.client_id,
        [tenant.chatbot_id, tenant.other_chatbot_id, tenant.chatbot_id],
        "  Terms\r\n",
        "# Tea\r\n\r\nDarjeeling is a tea.\r\n\r\n# Tee\r\n\r\nDarjeeling ist ein Tee aus Indien.",
    )
    source = await knowledge_sources.get(tenant.scope, added.id)
    assert source is not None
    assert source.model_dump() == added.model_dump()
    assert (source.title, source.kind, source.status) == ("Terms", "text", "ready")
    assert (source.version, source.revision, source.chunk_count) == (1, 1, 2)
    assert source.languages == "de en"
    assert source.text is not None
    assert "\r" not in source.text
    chunks = await chunks_of(tenant, {"source_id": source.id})
    assert len(chunks) == 4
    assert {(one.text.split()[2], one.text_language) for one in chunks} == {
        ("a", "en"),
        ("ein", "de"),
    }
    assert all(one.text == source.text[one.start_offset : one.end_offset] for one in chunks)
    assert sum(one.token_count for one in chunks) == 2 * source.token_count


async def test_an_update_replaces_everything_that_was_said(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling costs 5 euros."
    )
    updated = await knowledge_sources.update_text(
        tenant.scope, source.id, text="Darjeeling costs 7 euros.", revision=1
    )
    assert (updated.version, updated.revision) == (2, 2)
    assert await quotes(knowledge_search, tenant, "darjeeling") == ["Darjeeling costs 7 euros."]
    [chunk] = await chunks_of(tenant, {"source_id": source.id})
    assert chunk.source_version == 2


async def test_a_new_title_is_searched(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "It costs 5 euros."
    )
    await knowledge_sources.update_text(tenant.scope, source.id, title="Coffee")
    assert await quotes(knowledge_search, tenant, "coffee") == ["It costs 5 euros."]
    assert await quotes(knowledge_search, tenant, "tea") == []


async def test_chatbots_can_be_changed_without_a_new_version(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling costs 5 euros."
    )
    updated = await knowledge_sources.update_text(
        tenant.scope, source.id, chatbot_ids=[tenant.other_chatbot_id]
    )
    assert (updated.version, updated.revision) == (1, 2)
    assert await quotes(knowledge_search, tenant, "darjeeling") == []
    found = await knowledge_search.search(tenant.client_id, tenant.other_chatbot_id, "darjeeling")
    assert len(found.passages) == 1


async def test_an_update_without_a_difference_writes_nothing(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling."
    )
    same = await knowledge_sources.update_text(
        tenant.scope, source.id, title=" Tea ", text="Darjeeling."
    )
    assert same.model_dump() == source.model_dump()


async def test_a_stale_revision_is_refused(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling."
    )
    await knowledge_sources.update_text(tenant.scope, source.id, text="Assam.", revision=1)
    with pytest.raises(SourceRevisionError) as refused:
        await knowledge_sources.update_text(tenant.scope, source.id, text="Ceylon.", revision=1)
    assert refused.value.current_revision == 2


async def test_of_several_updates_at_once_each_is_whole(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling."
    )
    texts = [
        f"# A{number}\n\nTea {number}.\n\n# B{number}\n\nMore {number}." for number in range(5)
    ]
    outcomes = await asyncio.gather(
        *(knowledge_sources.update_text(tenant.scope, source.id, text=text) for text in texts),
        return_exceptions=True,
    )
    wins = [outcome for outcome in outcomes if isinstance(outcome, KnowledgeSource)]
    losses = [outcome for outcome in outcomes if isinstance(outcome, SourceRevisionError)]
    assert len(wins) >= 1
    assert len(wins) + len(losses) == len(texts)
    stored = await knowledge_sources.get(tenant.scope, source.id)
    assert stored is not None
    assert stored.text is not None
    chunks = await chunks_of(tenant, {"source_id": source.id})
    assert [one.text for one in chunks] == [
        stored.text[one.start_offset : one.end_offset] for one in chunks
    ]
    assert len(chunks) == stored.chunk_count == 2


async def test_deleting_leaves_nothing(
    knowledge_sources: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
    database: Database,
) -> None:
    both = [tenant.chatbot_id, tenant.other_chatbot_id]
    kept = await knowledge_sources.add_text(tenant.client_id, both, "Tea", "Assam is a tea.")
    source = await knowledge_sources.add_text(
        tenant.client_id, both, "Tea", "# A\n\nDarjeeling.\n\n# B\n\nDarjeeling."
    )
    erased = await knowledge_sources.delete(tenant.scope, source.id)
    assert erased == {"knowledge_sources": 1, "knowledge_pages": 1, "knowledge_chunks": 4}
    assert await quotes(knowledge_search, tenant, "darjeeling") == []
    told = {"live_events"}  # ids for a week, and not a word
    for name in {*await database.database.list_collection_names()} - told:
        fields = {"$or": [{"_id": source.id}, {"source_id": source.id}]}
        assert await database.database[name].count_documents(fields) == 0
    assert [one.id for one in await knowledge_sources.newest(tenant.scope)] == [kept.id]
    with pytest.raises(SourceNotFoundError):
        await knowledge_sources.delete(tenant.scope, source.id)


async def test_a_large_source_is_not_found_any_more_and_goes_in_parts(
    database: Database, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    sources = KnowledgeSources(database, KnowledgeLimits(deleted_at_once=2))
    both = [tenant.chatbot_id, tenant.other_chatbot_id]
    text = "# A\n\nDarjeeling.\n\n# B\n\nDarjeeling."
    source = await sources.add_text(tenant.client_id, both, "Tea", text)
    erased = await sources.delete(tenant.scope, source.id)
    assert erased == {"knowledge_sources": 1, "knowledge_pages": 1, "knowledge_chunks": 4}
    assert await tenant.scope.of(KnowledgeLeftover).count(limit=1) == 0

    source = await sources.add_text(tenant.client_id, both, "Tea", text)
    leftover = KnowledgeLeftover(
        client_id=tenant.client_id, source_id=source.id, due_at=source.created_at
    )
    # As after a process that died in between: the source is gone, the note of it is there.
    await tenant.scope.of(KnowledgeSource).delete_one({"_id": source.id})
    await tenant.scope.of(KnowledgeLeftover).insert(leftover)
    assert await chunks_of(tenant, {"source_id": source.id})
    assert await quotes(knowledge_search, tenant, "darjeeling") == []
    while await Clearing().work_once():
        pass
    assert await chunks_of(tenant, {"source_id": source.id}) == []
    assert await tenant.scope.of(KnowledgePage).count({"source_id": source.id}, limit=1) == 0
    assert await tenant.scope.of(KnowledgeLeftover).count(limit=1) == 0


async def test_another_client_neither_sees_nor_changes_a_source(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    stranger = await new_tenant()
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling."
    )
    assert await knowledge_sources.get(stranger.scope, source.id) is None
    assert await knowledge_sources.newest(stranger.scope) == []
    with pytest.raises(SourceNotFoundError):
        await knowledge_sources.update_text(stranger.scope, source.id, text="Mine.")
    with pytest.raises(SourceNotFoundError):
        await knowledge_sources.delete(stranger.scope, source.id)
    with pytest.raises(ChatbotsNotFoundError):
        await knowledge_sources.add_text(stranger.client_id, [tenant.chatbot_id], "Tea", "Mine.")
    with pytest.raises(ChatbotsNotFoundError):
        await knowledge_sources.update_text(
            tenant.scope, source.id, chatbot_ids=[tenant.chatbot_id, stranger.chatbot_id]
        )
    assert await knowledge_sources.get(tenant.scope, source.id) is not None
    assert await knowledge_sources.newest(stranger.scope) == []


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("title", {"title": " \n "}),
        ("title", {"title": "x" * 201}),
        ("text", {"text": ""}),
        ("text", {"text": " \n\t "}),
        ("text", {"text": "x" * (LONGEST_TEXT_CHARACTERS + 1)}),
        ("chatbot_ids", {"chatbot_ids": []}),
        ("chatbot_ids", {"chatbot_ids": [PydanticObjectId() for _ in range(51)]}),
    ],
)
async def test_too_little_and_too_much_is_refused(
    knowledge_sources: KnowledgeSources, tenant: Tenant, field: str, changed: dict[str, Any]
) -> None:
    given_ = {"chatbot_ids": [tenant.chatbot_id], "title": "Tea", "text": "Darjeeling.", **changed}
    with pytest.raises(KnowledgeInputError) as refused:
        await knowledge_sources.add_text(tenant.client_id, **given_)
    assert [problem.field for problem in refused.value.problems] == [field]


async def test_everything_that_is_wrong_is_said_at_once(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    with pytest.raises(KnowledgeInputError) as refused:
        await knowledge_sources.add_text(tenant.client_id, [], "", "")
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["title", "text", "chatbot_ids"]


async def test_the_longest_title_and_text_are_accepted(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    text = ("Tea is good. " * 40_000)[: LONGEST_TEXT_CHARACTERS - 12] + " Darjeeling."
    assert len(text) == LONGEST_TEXT_CHARACTERS
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "😀" * 200, text)
    found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "darjeeling")
    best = found.passages[0]
    assert "Darjeeling." in best.quote
    assert text[best.start_offset : best.end_offset] == best.quote


async def test_a_limit_of_sources_holds_when_many_add_at_once(
    database: Database, tenant: Tenant
) -> None:
    sources = KnowledgeSources(database, KnowledgeLimits(sources_per_chatbot=3))
    outcomes = await asyncio.gather(
        *(
            sources.add_text(tenant.client_id, [tenant.chatbot_id], f"Tea {number}", "Assam.")
            for number in range(6)
        ),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, TooManySourcesError)]
    assert len(refused) == 3
    assert refused[0].limit == 3
    assert len(await sources.newest(tenant.scope)) == 3
    assert len(await chunks_of(tenant, {})) == 3


async def test_a_text_of_too_many_passages_is_refused(database: Database, tenant: Tenant) -> None:
    sources = KnowledgeSources(database, KnowledgeLimits(chunks_per_source=10))
    with pytest.raises(TooManyPassagesError) as refused:
        await sources.add_text(
            tenant.client_id, [tenant.chatbot_id], "Tea", "# Tea\n\nAssam.\n\n" * 11
        )
    assert (refused.value.passages, refused.value.limit) == (11, 10)


async def test_a_chatbot_that_is_gone_gets_no_knowledge(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    await tenant.scope.of(Chatbot).delete_one({"_id": tenant.chatbot_id})
    with pytest.raises(ChatbotsNotFoundError):
        await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Tea", "Assam.")
    assert await chunks_of(tenant, {}) == []


async def test_sources_are_listed_newest_first_without_their_texts(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    added = [
        await knowledge_sources.add_text(
            tenant.client_id, [tenant.chatbot_id], f"Tea {number}", "Assam."
        )
        for number in range(3)
    ]
    listed = await knowledge_sources.newest(tenant.scope, chatbot_id=tenant.chatbot_id, limit=2)
    assert [one.id for one in listed] == [added[2].id, added[1].id]
    assert all(one.text is None for one in listed)
    rest = await knowledge_sources.newest(
        tenant.scope, chatbot_id=tenant.chatbot_id, before=listed[-1].id
    )
    assert [one.id for one in rest] == [added[0].id]
    assert await knowledge_sources.newest(tenant.scope, chatbot_id=tenant.other_chatbot_id) == []


async def test_more_matches_than_candidates_do_not_hide_the_rare_word(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    common = "# Tea prices\n\nTea prices and tea prices.\n\n"
    text = common * 1_150 + "# Coffee\n\nThe rare zanzibar tea is here, far from all the others.\n"
    source = await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Shop", text)
    assert source.chunk_count == 1_151
    found = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, "prices of zanzibar tea"
    )
    assert "zanzibar" in found.passages[0].quote


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(
        alphabet=st.one_of(st.characters(), st.sampled_from(" \n\r#.。退货ก🎉\u0301tea")),
        min_size=1,
        max_size=300,
    )
)
async def test_offsets_point_at_the_quote_for_any_text(
    knowledge_sources: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
    text: str,
) -> None:
    source = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", f"Darjeeling. {text}"
    )
    try:
        found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "darjeeling tea")
        stored = await knowledge_sources.get(TenantScope.one(tenant.client_id), source.id)
        assert stored is not None
        assert stored.text is not None
        assert found.passages
        for passage in found.passages:
            assert stored.text[passage.start_offset : passage.end_offset] == passage.quote
    finally:
        await knowledge_sources.delete(tenant.scope, source.id)
