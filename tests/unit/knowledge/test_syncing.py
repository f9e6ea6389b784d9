"""Sites read by sources: what changed, what is missing, and what a takeover goes on with."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeKindName, KnowledgeSource
from documents.outbox_entries import OutboxEntry
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.site_client import site_http_client
from services.knowledge.fetching.site_reader import SiteReader
from services.knowledge.files import KnowledgeFiles
from services.knowledge.reading import SourceReader
from services.knowledge.search import KnowledgeSearch
from services.knowledge.source_definition import SourceDefinition
from services.knowledge.sources import KnowledgeSources
from services.knowledge.syncing import Syncing
from services.knowledge.worker import KnowledgeWorker
from tests.unit.knowledge.conftest import Tenant
from tests.unit.knowledge.fetching.conftest import RecordedClock
from tests.unit.knowledge.fetching.site_server import Reply, Site, html, running_site

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEA = "<h1>Tea</h1><p>Darjeeling costs five euros at the counter.</p>"
COFFEE = "<h1>Coffee</h1><p>Arabica costs six euros at the counter.</p>"
LINKS = '<h1>Shop</h1><p>We sell many things.</p><a href="/tea">Tea</a><a href="/coffee">Coffee</a>'


@pytest_asyncio.fixture(loop_scope="session")
async def site() -> AsyncIterator[Site]:
    async with running_site() as site:
        site.pages = {"/": html(LINKS), "/tea": html(TEA), "/coffee": html(COFFEE)}
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def worker(database: Database) -> AsyncIterator[KnowledgeWorker]:
    extractor, client = Extractor(), site_http_client(["127.0.0.1"])
    files = KnowledgeFiles(database, most_bytes_per_client=10_000_000)
    sites = SiteReader(client, extractor, clock=RecordedClock())
    reader = SourceReader(extractor, files, sites)
    yield KnowledgeWorker(database, Syncing(reader, most_chunks=50_000))
    await client.aclose()
    await extractor.close()


async def added(
    sources: KnowledgeSources, tenant: Tenant, site: Site, kind: KnowledgeKindName = "crawl"
) -> KnowledgeSource:
    wanted = SourceDefinition(kind, "Shop", (tenant.chatbot_id,), url=f"{site.url}/")
    return await sources.add(tenant.client_id, wanted)


async def synced(
    worker: KnowledgeWorker, sources: KnowledgeSources, tenant: Tenant, source_id: PydanticObjectId
) -> KnowledgeSource:
    while await worker.work_once():
        pass
    found = await sources.get(tenant.scope, source_id)
    assert found is not None
    return found


async def chunk_ids(tenant: Tenant) -> dict[str, PydanticObjectId]:
    chunks = await tenant.scope.of(KnowledgeChunk).find({}, limit=100)
    return {(one.url or "").rpartition("/")[2]: one.id for one in chunks}


async def test_a_site_is_read_and_only_what_changed_is_touched(
    knowledge_sources: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    worker: KnowledgeWorker,
    tenant: Tenant,
    site: Site,
) -> None:
    source = await added(knowledge_sources, tenant, site)
    read = await synced(worker, knowledge_sources, tenant, source.id)
    assert (read.status, read.version, read.page_count, read.problems) == ("ready", 1, 3, [])
    found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "darjeeling")
    assert [one.url for one in found.passages] == [f"{site.url}/tea"]
    before = await chunk_ids(tenant)

    site.pages["/tea"] = html(TEA.replace("five", "seven"))
    await knowledge_sources.sync(tenant.scope, source.id)
    again = await synced(worker, knowledge_sources, tenant, source.id)
    assert (again.status, again.version) == ("ready", 2)
    after = await chunk_ids(tenant)
    assert after["coffee"] == before["coffee"]
    assert after["tea"] != before["tea"]

    await knowledge_sources.sync(tenant.scope, source.id)
    same = await synced(worker, knowledge_sources, tenant, source.id)
    assert same.version == 2
    assert await chunk_ids(tenant) == after


async def test_a_page_with_other_bytes_that_says_the_same_is_not_touched(
    knowledge_sources: KnowledgeSources, worker: KnowledgeWorker, tenant: Tenant, site: Site
) -> None:
    source = await added(knowledge_sources, tenant, site)
    await synced(worker, knowledge_sources, tenant, source.id)
    before, own = await chunk_ids(tenant), {"key": f"{site.url}/tea"}
    pages = tenant.scope.of(KnowledgePage)
    [tea] = await pages.find(own, limit=2)
    site.pages["/tea"] = html(TEA, head='<meta name="built" content="today"><script>1</script>')
    await knowledge_sources.sync(tenant.scope, source.id)
    again = await synced(worker, knowledge_sources, tenant, source.id)
    [same] = await pages.find(own, limit=2)
    assert (again.status, again.version, same.version) == ("ready", 1, 1)
    assert await chunk_ids(tenant) == before
    assert tea.fetched is not None
    assert same.fetched is not None
    assert same.fetched.raw_hash != tea.fetched.raw_hash  # the next sync need not read it


async def test_a_page_that_is_gone_stays_for_one_sync_and_is_named(
    knowledge_sources: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    worker: KnowledgeWorker,
    tenant: Tenant,
    site: Site,
) -> None:
    source = await added(knowledge_sources, tenant, site)
    await synced(worker, knowledge_sources, tenant, source.id)
    site.pages["/tea"] = Reply(b"gone", 410)
    for still_there in (True, False):
        await knowledge_sources.sync(tenant.scope, source.id)
        read = await synced(worker, knowledge_sources, tenant, source.id)
        assert read.status == "stale"
        assert [one.url for one in read.problems] == [f"{site.url}/tea"]
        assert read.page_count == (3 if still_there else 2)
        found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "darjeeling")
        assert bool(found.passages) == still_there
    entries = await tenant.scope.of(OutboxEntry).find({}, limit=10)
    assert [one.kind for one in entries] == ["knowledge.sync_failed"] * 2

    site.pages["/"] = html(LINKS.replace("/tea", "/coffee"))
    await knowledge_sources.sync(tenant.scope, source.id)
    assert (await synced(worker, knowledge_sources, tenant, source.id)).status == "ready"


async def test_a_site_that_is_down_loses_nothing(
    knowledge_sources: KnowledgeSources, worker: KnowledgeWorker, tenant: Tenant, site: Site
) -> None:
    source = await added(knowledge_sources, tenant, site)
    before = await synced(worker, knowledge_sources, tenant, source.id)
    kept = await chunk_ids(tenant)
    site.pages = {"/": Reply(b"", 500), "/tea": Reply(b"", 500), "/coffee": Reply(b"", 500)}
    for _ in range(3):
        await knowledge_sources.sync(tenant.scope, source.id)
        read = await synced(worker, knowledge_sources, tenant, source.id)
        assert (read.status, read.page_count) == ("stale", 3)
        assert read.last_synced_at == before.last_synced_at
    assert await chunk_ids(tenant) == kept


async def test_an_address_without_a_page_fails_with_a_sentence(
    knowledge_sources: KnowledgeSources, worker: KnowledgeWorker, tenant: Tenant, site: Site
) -> None:
    site.pages = {}
    source = await added(knowledge_sources, tenant, site, "url")
    read = await synced(worker, knowledge_sources, tenant, source.id)
    assert (read.status, read.page_count) == ("failed", 0)
    [problem] = read.problems
    assert problem.url == f"{site.url}/"
    assert problem.reason.endswith(".")


async def test_a_schedule_comes_round_by_itself(
    knowledge_sources: KnowledgeSources, worker: KnowledgeWorker, tenant: Tenant, site: Site
) -> None:
    source = await added(knowledge_sources, tenant, site)
    await synced(worker, knowledge_sources, tenant, source.id)
    planned = await knowledge_sources.update(tenant.scope, source.id, {"sync_every_hours": 2})
    rested = await synced(worker, knowledge_sources, tenant, source.id)
    assert planned.next_sync_at is not None
    assert rested.next_sync_at == rested.work_due_at == planned.next_sync_at

    site.pages["/tea"] = html(TEA.replace("five", "nine"))
    due = {"$set": {"next_sync_at": source.created_at, "work_due_at": source.created_at}}
    await tenant.scope.of(KnowledgeSource).update_one({"_id": source.id}, due)
    read = await synced(worker, knowledge_sources, tenant, source.id)
    assert read.version == 2
    assert read.next_sync_at is not None
    assert read.next_sync_at > planned.next_sync_at


async def test_a_sync_that_was_left_half_done_is_gone_on_with(
    knowledge_sources: KnowledgeSources, worker: KnowledgeWorker, tenant: Tenant, site: Site
) -> None:
    source = await added(knowledge_sources, tenant, site)
    first = await synced(worker, knowledge_sources, tenant, source.id)
    kept = await chunk_ids(tenant)
    site.requests.clear()
    sync_id = PydanticObjectId()
    pages = tenant.scope.of(KnowledgePage)
    await pages.update_one({"key": f"{site.url}/tea"}, {"$set": {"sync_id": sync_id}})
    half = {"sync_id": sync_id, "status": "syncing", "work_due_at": source.created_at}
    await tenant.scope.of(KnowledgeSource).update_one({"_id": source.id}, {"$set": half})
    read = await synced(worker, knowledge_sources, tenant, source.id)
    assert (read.status, read.version, read.page_count) == ("ready", first.version, 3)
    assert await chunk_ids(tenant) == kept
    assert {one.sync_id for one in await pages.find({}, limit=10)} == {sync_id}
    assert sorted(site.asked) == ["/", "/coffee"]  # what was read before is not asked for again


async def test_what_is_indexed_anew_in_a_sync_is_not_taken_for_read(
    knowledge_sources: KnowledgeSources, worker: KnowledgeWorker, tenant: Tenant, site: Site
) -> None:
    source = await added(knowledge_sources, tenant, site)
    await synced(worker, knowledge_sources, tenant, source.id)
    site.requests.clear()
    site.pages["/tea"] = html(TEA.replace("five", "seven"))
    half = {"sync_id": PydanticObjectId(), "status": "syncing", "work_due_at": source.created_at}
    await tenant.scope.of(KnowledgeSource).update_one({"_id": source.id}, {"$set": half})
    both = {"chatbot_ids": [tenant.chatbot_id, tenant.other_chatbot_id]}
    await knowledge_sources.update(tenant.scope, source.id, both)
    await synced(worker, knowledge_sources, tenant, source.id)
    assert sorted(site.asked) == ["/", "/coffee", "/tea"]
    [tea] = await tenant.scope.of(KnowledgePage).find({"key": f"{site.url}/tea"}, limit=2)
    assert "seven euros" in tea.text


async def test_what_is_indexed_anew_is_missing_as_often_as_before(
    knowledge_sources: KnowledgeSources, worker: KnowledgeWorker, tenant: Tenant, site: Site
) -> None:
    source = await added(knowledge_sources, tenant, site)
    await synced(worker, knowledge_sources, tenant, source.id)
    site.pages["/tea"] = Reply(b"gone", 410)
    await knowledge_sources.sync(tenant.scope, source.id)
    await synced(worker, knowledge_sources, tenant, source.id)
    both = {"chatbot_ids": [tenant.chatbot_id, tenant.other_chatbot_id]}
    await knowledge_sources.update(tenant.scope, source.id, both)
    await knowledge_sources.sync(tenant.scope, source.id)
    assert (await synced(worker, knowledge_sources, tenant, source.id)).page_count == 2
