"""Makes a place for months of usage, which reports read; they are merged when somebody asks.

Days that were counted before have none yet, and a month without one counts as asked nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from documents.base import utc_now

AT_ONCE = 1_000

_MONTH: Final = {"$substrBytes": ["$day", 0, 7]}
_KEY: Final = ("client_id", "chatbot_id", "span", "first")
_SPANS: Final[tuple[Mapping[str, Any], ...]] = (
    {"span": "day", "first": "$day", "chatbot_id": None},
    {"span": "month", "first": _MONTH, "chatbot_id": None},
    {"span": "month", "first": _MONTH, "chatbot_id": "$chatbot_id"},
)


async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Stores a span for each that has a day; again, it stores the same and leaves what is there."""
    merged, now = database["usage_merged"], utc_now()
    await merged.create_index([(key, 1) for key in _KEY], unique=True, name="chatbot")
    added = {"revision": 1, "created_at": now, "updated_at": now}
    for span in _SPANS:
        steps = [{"$group": {"_id": {"client_id": "$client_id", **span}}}]
        found = await database["usage_days"].aggregate(steps, allowDiskUse=True)
        async with found:
            while keys := await found.to_list(AT_ONCE):
                updates = [
                    UpdateOne(key["_id"], {"$setOnInsert": added}, upsert=True) for key in keys
                ]
                await merged.bulk_write(updates, ordered=False)
