"""What is typed wrongly is found all the same, and what is kept of a vocabulary has bounds."""

from dataclasses import replace

import pytest
from beanie import PydanticObjectId

from documents.knowledge_sources import KnowledgeSize, KnowledgeSource, knowledge_size
from documents.tenancy import TenantScope
from services.knowledge.search import KnowledgeSearch
from services.knowledge.sources import KnowledgeSources
from services.knowledge.vocabulary import FEW_CHUNKS, Vocabularies, Vocabulary
from tests.unit.knowledge.conftest import Tenant, new_tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = """# Deliveries

Parcels reach Iceland within nine days.

# Warranty

The warranty of every bicycle is five years.

# Kinder

Wir verkaufen auch Fahrräder für Kinder, sie werden kostenlos montiert.
"""


async def test_a_typo_is_mended_with_a_word_that_the_chatbot_knows(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Shop", TEXT)

    found = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, "how long is the waranty of a bicylce", "en"
    )

    assert found.passages[0].quote == "The warranty of every bicycle is five years."
    assert [typed for typed, _ in found.repairs] == ["waranty", "bicylce"]
    assert {"warranti", "bicycl"} <= set(found.tokens)
    assert found.decision == "answer"


async def test_a_known_word_is_not_mended_and_one_unlike_all_others_neither(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Shop", TEXT)

    found = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, "What is the warranty of a xylophone?", "en"
    )

    assert found.repairs == ()


async def test_a_word_that_was_just_added_mends_at_once(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Shop", TEXT)
    question = (tenant.client_id, tenant.chatbot_id, "Where is the observatroy?", "en")
    assert (await knowledge_search.search(*question)).repairs == ()

    text = "The observatory stands on the hill."
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Sights", text)

    assert (await knowledge_search.search(*question)).passages[0].quote == text


async def test_vocabularies_know_their_own_chatbot_only_and_forget_the_unused_ones(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    stranger, sizes = await new_tenant(), {}
    for one, text in (
        (tenant, "The rooms of the zanzibar house are all free this week."),
        (stranger, "The garden of this house is very wide indeed."),
    ):
        await knowledge_sources.add_text(one.client_id, [one.chatbot_id], "Rooms", text)
        sizes[one.client_id] = await size_of(one)
    vocabularies = Vocabularies(most_words=10)

    async def words_of(client_id: str, chatbot_id: PydanticObjectId) -> object:
        return await vocabularies.of(
            TenantScope.one(client_id),
            chatbot_id,
            "en",
            version=1,
            size=sizes[client_id],
            deadline_ms=2_000,
        )

    own = await words_of(tenant.client_id, tenant.chatbot_id)
    assert own.nearest("zanzibarr").word == "zanzibar"  # type: ignore[attr-defined]
    assert await words_of(tenant.client_id, tenant.chatbot_id) is own
    other = await words_of(stranger.client_id, stranger.chatbot_id)
    assert other.nearest("zanzibarr") is None  # type: ignore[attr-defined]
    assert await words_of(tenant.client_id, tenant.chatbot_id) is not own


async def test_no_question_waits_long_for_the_words_of_a_large_chatbot(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    text = "The rooms of the zanzibar house are all free this week."
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Rooms", text)
    vocabularies, size = Vocabularies(longest_wait_s=0.0), await size_of(tenant)

    async def words(chunk_count: int) -> Vocabulary | None:
        return await vocabularies.of(
            TenantScope.one(tenant.client_id),
            tenant.chatbot_id,
            "en",
            version=1,
            size=replace(size, chunk_count=chunk_count),
            deadline_ms=2_000,
        )

    assert await words(FEW_CHUNKS + 1) is None
    read = await words(FEW_CHUNKS)
    assert read is not None
    assert await words(FEW_CHUNKS + 1) is read


async def test_the_words_of_a_source_that_was_taken_away_mend_nothing_from_that_moment_on(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    text = "The rooms of the zanzibar house are all free this week."
    staying = await knowledge_sources.add_text(
        tenant.client_id, [tenant.chatbot_id], "Rooms", "Tea is served in the garden at five."
    )
    taken = await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Rooms", text)
    vocabularies = Vocabularies()

    async def words(version: int) -> Vocabulary:
        size = replace(await size_of(tenant), chunk_count=FEW_CHUNKS + 1)
        read = await vocabularies.of(
            TenantScope.one(tenant.client_id),
            tenant.chatbot_id,
            "en",
            version=version,
            size=size,
            deadline_ms=2_000,
        )
        assert read is not None
        return read

    assert (await words(1)).nearest("zanzibarr") is not None
    # Its chunks are still there: a background job deletes them a little later.
    await tenant.scope.of(KnowledgeSource).update_one(
        {"_id": taken.id}, {"$set": {"chatbot_ids": []}}
    )

    left = await words(2)

    assert left.nearest("zanzibarr") is None
    assert left.nearest("gardenn") is not None, staying


async def size_of(tenant: Tenant) -> KnowledgeSize:
    return await knowledge_size(
        TenantScope.one(tenant.client_id), tenant.chatbot_id, deadline_ms=2_000
    )
