"""Brings the stored documents to the form that this version needs, once, however many start.

The first process to come takes the lease and runs what is pending; the others wait for it. Each
migration is recorded when it has finished, in one transaction with the proof that the lease is
still held, so that a process that was away too long records nothing.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from documents.database.database import Database
from documents.database.driver import operation_deadline
from documents.errors import (
    DatabaseTooNewError,
    MigrationFailedError,
    MigrationLeaseLostError,
    MigrationWaitTimeoutError,
    UnfinishedRestoreError,
    is_unavailable,
    reporting_unavailability,
)
from documents.leases import LEASE_S
from documents.migrations.lease import MigrationLease
from documents.migrations.registry import Migration, known_migrations

MIGRATION_DEADLINE_S = 86_400.0
"""For one migration, in seconds: a day."""

WAIT_S = 600.0
"""How long a starting process waits for another one that migrates, in seconds."""

UNFINISHED_RESTORES = "unfinished_restores"
"""Has a document while a backup is restored; until it is gone this is no whole database."""

_RECORDS = "migrations"
_LEASES = "migration_leases"
_POLL_S = 0.2

log = structlog.get_logger()


async def pending_migrations(
    database: Database, *, migrations: Sequence[Migration] | None = None
) -> list[Migration]:
    """What `migrate` would run, in order.

    Raises:
        DatabaseTooNewError: when a newer version wrote the database.
        UnfinishedRestoreError: when it holds a part of a backup only.
        DatabaseUnavailableError: when the database cannot be reached.
    """
    known = known_migrations() if migrations is None else migrations
    with reporting_unavailability():
        if await database.database[UNFINISHED_RESTORES].find_one({}) is not None:
            raise UnfinishedRestoreError
        records = await database.database[_RECORDS].find({}, sort=[("_id", 1)]).to_list(None)
    recorded = {int(record["_id"]): str(record["name"]) for record in records}
    names = {migration.number: migration.name for migration in known}
    unknown = [name for number, name in recorded.items() if names.get(number) != name]
    if unknown:
        raise DatabaseTooNewError(unknown)
    return [migration for migration in known if migration.number not in recorded]


async def migrate(
    database: Database,
    *,
    migrations: Sequence[Migration] | None = None,
    wait_s: float = WAIT_S,
    lease_s: float = LEASE_S,
) -> list[Migration]:
    """Runs the pending migrations, or waits at most `wait_s` seconds for a process that does.

    Args:
        database: The open database.
        migrations: All migrations of this version; by default the package's.
        wait_s: Patience with another process, in seconds.
        lease_s: How long a process that died keeps the others waiting, in seconds.

    Returns:
        Those that this call ran: none when there was nothing to do or another process did it.

    Raises:
        DatabaseTooNewError: when a newer version wrote the database.
        UnfinishedRestoreError: when it holds a part of a backup only.
        MigrationFailedError: when a migration raised.
        MigrationWaitTimeoutError: when the other process did not finish in time.
        MigrationLeaseLostError: when this process was too slow to renew its lease.
        DatabaseUnavailableError: when the database cannot be reached.
    """
    known = known_migrations() if migrations is None else migrations
    lease = MigrationLease(database.database[_LEASES], duration_s=lease_s)
    give_up_at = time.monotonic() + wait_s
    with reporting_unavailability():
        while await pending_migrations(database, migrations=known):
            if await lease.acquire():
                return await _migrate_and_release(database, known, lease)
            if time.monotonic() > give_up_at:
                raise MigrationWaitTimeoutError(await lease.holder(), wait_s)
            await asyncio.sleep(_POLL_S)
    return []


async def _migrate_and_release(
    database: Database, known: Sequence[Migration], lease: MigrationLease
) -> list[Migration]:
    applied = []
    try:
        # Asked again under the lease: another process may have finished in between.
        for migration in await pending_migrations(database, migrations=known):
            await _apply(database, migration, lease)
            applied.append(migration)
    finally:
        with suppress(PyMongoError):  # it expires by itself
            await lease.release()
    return applied


async def _apply(database: Database, migration: Migration, lease: MigrationLease) -> None:
    log.info("migration_started", migration=migration.name)
    started = time.monotonic()
    await lease.renew()
    await _run_under_lease(database, migration, lease)
    duration_ms = round((time.monotonic() - started) * 1000)
    record = {
        "_id": migration.number,
        "name": migration.name,
        "applied_at": datetime.now(UTC),
        "duration_ms": duration_ms,
    }

    async def write_record(session: AsyncClientSession) -> None:
        await lease.renew(session)
        records: AsyncCollection[dict[str, Any]] = database.database[_RECORDS]
        await records.insert_one(record, session=session)

    await database.run_transaction(write_record)
    log.info("migration_finished", migration=migration.name, duration_ms=duration_ms)


async def _run_under_lease(database: Database, migration: Migration, lease: MigrationLease) -> None:
    """Runs the migration while the lease is renewed beside it; losing the lease ends it."""
    work = asyncio.ensure_future(_run(database, migration))
    renewal = asyncio.ensure_future(lease.keep())
    try:
        await asyncio.wait({work, renewal}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            renewal.result()
        work.result()
    finally:
        work.cancel()
        renewal.cancel()
        await asyncio.gather(work, renewal, return_exceptions=True)


async def _run(database: Database, migration: Migration) -> None:
    try:
        with operation_deadline(MIGRATION_DEADLINE_S):
            await migration.run(database.database)
    except MigrationLeaseLostError:
        raise
    except Exception as error:
        if is_unavailable(error):
            raise
        raise MigrationFailedError(migration.name, f"{type(error).__name__}: {error}") from error
