"""The primary of a replica set of three is killed while people write and visitors ask.

What was acknowledged is there afterwards, and the server goes on by itself. The time from the kill
to the next acknowledged write is printed. Time budget: 60 seconds.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import websockets

from documents.database.database import Database
from documents.database.driver import connect_mongo
from graphql_schema.node import local_id
from tests.answers import asked, text_of
from tests.conftest import CREATE_CLIENT, START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient, GraphQLFailure
from tests.replica_set import ReplicaSet, replica_set
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

WRITERS = 4
VISITORS = 4
ACKNOWLEDGED_EACH = 3
PATIENCE_SECONDS = 120.0
QUESTION = "What is Parlance?"


@dataclass
class Acknowledged:
    """What the server said was done, as it said so."""

    slugs: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    refusals: set[str | None] = field(default_factory=set)
    grew: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def note(self) -> None:
        async with self.grew:
            self.grew.notify_all()

    async def more(self, slugs: int, answers: int) -> None:
        """Wait for so many more of each."""
        least = len(self.slugs) + slugs, len(self.answers) + answers
        async with asyncio.timeout(PATIENCE_SECONDS), self.grew:
            await self.grew.wait_for(
                lambda: len(self.slugs) >= least[0] and len(self.answers) >= least[1]
            )


async def write(admin: GraphQLClient, done: Acknowledged) -> None:
    """Make one client after the other; one that was refused may be there or not."""
    while True:
        slug = f"client-{secrets.token_hex(6)}"
        with suppress(httpx.TransportError):
            try:
                made = (await admin.execute(CREATE_CLIENT, {"slug": slug}))["createClient"]
            except GraphQLFailure as refused:
                done.refusals |= set(refused.codes)
                continue
            assert "client" in made, made
            done.slugs.append(slug)
            await done.note()


async def ask(visitor: GraphQLClient, done: Acknowledged) -> None:
    """Ask one question after the other."""
    while True:
        try:
            events = await asked(visitor, QUESTION)
        except GraphQLFailure as refused:
            done.refusals |= set(refused.codes)
            continue
        except (websockets.WebSocketException, OSError):
            continue
        if events[-1]["__typename"] == "AnswerFailed":
            assert events[-1]["retryable"], events[-1]
        else:
            done.answers[events[-1]["answer"]["id"]] = text_of(events)
            await done.note()


@asynccontextmanager
async def load_on(server: ServerProcess) -> AsyncIterator[Acknowledged]:
    done = Acknowledged()
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    visitors = [GraphQLClient(server.url, origin=server.url) for _ in range(VISITORS)]
    for visitor in visitors:
        told = await visitor.execute(START_VISIT, {"key": "demo"})
        visitor.token = told["startVisit"]["widgetToken"]
    work = [write(admin, done) for _ in range(WRITERS)] + [ask(one, done) for one in visitors]
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield done
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for client in (admin, *visitors):
            await client.close()
    assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended


async def test_no_acknowledged_write_is_lost_when_the_primary_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with replica_set(tmp_path / "members") as members:
        server = ServerProcess(
            tmp_path / "server",
            PARLANCE_MONGODB_URL=members.url,
            PARLANCE_SECRET_KEY=secrets.token_urlsafe(48),
        )
        try:
            await asyncio.to_thread(server.start)
            async with load_on(server) as done:
                await done.more(WRITERS * ACKNOWLEDGED_EACH, VISITORS * ACKNOWLEDGED_EACH)
                killed_at = time.monotonic()
                killed = await asyncio.to_thread(members.kill_primary)
                before = len(done.slugs)
                await done.more(1, 0)
                recovered_after = time.monotonic() - killed_at
                await done.more(WRITERS * ACKNOWLEDGED_EACH, VISITORS * ACKNOWLEDGED_EACH)
            await check_all_there(members, done)
        finally:
            await asyncio.to_thread(server.stop)
    assert killed is not None
    with capsys.disabled():
        sys.stdout.write(f"\nwrites again {recovered_after:.1f} s after the primary was killed;")
        sys.stdout.write(f" {before} and {len(done.slugs) - before} clients, none lost\n")


async def check_all_there(members: ReplicaSet, done: Acknowledged) -> None:
    """Each client and each answer that was acknowledged, on whoever is primary now."""
    database = Database(connect_mongo(members.url), name="parlance", url=members.url)
    try:
        stored = set(await database.database["clients"].distinct("client_id"))
        assert set(done.slugs) <= stored
        for answer_id, text in done.answers.items():
            found = await database.database["messages"].find_one(
                {"_id": local_id(answer_id, "Message")}
            )
            assert found is not None
            assert (found["status"], found["content"]) == ("complete", text)
    finally:
        await database.close()
    assert done.refusals <= {"UNAVAILABLE"}, "each refusal says that another try may succeed"
