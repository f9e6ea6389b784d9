"""The work in the background: whole, done once, by whichever process, and never without a claim."""

import asyncio
from typing import Any

import pytest

from documents.base import utc_now
from documents.database.database import Database
from documents.errors import WorkLeaseLostError
from documents.knowledge_chunks import KnowledgeChunk, chunk_of_question
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource, QaPair
from documents.knowledge_work import claim_work, finish_work, keep_work
from documents.tenancy import TenantScope
from documents.transactions import Transactions
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.site_client import site_http_client
from services.knowledge.fetching.site_reader import SiteReader
from services.knowledge.files import KnowledgeFiles
from services.knowledge.pairs import question_key
from services.knowledge.reading import SourceReader
from services.knowledge.search import KnowledgeSearch
from services.knowledge.source_definition import SourceDefinition
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.sources import KnowledgeSources
from services.knowledge.syncing import Syncing
from services.knowledge.typed_pages import typed_content
from services.knowledge.worker import KnowledgeWorker
from tests.unit.knowledge.conftest import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "# Tea\n\nDarjeeling costs 5 euros.\n\n# Coffee\n\nArabica costs 6 euros.\n"


def worker_on(database: Transactions) -> KnowledgeWorker:
    files = KnowledgeFiles(database, most_bytes_per_client=100_000_000)
    extractor = Extractor()
    sites = SiteReader(site_http_client(["127.0.0.1"]), extractor)
    reader = SourceReader(extractor, files, sites)
    return KnowledgeWorker(database, Syncing(reader, most_chunks=50_000))


@pytest.fixture
def in_background(database: Database) -> KnowledgeSources:
    """Sources of which nothing is written while the caller waits."""
    return KnowledgeSources(database, KnowledgeLimits(chunks_per_change=0))


async def work_until_rest(*workers: KnowledgeWorker) -> None:
    async def work(worker: KnowledgeWorker) -> None:
        while await worker.work_once():
            pass

    await asyncio.gather(*(work(one) for one in workers))


async def stored(tenant: Tenant, source: KnowledgeSource) -> KnowledgeSource:
    found = await tenant.scope.of(KnowledgeSource).get(source.id)
    assert found is not None
    return found


async def chunks_of(tenant: Tenant, source: KnowledgeSource) -> list[KnowledgeChunk]:
    return await tenant.scope.of(KnowledgeChunk).find(
        {"source_id": source.id}, limit=10_000, sort=[("chatbot_id", 1), ("start_offset", 1)]
    )


async def quotes(search: KnowledgeSearch, tenant: Tenant, question: str) -> list[str]:
    found = await search.search(tenant.client_id, tenant.chatbot_id, question)
    return [passage.quote for passage in found.passages]


async def test_what_is_too_much_to_wait_for_is_read_in_the_background(
    database: Database,
    in_background: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
) -> None:
    source = await in_background.add_text(
        tenant.client_id, [tenant.chatbot_id, tenant.other_chatbot_id], "Prices", TEXT
    )
    assert (source.status, source.page_count) == ("queued", 0)
    assert await quotes(knowledge_search, tenant, "darjeeling") == []

    await work_until_rest(worker_on(database), worker_on(database))
    read = await stored(tenant, source)
    assert (read.status, read.version, read.page_count, read.chunk_count) == ("ready", 1, 1, 2)
    assert read.progress is None
    assert read.work_token is None
    assert read.work_due_at is None
    assert await quotes(knowledge_search, tenant, "darjeeling") == ["Darjeeling costs 5 euros."]
    chunks = await chunks_of(tenant, source)
    assert len(chunks) == 4
    assert read.text is not None
    assert all(one.text == read.text[one.start_offset : one.end_offset] for one in chunks)


async def test_a_change_touches_only_the_passages_that_say_something_else(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await in_background.add_text(tenant.client_id, [tenant.chatbot_id], "Prices", TEXT)
    await work_until_rest(worker_on(database))
    tea, coffee = await chunks_of(tenant, source)

    other = TEXT.replace("costs 5 euros", "has cost 55 euros for a while")
    await in_background.update_text(tenant.scope, source.id, text=other)
    await work_until_rest(worker_on(database))
    changed, moved = await chunks_of(tenant, source)
    assert changed.id != tea.id
    assert changed.source_version == 2
    assert moved.id == coffee.id
    assert moved.start_offset > coffee.start_offset
    assert other[moved.start_offset : moved.end_offset] == moved.text
    assert (await stored(tenant, source)).version == 2


async def test_a_source_is_shared_and_taken_away(
    database: Database,
    in_background: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
) -> None:
    source = await in_background.add_text(
        tenant.client_id, [tenant.other_chatbot_id], "Prices", TEXT
    )
    await work_until_rest(worker_on(database))
    theirs = [one.id for one in await chunks_of(tenant, source)]

    both = [tenant.other_chatbot_id, tenant.chatbot_id]
    await in_background.update_text(tenant.scope, source.id, chatbot_ids=both)
    await work_until_rest(worker_on(database))
    assert await quotes(knowledge_search, tenant, "darjeeling") == ["Darjeeling costs 5 euros."]
    kept = [one.id for one in await chunks_of(tenant, source) if one.id in theirs]
    assert kept == theirs

    await in_background.update_text(tenant.scope, source.id, chatbot_ids=[tenant.other_chatbot_id])
    assert len(await chunks_of(tenant, source)) == 4  # nobody has worked yet
    assert await quotes(knowledge_search, tenant, "darjeeling") == []
    await work_until_rest(worker_on(database))
    assert [one.id for one in await chunks_of(tenant, source)] == theirs
    assert (await stored(tenant, source)).leaving_chatbot_ids == []


async def test_a_chatbot_that_gets_a_source_back_has_all_of_it(
    database: Database,
    in_background: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
) -> None:
    both = [tenant.other_chatbot_id, tenant.chatbot_id]
    source = await in_background.add_text(tenant.client_id, both, "Prices", TEXT)
    await work_until_rest(worker_on(database))
    for chatbot_ids in ([tenant.other_chatbot_id], both):
        await in_background.update_text(tenant.scope, source.id, chatbot_ids=chatbot_ids)
    await work_until_rest(worker_on(database))
    assert await quotes(knowledge_search, tenant, "arabica") == ["Arabica costs 6 euros."]
    assert len(await chunks_of(tenant, source)) == 4


async def test_who_lost_the_claim_writes_nothing(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await in_background.add_text(tenant.client_id, [tenant.chatbot_id], "Prices", TEXT)
    lost = await claimed(source, "first", lease_s=0.0)
    taken = await claimed(source, "second")
    assert not await keep_work(lost)
    late = ClaimedSource(database, lost)
    content = typed_content(source)
    assert content is not None
    with pytest.raises(WorkLeaseLostError):
        await late.write(content)
    assert await chunks_of(tenant, source) == []

    mine = ClaimedSource(database, taken)
    await mine.begin("reading", 1)
    await mine.write(content)
    await finish_work(taken)
    assert len(await chunks_of(tenant, source)) == 2


async def claimed(source: KnowledgeSource, token: str, **more: Any) -> Any:
    """The claim on this source; whatever other tests left to do is done by nobody."""
    sources = TenantScope.every_client().of(KnowledgeSource)
    await sources.update_many({"_id": {"$ne": source.id}}, {"$set": {"work_due_at": None}})
    claim = await claim_work(token, **more)
    assert claim is not None
    assert claim.source_id == source.id
    return claim


async def test_what_is_asked_during_the_work_is_done_after_it(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await in_background.add_text(tenant.client_id, [tenant.chatbot_id], "Prices", TEXT)
    claim = await claimed(source, "slow")
    await in_background.update_text(tenant.scope, source.id, text="Assam.")
    assert (await stored(tenant, source)).work_token == "slow"
    await finish_work(claim)
    await work_until_rest(worker_on(database))
    assert [one.text for one in await chunks_of(tenant, source)] == ["Assam."]


async def test_a_deleted_source_is_worked_at_no_more(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await in_background.add_text(tenant.client_id, [tenant.chatbot_id], "Prices", TEXT)
    claim = await claimed(source, "deleted")
    await in_background.delete(tenant.scope, source.id)
    content = typed_content(source)
    assert content is not None
    with pytest.raises(WorkLeaseLostError):
        await ClaimedSource(database, claim).write(content)
    assert await tenant.scope.of(KnowledgePage).count({"source_id": source.id}, limit=1) == 0
    assert await chunks_of(tenant, source) == []


async def test_a_pair_is_found_by_its_question_however_it_is_written(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    pairs = (
        QaPair(question="When do you OPEN?", answer="At nine.\n\nOn Sundays at ten."),
        QaPair(question="Wo parke ich?", answer="Hinter dem Haus."),
    )
    source = await knowledge_sources.add(
        tenant.client_id, SourceDefinition("qa", "Answers", (tenant.chatbot_id,), qa=pairs)
    )
    assert (source.status, source.chunk_count, source.languages) == ("ready", 2, "de en")
    found = await chunk_of_question(
        tenant.scope,
        tenant.chatbot_id,
        question_key("  when do you open "),
        source_ids=[source.id],
        deadline_ms=1_000,
    )
    assert found is not None
    assert found.text == "At nine.\n\nOn Sundays at ten."
    assert found.question == "When do you OPEN?"
    [page] = await tenant.scope.of(KnowledgePage).find({"source_id": source.id}, limit=2)
    assert page.text[found.start_offset : found.end_offset] == found.text
    assert source.last_synced_at is not None
    assert source.last_synced_at <= utc_now()
