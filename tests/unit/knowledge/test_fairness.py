"""Nobody waits for another client's slow site or many sources."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from documents.database.database import Database
from documents.knowledge_sources import KnowledgeKindName, KnowledgeSource
from documents.tenancy import TenantScope
from services.cancelling import cancel_and_wait
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.limits import FetchLimits
from services.knowledge.fetching.site_client import site_http_client
from services.knowledge.fetching.site_reader import SiteReader
from services.knowledge.files import KnowledgeFiles
from services.knowledge.reading import SourceReader
from services.knowledge.source_definition import SourceDefinition
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.sources import KnowledgeSources
from services.knowledge.stays import TURN_S
from services.knowledge.syncing import Syncing
from services.knowledge.worker import KnowledgeWorker, Places
from tests.unit.answering.processes import until
from tests.unit.knowledge.conftest import Tenant, new_tenant
from tests.unit.knowledge.fetching.site_server import html, running_site

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def working(
    database: Database, places: Places, *, turn_s: float = TURN_S
) -> AsyncIterator[tuple[KnowledgeSources, Callable[[], None]]]:
    """Sources that are read in the background, and what lets the background begin."""
    everybody = TenantScope.every_client().of(KnowledgeSource)
    await everybody.update_many({}, {"$set": {"work_due_at": None}})  # what other tests left
    extractor, client = Extractor(), site_http_client(["127.0.0.1"])
    files = KnowledgeFiles(database, most_bytes_per_client=1)
    sites = SiteReader(client, extractor, limits=FetchLimits(delay_s=0.0))
    syncing = Syncing(SourceReader(extractor, files, sites), most_chunks=100)
    worker = KnowledgeWorker(database, syncing, places=places, turn_s=turn_s)
    tasks: list[asyncio.Task[None]] = []
    sources = KnowledgeSources(database, KnowledgeLimits(chunks_per_change=0), worker.wake)
    try:
        yield sources, lambda: tasks.append(asyncio.create_task(worker.run()))
    finally:
        for task in tasks:
            await cancel_and_wait(task)
        await worker.close()
        await client.aclose()
        await extractor.close()


async def is_ready(tenant: Tenant, *sources: KnowledgeSource) -> bool:
    ids = [one.id for one in sources]
    ready = {"_id": {"$in": ids}, "status": "ready", "work_token": None}
    found = await tenant.scope.of(KnowledgeSource).count(ready, limit=len(ids))
    return found == len(ids)


async def test_one_text_does_not_wait_for_all_texts_of_another_client(
    database: Database, tenant: Tenant
) -> None:
    other = await new_tenant()
    async with working(database, Places(others=1, others_per_client=1)) as (sources, begin):
        many = [
            await sources.add_text(tenant.client_id, [tenant.chatbot_id], "Tea", f"Tea {one}.")
            for one in range(6)
        ]
        late = await sources.add_text(other.client_id, [other.chatbot_id], "Tea", "Assam.")
        begin()
        await until(lambda: is_ready(other, late))
        await until(lambda: is_ready(tenant, *many))
    read = await tenant.scope.of(KnowledgeSource).find({}, limit=10)
    [last] = await other.scope.of(KnowledgeSource).find({}, limit=10)
    assert last.last_synced_at is not None
    sooner = [
        one for one in read if one.last_synced_at and one.last_synced_at < last.last_synced_at
    ]
    assert len(sooner) == 1


async def test_a_text_does_not_wait_for_a_site_that_never_answers(
    database: Database, tenant: Tenant
) -> None:
    asked, over = asyncio.Event(), asyncio.Event()

    async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    places = Places(sites=1, sites_per_client=1, others=1, others_per_client=1)
    async with working(database, places) as (sources, begin):
        slow = SourceDefinition("crawl", "Site", (tenant.chatbot_id,), url=url)
        site = await sources.add(tenant.client_id, slow)
        begin()
        await asyncio.wait_for(asked.wait(), 30)
        text = await sources.add_text(tenant.client_id, [tenant.chatbot_id], "Tea", "Assam.")
        await until(lambda: is_ready(tenant, text))
        assert not await is_ready(tenant, site)
        over.set()
    server.close()


async def test_a_long_crawl_lets_another_client_go_first_and_goes_on(
    database: Database, tenant: Tenant
) -> None:
    other, places = await new_tenant(), Places(sites=1, sites_per_client=1)
    async with running_site() as site, working(database, places, turn_s=0.0) as (sources, begin):
        links = "".join(f'<a href="/{one}">{one}</a>' for one in range(20))
        site.pages = {"/": html(f"<p>All of our pages.</p>{links}"), "/one": html("<p>A page.</p>")}
        site.pages |= {f"/{one}": html(f"<p>We sell {one} sorts of tea.</p>") for one in range(20)}
        site.held["/10"] = asyncio.Event()
        crawl = await _site(sources, tenant, "crawl", f"{site.url}/")
        begin()
        await until(lambda: _has_pages(tenant, crawl, 11), 60)
        short = await _site(sources, other, "url", f"{site.url}/one")
        site.held["/10"].set()
        await until(lambda: is_ready(other, short), 60)
        await until(lambda: is_ready(tenant, crawl), 60)
    [done] = await tenant.scope.of(KnowledgeSource).find({}, limit=2)
    [soon] = await other.scope.of(KnowledgeSource).find({}, limit=2)
    assert done.page_count == 21
    assert done.last_synced_at is not None
    assert soon.last_synced_at is not None
    assert soon.last_synced_at < done.last_synced_at
    assert sorted(site.asked) == sorted(site.pages)  # each once: it went on where it was


async def _site(
    sources: KnowledgeSources, tenant: Tenant, kind: KnowledgeKindName, url: str
) -> KnowledgeSource:
    wanted = SourceDefinition(kind, "Site", (tenant.chatbot_id,), url=url)
    return await sources.add(tenant.client_id, wanted)


async def _has_pages(tenant: Tenant, source: KnowledgeSource, count: int) -> bool:
    found = await tenant.scope.of(KnowledgeSource).get(source.id)
    return found is not None and found.page_count == count
