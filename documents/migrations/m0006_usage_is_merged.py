"""Makes a place for months of usage, which reports read; they are merged when somebody asks.

Days that were counted before have none yet, and a month without one counts as asked nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase

from documents.base import utc_now

_MONTH: Final = {"$substrBytes": ["$day", 0, 7]}
_SPANS: Final[tuple[Mapping[str, Any], ...]] = (
    {"span": "day", "first": "$day", "chatbot_id": None},
    {"span": "month", "first": _MONTH, "chatbot_id": None},
    {"span": "month", "first": _MONTH, "chatbot_id": "$chatbot_id"},
)


async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Stores a span for each that has a day; again, it stores the same and leaves what is there."""
    merged = database["usage_merged"]
    keys = ("client_id", "chatbot_id", "span", "first")
    await merged.create_index([(key, 1) for key in keys], unique=True, name="chatbot")
    now = utc_now()
    for span in _SPANS:
        key = {"client_id": "$client_id", **span}
        stored = {**{name: f"$_id.{name}" for name in keys}, "_id": 0, "revision": {"$literal": 1}}
        steps: list[dict[str, Any]] = [
            {"$group": {"_id": key}},
            {
                "$project": stored
                | {"created_at": {"$literal": now}, "updated_at": {"$literal": now}}
            },
            {
                "$merge": {
                    "into": "usage_merged",
                    "on": list(keys),
                    "whenMatched": "keepExisting",
                    "whenNotMatched": "insert",
                }
            },
        ]
        await (await database["usage_days"].aggregate(steps, allowDiskUse=True)).to_list()
