"""Puts a backup into an empty database, after all of it was read and found whole.

Until the last document is there a mark stands in the database, and nothing starts on it: half an
installation would look like a whole one. Indexes are made afterwards, by what makes them always.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from bson.raw_bson import RawBSONDocument
from pymongo.errors import DuplicateKeyError

from documents.backup.archive import ArchiveReader
from documents.backup.errors import DatabaseNotEmptyError, NewerBackupError
from documents.backup.manifest import Manifest
from documents.backup.taking import collection_names
from documents.database.database import Database
from documents.errors import UnfinishedRestoreError, reporting_unavailability
from documents.migrations.registry import known_migrations
from documents.migrations.runner import UNFINISHED_RESTORES

Advance = Callable[[int], None]

BATCH_DOCUMENTS: Final = 1_000
BATCH_BYTES: Final = 8 * 1024 * 1024
"""Written at once: a batch ends with the document that reaches either number."""


def checked_backup(archive: ArchiveReader, advance: Advance) -> Manifest:
    """What a backup holds, after all of it was read; `advance` is told of the bytes.

    Raises:
        DamagedBackupError: it is not what was written once.
        NewerBackupError: a newer version of Parlance wrote it.
    """
    manifest = archive.manifest
    known = {migration.number: migration.name for migration in known_migrations()}
    unknown = [name for number, name in manifest.migrations.items() if known.get(number) != name]
    if unknown:
        raise NewerBackupError(archive.file, manifest.origin.parlance, unknown)
    archive.verify(advance)
    return manifest


async def restore_backup(
    database: Database, archive: ArchiveReader, advance: Advance, *, force: bool
) -> None:
    """Puts all documents into the database; `advance` is told of the bytes.

    Args:
        database: Empty, or to be emptied with `force`. No server may use it.
        archive: Checked before.
        advance: Told of the bytes that are in.
        force: Delete what is there, also what an interrupted restore left.

    Raises:
        DatabaseNotEmptyError: there are documents, and no `force`.
        UnfinishedRestoreError: another restore runs or was interrupted, and no `force`.
        DatabaseUnavailableError: the database went away; with `force` it can be begun anew.
    """
    with reporting_unavailability():
        await _begin(database, force=force)
        for part in archive.manifest.collections:
            batches = _batches(archive.documents(part))
            while batch := await asyncio.to_thread(next, batches, None):
                documents = [RawBSONDocument(document) for document in batch]
                await database.database[part.name].insert_many(documents, ordered=False)
                advance(sum(len(document) for document in batch))
        await database.database.drop_collection(UNFINISHED_RESTORES)


async def _begin(database: Database, *, force: bool) -> None:
    """Makes sure that the database is empty, and marks it."""
    mark = database.database[UNFINISHED_RESTORES]
    if not force:
        await _require_empty(database)
    try:
        await mark.insert_one({"_id": "restore", "began_at": datetime.now(UTC)})
    except DuplicateKeyError as error:
        if not force:
            raise UnfinishedRestoreError from error
    for name in await collection_names(database):
        await database.database.drop_collection(name)


async def _require_empty(database: Database) -> None:
    if await database.database[UNFINISHED_RESTORES].find_one({}) is not None:
        raise UnfinishedRestoreError
    names = await collection_names(database)
    full = [name for name in names if await database.database[name].find_one({}) is not None]
    if full:
        raise DatabaseNotEmptyError(database.database.name, len(full))


def _batches(documents: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(_some(documents)):
        yield batch


def _some(documents: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for document in islice(documents, BATCH_DOCUMENTS):
        yield document
        size += len(document)
        if size >= BATCH_BYTES:
            return
