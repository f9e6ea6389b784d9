"""`parlance backup` while visitors ask, and `parlance restore` into an empty folder.

What was acknowledged before is in it, all of it is of one moment, and the restored installation
goes on where the other was. Time budget: 40 seconds.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import bson
import pytest
from bson import Timestamp
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.backup.archive import ArchiveReader
from documents.backup.manifest import Manifest
from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Sealer
from tests.answers import asked, new_key, text_of
from tests.api.operations import database_of, done
from tests.api.uploading import picture, upload
from tests.conftest import START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient, Json
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

VISITORS = 4
QUESTION = "What is Parlance?"
API_KEY = "sk-never-in-a-backup"
AS_STORED = bson.CodecOptions(RawBSONDocument)
BATCHES = ("firstBatch", "nextBatch")

Stored = dict[str, list[bytes]]


@asynccontextmanager
async def visitor_at(
    server: ServerProcess, token: str | None = None
) -> AsyncIterator[GraphQLClient]:
    visitor = GraphQLClient(server.url, origin=server.url)
    try:
        visitor.token = token
        if token is None:
            data = await visitor.execute(START_VISIT, {"key": "demo"})
            visitor.token = data["startVisit"]["widgetToken"]
        yield visitor
    finally:
        await visitor.close()


@asynccontextmanager
async def visitors_who_ask(
    server: ServerProcess,
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Visitors ask as fast as they get answers; gives what waits until each got another one."""
    answered = [asyncio.Event() for _ in range(VISITORS)]

    async def ask(done: asyncio.Event) -> None:
        async with visitor_at(server) as visitor:
            while True:
                assert (await asked(visitor, QUESTION))[-1]["__typename"] == "AnswerCompleted"
                done.set()

    async def another_answer() -> None:
        for one in answered:
            one.clear()
        for one, task in zip(answered, asking, strict=True):
            waiting = asyncio.create_task(one.wait())
            ended, _ = await asyncio.wait([waiting, task], return_when=asyncio.FIRST_COMPLETED)
            assert waiting in ended, ended

    asking = [asyncio.create_task(ask(one)) for one in answered]
    try:
        yield another_answer
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def check_says(server: ServerProcess, status: int, part: str, *arguments: str) -> None:
    """A command beside the server, or on its folder: its exit status, and what it says."""
    result = await asyncio.to_thread(server.command, *arguments)
    assert result.returncode == status, result
    assert part in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


async def stored_at(database: Database, manifest: Manifest) -> Stored:
    """What the database itself still knows of the backup's moment."""
    moment = {"level": "snapshot", "atClusterTime": Timestamp(*manifest.cluster_time)}
    async with database.mongo.start_session(causal_consistency=False) as session:
        return {
            part.name: await _all(database, session, part.name, moment)
            for part in manifest.collections
        }


async def _all(
    database: Database, session: AsyncClientSession, name: str, moment: Json
) -> list[bytes]:
    rows: list[bytes] = []
    batch: Json = {"find": name, "readConcern": moment}
    while batch:
        reply = await database.database.command(batch, codec_options=AS_STORED, session=session)
        cursor = reply["cursor"]
        rows += [as_stored(one) for key in BATCHES for one in cursor.get(key, [])]
        batch = {"getMore": cursor["id"], "collection": name} if cursor["id"] else {}
    return sorted(rows)


async def stored_now(folder: Path, names: list[str]) -> Stored:
    """What a database that nobody uses holds."""
    database = await open_database(DatabaseOptions(mongodb_url=None, data_dir=folder))
    try:
        found = {
            name: database.database.get_collection(name, codec_options=AS_STORED).find({})
            for name in names
        }
        return {
            name: sorted([as_stored(one) async for one in rows]) for name, rows in found.items()
        }
    finally:
        await database.close()


async def expire(database: Database, names: list[str]) -> set[str]:
    """The collections of which MongoDB takes documents away by itself."""
    indexes = {name: await database.database[name].index_information() for name in names}
    return {
        name
        for name, own in indexes.items()
        if any("expireAfterSeconds" in index for index in own.values())
    }


def as_stored(row: object) -> bytes:
    """The bytes of a document that was read with `AS_STORED`."""
    assert isinstance(row, RawBSONDocument)
    return bytes(row.raw)


def manifest_of(file: Path) -> Manifest:
    with ArchiveReader(file) as archive:
        return archive.manifest


def stored_in(file: Path) -> Stored:
    with ArchiveReader(file) as archive:
        parts = archive.manifest.collections
        return {part.name: sorted(archive.documents(part)) for part in parts}


@dataclass
class Planted:
    """What an installation has that the restored one must have, too."""

    key: str
    answer: str
    token: str


async def planted_at(server: ServerProcess) -> Planted:
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    config = {"name": "Own", "provider": "OPENAI", "model": "a", "apiKey": API_KEY}
    await done(admin, "createLlmConfig", config, "llmConfig { id }")
    told = await admin.execute('{ client(slug: "demo") { id } }')
    assert (await upload(admin, picture(), told["client"]["id"])).status_code == 201
    await admin.close()
    key = new_key()
    async with visitor_at(server) as visitor:
        answer = text_of(await asked(visitor, QUESTION, key))
        return Planted(key, answer, visitor.token or "")


async def check_goes_on(server: ServerProcess, planted: Planted) -> None:
    """The same visitor gets the same answers, and the stored secret opens."""
    async with visitor_at(server, planted.token) as visitor:
        assert text_of(await asked(visitor, QUESTION, planted.key)) == planted.answer
        assert text_of(await asked(visitor, QUESTION)) == planted.answer
    async with database_of(server) as database:
        stored = await database.database["llm_configs"].find_one({"name": "Own"})
    assert stored is not None
    sealer = Sealer(DerivedKeys((server.data_dir / "secret.key").read_text()))
    assert sealer.open(stored["sealed_api_key"], owner=f"llm_config//{stored['_id']}") == API_KEY


async def test_a_backup_under_load_is_one_moment_and_goes_on_elsewhere(
    own_server: ServerProcess, tmp_path: Path
) -> None:
    file, other = tmp_path / "backup.zip", ServerProcess(tmp_path / "restored")
    own_server.start()
    planted = await planted_at(own_server)
    async with database_of(own_server) as database:
        longer = {"setParameter": 1, "minSnapshotHistoryWindowInSeconds": 3600}
        await database.mongo.admin.command(longer)
    async with visitors_who_ask(own_server) as another_answer:
        await another_answer()
        await check_says(own_server, 0, "Wrote", "backup", str(file))
        await another_answer()
    manifest = manifest_of(file)
    names = [part.name for part in manifest.collections]
    async with database_of(own_server) as database:
        then, expiring = await stored_at(database, manifest), await expire(database, names)
    assert stored_in(file) == then
    assert all(then[name] for name in ("uploads", "messages", "knowledge_chunks", "usage_events"))
    assert API_KEY.encode() not in b"".join(b"".join(rows) for rows in then.values())

    other.data_dir.mkdir()
    shutil.copy(own_server.data_dir / "secret.key", other.data_dir)
    await check_says(other, 0, "Restored", "restore", str(file))
    now = await stored_now(other.data_dir, names)
    kept = [name for name in names if name not in expiring]
    assert {name: now[name] for name in kept} == {name: then[name] for name in kept}
    # What has expired since, MongoDB took away by itself.
    assert all(set(now[name]) <= set(then[name]) for name in expiring)

    try:
        other.start()
        await check_says(other, 1, "Stop it", "restore", str(file), "--force")
        await check_goes_on(other, planted)
    finally:
        other.stop()


def test_check_tells_what_is_in_a_backup_and_needs_no_database(
    server: ServerProcess, tmp_path: Path
) -> None:
    file, elsewhere = tmp_path / "backup.zip", ServerProcess(tmp_path / "elsewhere")
    assert server.command("backup", str(file)).returncode == 0
    checked = elsewhere.command("restore", "--check", str(file))
    assert (checked.returncode, "is whole" in checked.stdout) == (0, True), checked
    file.write_bytes(file.read_bytes()[:-100])
    checked = elsewhere.command("restore", "--check", str(file))
    assert (checked.returncode, "damaged" in checked.stderr) == (1, True), checked
    assert not elsewhere.data_dir.exists()
