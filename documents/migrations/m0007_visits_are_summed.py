"""Marks the visits that there are as not yet part of the sums of usage; the server adds them up."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase


async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Marks each visit once; again, it marks those that were not reached."""
    await database["visits"].update_many(
        {"unsummed": {"$exists": False}}, {"$set": {"unsummed": True}}
    )
