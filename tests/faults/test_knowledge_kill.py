"""A server is killed while it reads sources: the next one goes on, and nothing is lost or twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from documents.database.database import Database
from documents.ids import PydanticObjectId
from graphql_schema.node import global_id, local_id
from tests.api.operations import Json, database_of, done
from tests.conftest import signed_in
from tests.server_process import ServerProcess
from tests.unit.answering.processes import until
from tests.unit.knowledge.fetching.site_server import Site, html, running_site

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

PAGES = 40
KILLED_AFTER = (8, 24)
"""Pages that are stored when the server is killed."""


def shop_page(number: int) -> str:
    behind = [one for one in (2 * number, 2 * number + 1) if one <= PAGES]
    links = "".join(f'<a href="/{one}">{one}</a>' for one in behind)
    return f"<h1>Tea number {number}</h1><p>Tea {number} costs {number} euros a pound.</p>{links}"


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as site:
        site.pages = {f"/{number}": html(shop_page(number)) for number in range(1, PAGES + 1)}
        yield site


async def stored(database: Database, source_id: PydanticObjectId) -> Json:
    found: Json | None = await database.database["knowledge_sources"].find_one({"_id": source_id})
    assert found is not None
    return found


async def check_whole(
    database: Database, source_id: PydanticObjectId, pages: int, chunks: int
) -> None:
    """Each page is there once, each passage once, and the source says so."""
    own = {"source_id": source_id}
    found = await stored(database, source_id)
    assert (found["status"], found["version"], found["problems"]) == ("ready", 1, [])
    assert (found["page_count"], found["chunk_count"]) == (pages, chunks)
    assert await database.database["knowledge_pages"].count_documents(own) == pages
    passages = await database.database["knowledge_chunks"].find(own).to_list()
    assert len(passages) == chunks
    assert not any(one.get("staged") for one in passages)
    assert set(Counter((one["page_id"], one["hash"]) for one in passages).values()) == {1}
    assert found["token_count"] == sum(one["token_count"] for one in passages)


async def test_a_crawl_that_is_killed_again_and_again_ends_whole(
    tmp_path: Path, site: Site
) -> None:
    server = ServerProcess(tmp_path / "data folder", PARLANCE_ALLOWED_ADDRESSES='["127.0.0.1"]')
    source_id = None
    try:
        for stored_pages in KILLED_AFTER:
            await asyncio.to_thread(server.start)
            async with database_of(server) as database:
                if source_id is None:
                    source_id = await crawl_of(server, database, site)
                read = database.database["knowledge_pages"]
                while await read.count_documents({"source_id": source_id}) < stored_pages:
                    assert (await stored(database, source_id))["status"] in {"queued", "syncing"}
                server.kill()
        assert source_id is not None
        wanted = source_id
        await asyncio.to_thread(server.start)
        async with database_of(server) as database:

            async def is_read() -> bool:
                return bool((await stored(database, wanted))["status"] == "ready")

            await until(is_read, 90)
            await check_whole(database, wanted, PAGES, PAGES)
    finally:
        await asyncio.to_thread(server.stop)
    asked = Counter(site.asked)
    # A page that was under way when the server was killed is asked for once more, no other one.
    again = {path for path, times in asked.items() if path in site.pages and times > 1}
    assert len(again) <= len(KILLED_AFTER)


async def crawl_of(server: ServerProcess, database: Database, site: Site) -> PydanticObjectId:
    chatbot = await database.database["chatbots"].find_one({"embed_key": "demo"})
    assert chatbot is not None
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    given = {
        "kind": "CRAWL",
        "title": "Shop",
        "url": f"{site.url}/1",
        "maxDepth": 10,
        "chatbotIds": [global_id("Chatbot", chatbot["_id"])],
    }
    made = await done(admin, "addKnowledgeSource", given, "source { id }")
    await admin.close()
    source_id = local_id(made["source"]["id"], "KnowledgeSource")
    assert source_id is not None
    return source_id
