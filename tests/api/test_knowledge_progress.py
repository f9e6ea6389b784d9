"""How far the reading of a site is, and what it could not read, heard while it goes on."""

import asyncio
from pathlib import Path

from graphql_schema.node import global_id
from tests.api.operations import database_of, done
from tests.conftest import signed_in
from tests.server_process import ServerProcess
from tests.unit.knowledge.fetching.site_server import Site, html, running_site
from tests.watching import Stream, cursor_now, watching

PAGES = 20
LAST = f"/{PAGES - 1}"
EVENTS = """
subscription ($client: ID, $after: String) {
  knowledgeEvents(clientId: $client, after: $after) {
    ... on KnowledgeSourceChanged {
      source { status pageCount progress { phase done total } problems { url reason } }
    }
  }
}
"""


async def test_progress_is_told_while_a_site_is_read(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, PARLANCE_ALLOWED_ADDRESSES='["127.0.0.1"]')
    try:
        await asyncio.to_thread(server.start)
        async with running_site() as site:
            await check_progress(server, site)
    finally:
        await asyncio.to_thread(server.stop)


async def check_progress(server: ServerProcess, site: Site) -> None:
    links = "".join(f'<a href="/{one}">{one}</a>' for one in (*range(PAGES), "missing"))
    site.pages = {"/": html(f"<p>All of our pages.</p>{links}")}
    site.pages |= {f"/{one}": html(f"<p>We sell {one} sorts of tea.</p>") for one in range(PAGES)}
    site.held[LAST] = asyncio.Event()  # so that it is not done before somebody has looked
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    async with database_of(server) as database:
        chatbot = await database.database["chatbots"].find_one({"embed_key": "demo"})
        client = await database.database["clients"].find_one({})
    assert chatbot is not None
    assert client is not None
    client_id = global_id("Client", client["_id"])
    after = await cursor_now(admin, client_id)
    given = {
        "kind": "CRAWL",
        "title": "Shop",
        "url": f"{site.url}/",
        "chatbotIds": [global_id("Chatbot", chatbot["_id"])],
    }
    async with watching(admin, "knowledgeEvents", EVENTS, client=client_id, after=after) as stream:
        await done(admin, "addKnowledgeSource", given, "source { id }")
        await check_told(stream, site)
    await admin.close()


async def check_told(stream: Stream, site: Site) -> None:
    source = await stream.next()
    while not (source["source"]["progress"] or {}).get("done"):
        source = await stream.next()
    progress = source["source"]["progress"]
    assert source["source"]["status"] == "SYNCING"
    assert progress["phase"] == "reading"
    assert 0 < progress["done"] <= progress["total"] <= PAGES + 2

    site.held[LAST].set()
    while source["source"]["status"] == "SYNCING":
        source = await stream.next()
    read = source["source"]
    assert (read["status"], read["pageCount"], read["progress"]) == ("READY", PAGES + 1, None)
    [problem] = read["problems"]
    assert problem["url"] == f"{site.url}/missing"
    assert "There is no such page (status 404)." in problem["reason"]
