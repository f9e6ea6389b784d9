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
from tests.unit.knowledge.fetching.site_server import Site, html, running_site

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def working(
    database: Database, places: Places, *, turn_s: float = TURN_S
) -> AsyncIterator[tuple[KnowledgeSources, Callable[[], None]]]:
    """Sources that are read in the background, and what lets the background begin."""
    everybody = TenantScope.every_client().of(KnowledgeSource)
    await everybody.update_many({}, {"$set": {"work_due_at": None}})  # what other tests left
    extractor, client = Extractor(), site_http_client(["127.0.0.1", "127.0.0.2"])
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
    async with (
        crawled_site() as site,
        running_site("127.0.0.2") as elsewhere,
        working(database, places, turn_s=0.0) as (sources, begin),
    ):
        elsewhere.pages = {"/": html("<p>A page.</p>")}
        crawl = await _site(sources, tenant, "crawl", f"{site.url}/")
        begin()
        await until(lambda: _has_pages(tenant, crawl, 11), 60)
        short = await _site(sources, other, "url", f"{elsewhere.url}/")
        site.held["/10"].set()
        await _first_then_second(other, short, tenant, crawl)
    assert sorted(site.asked) == sorted(site.pages)  # each once: it went on where it was


async def test_a_page_of_a_site_that_is_just_crawled_waits_for_one_turn_alone(
    database: Database, tenant: Tenant
) -> None:
    async with crawled_site() as site, working(database, Places(), turn_s=0.0) as (sources, begin):
        crawl = await _site(sources, tenant, "crawl", f"{site.url}/")
        begin()
        await until(lambda: _has_pages(tenant, crawl, 11), 60)
        page = await _site(sources, tenant, "url", f"{site.url}/3")
        await until(lambda: _was_sent_away(tenant, page), 60)
        site.held["/10"].set()
        await _first_then_second(tenant, page, tenant, crawl)


@asynccontextmanager
async def crawled_site() -> AsyncIterator[Site]:
    """A site of which half of the pages may be read until `/10` is let go."""
    async with running_site() as site:
        links = "".join(f'<a href="/{one}">{one}</a>' for one in range(20))
        site.pages = {"/": html(f"<p>All of our pages.</p>{links}")}
        site.pages |= {f"/{one}": html(f"<p>We sell {one} sorts of tea.</p>") for one in range(20)}
        site.held["/10"] = asyncio.Event()
        yield site


async def _first_then_second(
    first: Tenant, short: KnowledgeSource, second: Tenant, crawl: KnowledgeSource
) -> None:
    """Both are read, the one before the other."""
    await until(lambda: is_ready(first, short), 60)
    await until(lambda: is_ready(second, crawl), 60)
    soon, late = await _stored(first, short), await _stored(second, crawl)
    assert soon.last_synced_at is not None
    assert late.last_synced_at is not None
    assert soon.last_synced_at < late.last_synced_at
    assert late.page_count == 21


async def _site(
    sources: KnowledgeSources, tenant: Tenant, kind: KnowledgeKindName, url: str
) -> KnowledgeSource:
    wanted = SourceDefinition(kind, "Site", (tenant.chatbot_id,), url=url)
    return await sources.add(tenant.client_id, wanted)


async def _stored(tenant: Tenant, source: KnowledgeSource) -> KnowledgeSource:
    found = await tenant.scope.of(KnowledgeSource).get(source.id)
    assert found is not None
    return found


async def _has_pages(tenant: Tenant, source: KnowledgeSource, count: int) -> bool:
    return (await _stored(tenant, source)).page_count == count


async def _was_sent_away(tenant: Tenant, source: KnowledgeSource) -> bool:
    """Whether it was begun and given back, since another source reads the site."""
    found = await _stored(tenant, source)
    return found.sync_id is not None and found.work_token is None
