"""Reads the whole database as it was at one moment, while it goes on being written to.

MongoDB's snapshot reads give each collection as it was at the session's first read, so that what
belongs together is together, and what was acknowledged before is there. The server keeps that
moment for 5 minutes by default (`minSnapshotHistoryWindowInSeconds`).
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from bson import Timestamp
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from documents.backup.archive import ArchiveWriter
from documents.backup.errors import CatalogChangedError, NothingToBackUpError, SnapshotLostError
from documents.backup.manifest import CollectionPart, Manifest, Origin
from documents.database.database import Database
from documents.errors import reporting_unavailability

Advance = Callable[[int], None]

LEFT_OUT: Final = frozenset({"migration_leases", "unfinished_restores"})
"""Collections that say what some process is doing just now."""

ATTEMPTS: Final = 3
"""How often a backup begins anew because a collection was made anew meanwhile."""

_SNAPSHOT_TOO_OLD: Final = 239
_SNAPSHOT_UNAVAILABLE: Final = 246


async def collection_names(database: Database) -> list[str]:
    """What a backup is of, in order."""
    names = await database.database.list_collection_names(filter={"type": "collection"})
    return sorted(name for name in names if name not in LEFT_OUT and "." not in name)


async def estimated_documents(database: Database) -> int:
    """About how many documents there are: for the progress only."""
    with reporting_unavailability():
        names = await collection_names(database)
        counts = [await database.database[name].estimated_document_count() for name in names]
    return sum(counts)


async def take_backup(database: Database, file: Path, origin: Origin, advance: Advance) -> Manifest:
    """Writes a backup of the whole database; `advance` is told of documents as they are read.

    Raises:
        BackupFileError: the file exists or cannot be written.
        NothingToBackUpError: there is no collection.
        SnapshotLostError: the database forgot the moment.
        CatalogChangedError: collections were made anew meanwhile.
        DatabaseUnavailableError: when the database cannot be reached.
    """
    for _ in range(ATTEMPTS):
        try:
            with reporting_unavailability():
                return await _take(database, file, origin, advance)
        except OperationFailure as error:
            if error.code == _SNAPSHOT_TOO_OLD:
                raise SnapshotLostError from error
            if error.code != _SNAPSHOT_UNAVAILABLE:
                raise
    raise CatalogChangedError


async def _take(database: Database, file: Path, origin: Origin, advance: Advance) -> Manifest:
    with ArchiveWriter(file) as archive:
        # Before the moment: a collection that is younger than it cannot be read.
        names = await collection_names(database)
        if not names:
            raise NothingToBackUpError(database.database.name)
        async with database.mongo.start_session(snapshot=True) as session:
            taken_at = datetime.now(UTC)
            moment = await _moment(database, session, names[0])
            parts = [await _collection(database, session, archive, name, advance) for name in names]
            migrations = await _migrations(database, session)
        manifest = Manifest(
            taken_at=taken_at,
            cluster_time=(moment.time, moment.inc),
            origin=origin,
            mongodb=(await database.mongo.server_info())["version"],
            migrations=migrations,
            collections=tuple(parts),
        )
        await asyncio.to_thread(archive.finish, manifest)
    return manifest


async def _moment(database: Database, session: AsyncClientSession, name: str) -> Timestamp:
    """The session's first read, which decides what all others see."""
    first: dict[str, Any] = {"find": name, "limit": 1}
    reply = await database.database.command(first, session=session)
    moment: Timestamp = reply["cursor"]["atClusterTime"]
    return moment


async def _migrations(database: Database, session: AsyncClientSession) -> dict[int, str]:
    records = await database.database["migrations"].find({}, session=session).to_list(None)
    return {int(record["_id"]): str(record["name"]) for record in records}


async def _collection(
    database: Database,
    session: AsyncClientSession,
    archive: ArchiveWriter,
    name: str,
    advance: Advance,
) -> CollectionPart:
    with archive.collection(name) as writer:
        async for batch in database.database[name].find_raw_batches({}, session=session):
            # The driver's types say documents; what it gives are their bytes.
            advance(await asyncio.to_thread(writer.write, cast("bytes", batch)))
        return writer.part
