"""Migrates a database with two test migrations, as a starting worker does.

Usage: python -m tests.faults.programs.migrate_database URL NAME [die]
With `die`, kills itself by SIGKILL in the middle of the second migration.
Writes the names of the migrations that it ran, as a JSON line.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import structlog
from pymongo.asynchronous.database import AsyncDatabase

from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.migrations.registry import Migration
from documents.migrations.runner import migrate

ITEMS = 300


async def make_items(database: AsyncDatabase[dict[str, Any]]) -> None:
    await database["runs"].insert_one({"migration": "make_items"})
    for number in range(ITEMS):
        await database["items"].update_one({"_id": number}, {"$set": {"old": True}}, upsert=True)


async def convert_items(database: AsyncDatabase[dict[str, Any]]) -> None:
    await database["runs"].insert_one({"migration": "convert_items"})
    converted = 0
    async for item in database["items"].find({"old": True}):
        if "die" in sys.argv and converted == ITEMS // 2:
            os.kill(os.getpid(), signal.SIGKILL)
        change = {"$unset": {"old": ""}, "$inc": {"conversions": 1}}
        await database["items"].update_one({"_id": item["_id"], "old": True}, change)
        converted += 1


MIGRATIONS = (
    Migration(1, "m0001_make_items", make_items),
    Migration(2, "m0002_convert_items", convert_items),
)


async def main(url: str, name: str) -> None:
    options = DatabaseOptions(mongodb_url=url, data_dir=Path(), database_name=name)
    database = await open_database(options)
    try:
        applied = await migrate(database, migrations=MIGRATIONS, wait_s=30, lease_s=1)
    finally:
        await database.close()
    sys.stdout.write(json.dumps([migration.name for migration in applied]) + "\n")


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(*sys.argv[1:3]))
