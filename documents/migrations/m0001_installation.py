"""Gives this database an identity, so that backups and support can tell installations apart."""

import uuid
from datetime import UTC, datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase


async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Writes the one document of `installation`; never changes one that is there."""
    await database["installation"].update_one(
        {"_id": "installation"},
        {"$setOnInsert": {"uuid": str(uuid.uuid4()), "created_at": datetime.now(UTC)}},
        upsert=True,
    )
