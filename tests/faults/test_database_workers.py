"""Several workers that start at once on one database. Budget: 20 seconds."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from beanie import Document
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.errors import (
    DatabaseTooNewError,
    DocumentIndexError,
    MigrationFailedError,
    MigrationLeaseLostError,
    MigrationWaitTimeoutError,
)
from documents.migrations.lease import MigrationLease
from documents.migrations.registry import Migration, known_migrations
from documents.migrations.runner import migrate, pending_migrations
from tests.faults.database_process import shared_database_server, start_program
from tests.faults.programs.migrate_database import ITEMS, MIGRATIONS
from tests.faults.programs.prepare_database import Note, Scribble

pytestmark = pytest.mark.faults

WORKERS = 3


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server that the tests of this file share."""
    with shared_database_server(tmp_path_factory.mktemp("shared")) as shared:
        yield shared


@pytest.fixture
async def database(url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of the test's own."""
    name = f"test_{secrets.token_hex(8)}"
    opened = await open_database(DatabaseOptions(url, tmp_path, database_name=name))
    yield opened
    await opened.close()


async def run_program(name: str, database: Database, *more: str) -> tuple[int | None, str, str]:
    process = await start_program(name, database.url, database.database.name, *more)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


async def do_nothing(database: AsyncDatabase[dict[str, Any]]) -> None:
    """A migration without work."""


async def test_concurrent_transactions_on_one_document_all_count(database: Database) -> None:
    counters = database.database["counters"]
    await counters.insert_one({"_id": "c", "value": 0})

    async def add_one() -> None:
        await database.run_transaction(
            lambda session: counters.update_one({}, {"$inc": {"value": 1}}, session=session)
        )

    await asyncio.gather(*(add_one() for _ in range(20)))
    assert await counters.find_one({}) == {"_id": "c", "value": 20}


async def test_the_packages_migrations_run_once(database: Database) -> None:
    assert await migrate(database) == list(known_migrations())
    identity = await database.database["installation"].find_one({})
    assert await pending_migrations(database) == []
    assert await migrate(database) == []
    assert await database.database["installation"].find_one({}) == identity


async def test_of_many_workers_one_migrates_and_the_others_wait(database: Database) -> None:
    results = await asyncio.gather(
        *(run_program("migrate_database", database) for _ in range(WORKERS))
    )
    assert [code for code, _, _ in results] == [0] * WORKERS, results
    applied = [name for _, out, _ in results for name in json.loads(out)]
    assert sorted(applied) == [migration.name for migration in MIGRATIONS]
    assert await database.database["runs"].count_documents({}) == len(MIGRATIONS)
    assert await database.database["items"].count_documents({"conversions": 1}) == ITEMS


async def test_a_migration_killed_in_the_middle_is_completed_by_the_next(
    database: Database,
) -> None:
    code, _, _ = await run_program("migrate_database", database, "die")
    assert code == -9
    pending = await pending_migrations(database, migrations=MIGRATIONS)
    assert [migration.name for migration in pending] == ["m0002_convert_items"]
    code, out, err = await run_program("migrate_database", database)
    assert (code, json.loads(out)) == (0, ["m0002_convert_items"]), err
    assert await database.database["items"].count_documents({"conversions": 1}) == ITEMS


async def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    newer = Migration(9_999, "m9999_future", do_nothing)
    await migrate(database, migrations=[*known_migrations(), newer])
    with pytest.raises(DatabaseTooNewError, match="m9999_future"):
        await migrate(database, migrations=known_migrations()[:1])


async def test_a_migration_that_raises_is_named_and_not_recorded(database: Database) -> None:
    async def fail(database: AsyncDatabase[dict[str, Any]]) -> None:
        raise ValueError("a document without a title")

    migrations = [Migration(1, "m0001_fine", do_nothing), Migration(2, "m0002_fails", fail)]
    with pytest.raises(MigrationFailedError, match=r"m0002_fails.*without a title"):
        await migrate(database, migrations=migrations)
    assert await pending_migrations(database, migrations=migrations) == migrations[1:]
    repaired = [migrations[0], Migration(2, "m0002_fails", do_nothing)]
    assert await migrate(database, migrations=repaired) == repaired[1:]


async def test_a_process_that_migrates_for_too_long_is_named(database: Database) -> None:
    lease = MigrationLease(database.database["migration_leases"])
    assert await lease.acquire()
    with pytest.raises(MigrationWaitTimeoutError, match="process") as refused:
        await migrate(database, wait_s=0.1)
    assert refused.value.holder == await lease.holder()
    await lease.release()
    assert await migrate(database, wait_s=0.1) != []


async def test_a_process_that_lost_its_lease_stops_and_records_nothing(database: Database) -> None:
    begun = asyncio.Event()
    cancelled = asyncio.Event()

    async def last_long(database: AsyncDatabase[dict[str, Any]]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    migrations = [Migration(1, "m0001_last_long", last_long)]
    running = asyncio.create_task(migrate(database, migrations=migrations, lease_s=0.5))
    await begun.wait()
    await database.database["migration_leases"].update_one({}, {"$set": {"token": "another's"}})
    with pytest.raises(MigrationLeaseLostError):
        await running
    assert cancelled.is_set()
    assert await pending_migrations(database, migrations=migrations) == migrations


async def test_many_workers_prepare_the_same_documents_at_once(database: Database) -> None:
    results = await asyncio.gather(
        *(run_program("prepare_database", database) for _ in range(WORKERS))
    )
    assert [code for code, _, _ in results] == [0] * WORKERS, results
    assert set(await database.database["notes"].index_information()) == {"_id_", "title", "text"}
    assert {"notes", "scribbles"} <= set(await database.database.list_collection_names())


async def test_an_index_that_contradicts_an_existing_one_is_named(database: Database) -> None:
    class Memo(Document):
        title: str

        class Settings:
            name = "notes"
            indexes: ClassVar[list[IndexModel]] = [IndexModel([("title", ASCENDING)], name="title")]

    await prepare_documents(database, [Scribble, Note])
    with pytest.raises(DocumentIndexError, match="title") as refused:
        await prepare_documents(database, [Scribble, Memo])
    assert refused.value.collection == "notes"


async def test_a_unique_index_over_duplicates_is_explained(database: Database) -> None:
    await database.database["notes"].insert_many([{"title": "same"}, {"title": "same"}])
    with pytest.raises(DocumentIndexError, match="duplicate"):
        await prepare_documents(database, [Note])
