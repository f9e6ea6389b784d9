"""Backups: what is in the file, what is refused, and that a restore is all or nothing."""

import asyncio
import secrets
import stat
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import bson
import pytest
import pytest_asyncio
from pymongo import MongoClient

from documents.backup.archive import ArchiveReader, ArchiveWriter
from documents.backup.errors import (
    BackupFileError,
    DamagedBackupError,
    DatabaseNotEmptyError,
    NewerBackupError,
    NothingToBackUpError,
)
from documents.backup.manifest import Origin
from documents.backup.restoring import checked_backup, restore_backup
from documents.backup.taking import LEFT_OUT, estimated_documents, take_backup
from documents.database.database import Database
from documents.errors import UnfinishedRestoreError
from documents.migrations.runner import UNFINISHED_RESTORES, migrate, pending_migrations

ORIGIN = Origin(parlance="9.9", secret_key="a mark")
THINGS = 2_500
MakeDatabase = Callable[[], Database]


def nobody_looks(_: int) -> None:
    """Progress that nobody is shown."""


@pytest_asyncio.fixture(loop_scope="session")
async def a_database(database: Database) -> AsyncIterator[MakeDatabase]:
    """Makes databases of the test's own, in the worker's MongoDB."""
    made: list[Database] = []

    def make() -> Database:
        name = f"backup_{secrets.token_hex(4)}"
        made.append(Database(database.mongo, name=name, url=database.url))
        return made[-1]

    yield make
    for one in made:
        await one.mongo.drop_database(one.database.name)


async def filled(database: Database) -> Database:
    """A database with its migrations and many small documents."""
    await migrate(database)
    things = [{"_id": number, "text": f"thing {number}"} for number in range(THINGS)]
    await database.database["things"].insert_many(things)
    await database.database.create_collection("empty")
    return database


async def content(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All documents by their collections, as far as backups are of them."""
    names = set(await database.database.list_collection_names()) - LEFT_OUT
    found = {name: database.database[name].find({}, sort=[("_id", 1)]) for name in names}
    return {name: rows for name, cursor in found.items() if (rows := await cursor.to_list(None))}


async def restored(file: Path, database: Database, *, force: bool = False) -> Database:
    with ArchiveReader(file) as archive:
        checked_backup(archive, nobody_looks)
        await restore_backup(database, archive, nobody_looks, force=force)
    return database


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_restored_is_what_was_backed_up(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    source, file = await filled(a_database()), tmp_path / "one.zip"
    await source.database["large"].insert_one({"content": secrets.token_bytes(12_000_000)})
    seen: list[int] = []
    manifest = await take_backup(source, file, ORIGIN, seen.append)
    before = await content(source)
    assert sum(seen) == manifest.documents == sum(map(len, before.values()))
    assert await estimated_documents(source) == manifest.documents
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    target = await restored(file, a_database())
    assert await content(target) == before
    assert await pending_migrations(target) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_the_file_is_a_zip_of_bson_that_other_tools_read(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "one.zip"
    await take_backup(await filled(a_database()), file, ORIGIN, nobody_looks)
    with zipfile.ZipFile(file) as opened:
        things = bson.decode_all(opened.read("documents/things.bson"))
    assert [thing["_id"] for thing in things] == list(range(THINGS))


@pytest.mark.asyncio(loop_scope="session")
async def test_writes_after_the_moment_are_not_in_it(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    """Each write is one transaction over two collections; one is read first, the other last."""
    source, file = await filled(a_database()), tmp_path / "one.zip"
    written: list[int] = []
    for name in ("a_first", "z_last"):
        await source.database.create_collection(name)

    async def go_on() -> None:
        async with source.transaction() as session:
            for name in ("a_first", "z_last"):
                number = {"_id": len(written)}
                await source.database[name].insert_one(number, session=session)
        written.append(len(written))

    async def write_all_the_time() -> None:
        while True:
            await go_on()

    for _ in range(3):
        await go_on()
    acknowledged = len(written)
    writing = asyncio.create_task(write_all_the_time())
    try:
        await take_backup(source, file, ORIGIN, nobody_looks)
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    found = await content(await restored(file, a_database()))
    assert found["a_first"] == found["z_last"]
    assert acknowledged <= len(found["a_first"]) <= len(written) + 1


@pytest.mark.asyncio(loop_scope="session")
async def test_a_collection_that_is_made_anew_meanwhile_begins_the_backup_anew(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    """MongoDB 6.0 cannot read a collection as it was before it was made."""
    source, file = await filled(a_database()), tmp_path / "one.zip"
    await source.database["z_last"].insert_one({"_id": 1, "text": "there"})
    told: list[int] = []

    def make_anew_once(count: int) -> None:
        told.append(count)
        if len(told) == 1:
            with MongoClient[dict[str, Any]](source.url) as mongo:
                last = mongo[source.database.name]["z_last"]
                last.drop()
                last.insert_one({"_id": 1, "text": "there"})

    await take_backup(source, file, ORIGIN, make_anew_once)
    found = await content(await restored(file, a_database()))
    assert found == await content(source)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_file_that_is_there_is_not_written_over(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "one.zip"
    file.write_text("precious")
    with pytest.raises(BackupFileError, match="already"):
        await take_backup(await filled(a_database()), file, ORIGIN, nobody_looks)
    with pytest.raises(BackupFileError, match="No such file"):
        await take_backup(
            await filled(a_database()), tmp_path / "no" / "one.zip", ORIGIN, nobody_looks
        )
    assert file.read_text() == "precious"
    assert names_in(tmp_path) == ["one.zip"]


@pytest.mark.asyncio(loop_scope="session")
async def test_an_empty_database_is_not_backed_up(a_database: MakeDatabase, tmp_path: Path) -> None:
    with pytest.raises(NothingToBackUpError, match="PARLANCE_DATA_DIR"):
        await take_backup(a_database(), tmp_path / "one.zip", ORIGIN, nobody_looks)
    assert names_in(tmp_path) == []


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def broken_off(file: Path) -> None:
    with ArchiveWriter(file) as archive, archive.collection("things") as things:
        things.write(bson.encode({"_id": 1}))
        raise KeyboardInterrupt


def test_a_backup_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        broken_off(tmp_path / "one.zip")
    assert names_in(tmp_path) == []


def flipped(content: bytes) -> bytes:
    """One bit is another, in the middle of the documents."""
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def nothing(_: bytes) -> bytes:
    return b""


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("harm", [cut, flipped, nothing])
async def test_a_damaged_backup_is_refused_before_anything_is_written(
    harm: Callable[[bytes], bytes], a_database: MakeDatabase, tmp_path: Path
) -> None:
    file, target = tmp_path / "one.zip", a_database()
    await take_backup(await filled(a_database()), file, ORIGIN, nobody_looks)
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(DamagedBackupError, match="damaged"):
        await restored(file, target, force=True)
    assert await content(target) == {}


def made_anew(file: Path, **changes: str | None) -> None:
    """The same ZIP with parts changed, or gone (None)."""
    with zipfile.ZipFile(file) as opened:
        parts: dict[str, str | bytes | None] = {
            name: opened.read(name) for name in opened.namelist()
        }
    parts |= changes
    with zipfile.ZipFile(file, "w") as written:
        for name, part in parts.items():
            if part is not None:
                written.writestr(name, part)


@pytest.mark.asyncio(loop_scope="session")
async def test_parts_that_are_not_those_of_the_manifest_are_refused(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "one.zip"
    await take_backup(await filled(a_database()), file, ORIGIN, nobody_looks)
    good = file.read_bytes()
    for changes in (
        {"documents/things.bson": None},
        {"documents/more.bson": ""},
        {"documents/things.bson": "others"},
        {"manifest.json": None},
        {"manifest.json": "{}"},
        {"manifest.json": " " * 1_000_001},
    ):
        file.write_bytes(good)
        made_anew(file, **changes)
        with pytest.raises(DamagedBackupError):
            await restored(file, a_database())


@pytest.mark.asyncio(loop_scope="session")
async def test_a_backup_of_a_newer_version_is_refused(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    source, file = await filled(a_database()), tmp_path / "one.zip"
    await source.database["migrations"].insert_one({"_id": 9_999, "name": "m9999_of_tomorrow"})
    await take_backup(source, file, ORIGIN, nobody_looks)
    with pytest.raises(NewerBackupError, match=r"9\.9.*m9999_of_tomorrow"):
        await restored(file, a_database())


@pytest.mark.asyncio(loop_scope="session")
async def test_only_force_replaces_what_a_database_holds(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    source, file, target = await filled(a_database()), tmp_path / "one.zip", a_database()
    await take_backup(source, file, ORIGIN, nobody_looks)
    await target.database["others"].insert_one({"_id": "kept"})
    with pytest.raises(DatabaseNotEmptyError, match="--force"):
        await restored(file, target)
    assert await content(target) == {"others": [{"_id": "kept"}]}
    await restored(file, target, force=True)
    assert set(await content(target)) == {"installation", "migrations", "things"}


@pytest.mark.asyncio(loop_scope="session")
async def test_nothing_starts_on_half_a_restore_and_force_makes_it_whole(
    a_database: MakeDatabase, tmp_path: Path
) -> None:
    file, target = tmp_path / "one.zip", a_database()
    await take_backup(await filled(a_database()), file, ORIGIN, nobody_looks)

    def break_off(_: int) -> None:
        raise KeyboardInterrupt

    with ArchiveReader(file) as archive, pytest.raises(KeyboardInterrupt):
        await restore_backup(target, archive, break_off, force=False)
    for starting in (migrate, pending_migrations):
        with pytest.raises(UnfinishedRestoreError, match="--force"):
            await starting(target)
    with pytest.raises(UnfinishedRestoreError):
        await restored(file, target)
    await restored(file, target, force=True)
    assert await pending_migrations(target) == []
    assert UNFINISHED_RESTORES not in await target.database.list_collection_names()
