"""Two servers behind nginx are replaced by the next version, one after the other, under load.

The next version brings a migration, so that the old server goes on beside data of the new one. No
question fails, none is asked twice. Time budget: 60 seconds.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from documents.database.database import Database
from documents.database.driver import connect_mongo
from documents.migrations.registry import known_migrations
from tests.answers import kinds_of
from tests.conftest import START_VISIT
from tests.faults.test_many_answers import PIECES, Reading
from tests.faults.test_server_kill import Pair, chatbot_on, started, two_servers
from tests.graphql_clients import GraphQLClient
from tests.nginx import nginx_in
from tests.providers.byte_server import ByteServer
from tests.providers.dictation import model_that_says, speaking
from tests.redis_server import running_redis
from tests.server_process import ServerProcess

pytestmark = [
    pytest.mark.faults,
    pytest.mark.nginx,
    pytest.mark.redis,
    pytest.mark.timeout(600),
]

VISITORS = 6
SECONDS_BETWEEN = 0.05
PATIENCE_SECONDS = 120.0
TOMORROW = len(known_migrations()) + 1

MIGRATION = """
'''Gives each message what only the next version knows.'''

async def migrate(database):
    await database["messages"].update_many({}, {"$set": {"of_tomorrow": True}})
"""
NEXT_VERSION = """
import documents.migrations
documents.migrations.__path__.append({folder!r})
from api.cli import main
main()
"""


@dataclass
class Load:
    """Visitors who ask, read the answer to its end, and ask again."""

    model: ByteServer
    readings: list[list[Reading]] = field(default_factory=list)
    grew: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def ask(self, visitor: GraphQLClient) -> None:
        mine: list[Reading] = []
        self.readings.append(mine)
        while True:
            reading = Reading(visitor)
            await reading.read()
            async with self.grew:
                mine.append(reading)
                self.grew.notify_all()

    async def everybody_got_another_answer(self) -> None:
        before = [len(mine) for mine in self.readings]
        async with asyncio.timeout(PATIENCE_SECONDS), self.grew:
            await self.grew.wait_for(
                lambda: all(
                    len(mine) > count for mine, count in zip(self.readings, before, strict=True)
                )
            )


@asynccontextmanager
async def load_through(url: str, servers: Pair, trusting: ssl.SSLContext) -> AsyncIterator[Load]:
    async with model_that_says(speaking(PIECES, SECONDS_BETWEEN)) as model:
        embed_key = await chatbot_on(servers.one, model.url)
        load = Load(model)
        visitors = [GraphQLClient(url, origin=url, trusting=trusting) for _ in range(VISITORS)]
        for visitor in visitors:
            told = await visitor.execute(START_VISIT, {"key": embed_key})
            visitor.token = told["startVisit"]["widgetToken"]
        tasks = [asyncio.create_task(load.ask(visitor)) for visitor in visitors]
        try:
            yield load
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            for visitor in visitors:
                await visitor.close()
        assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended


def upgrade(server: ServerProcess, folder: Path) -> None:
    """Stop it in order, and start the next version in its place."""
    assert server.stop() == 0, server.log[-2000:]
    server.program = ("-c", NEXT_VERSION.format(folder=str(folder)))
    server.start()


async def test_no_question_fails_while_two_servers_are_upgraded_one_after_the_other(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "tomorrow"
    folder.mkdir()
    (folder / f"m{TOMORROW:04}_of_tomorrow.py").write_text(MIGRATION)
    with running_redis(tmp_path) as redis, nginx_in(tmp_path / "nginx") as nginx:
        more = {
            "PARLANCE_REDIS_URL": redis.url,
            "PARLANCE_PUBLIC_URL": nginx.url,
            "PARLANCE_TRUSTED_PROXIES": "127.0.0.1",
            "PARLANCE_DRAIN_SECONDS": "20",
        }
        async with two_servers(tmp_path, **more) as servers:
            await started(servers.one, servers.other)
            nginx.start(servers.one.port, servers.other.port)
            async with load_through(nginx.url, servers, nginx.trusting()) as load:
                for server in (servers.one, servers.other):
                    await load.everybody_got_another_answer()
                    await asyncio.to_thread(upgrade, server, folder)
                await load.everybody_got_another_answer()
            applied = await migrated(servers.one)
            asked_of_model = len(load.model.requests)
    done = [reading for mine in load.readings for reading in mine]
    for reading in done:
        reading.check_whole()
    restarts = [kind for one in done for kind in kinds_of(one.events) if kind == "AnswerRestarted"]
    assert asked_of_model <= len(done) + len(restarts) + VISITORS, "a question was asked twice"
    assert applied[-1] == f"m{TOMORROW:04}_of_tomorrow"


async def migrated(server: ServerProcess) -> list[str]:
    """The names of the migrations that the servers' database went through."""
    url = server.environment()["PARLANCE_MONGODB_URL"]
    database = Database(connect_mongo(url), name="parlance", url=url)
    try:
        rows = await database.database["migrations"].find({}, sort=[("_id", 1)]).to_list(None)
        return [str(row["name"]) for row in rows]
    finally:
        await database.close()
