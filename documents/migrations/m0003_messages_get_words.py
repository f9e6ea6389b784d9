"""Marks messages from before there was a search, so that they get the words they are found by.

The words themselves are made by `services.conversations.catching_up`, which knows the languages,
while the server already answers: a long history keeps nobody waiting. A version whose words differ
marks all messages again, in a migration of its own.
"""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

BATCH = 5_000
"""Messages at once."""


async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Marks messages without words; in the order of their ids, in batches."""
    messages, last = database["messages"], None
    while True:
        old: dict[str, Any] = {"words": {"$exists": False}}
        if last is not None:
            old["_id"] = {"$gt": last}
        found = await messages.find(old, {"_id": 1}).sort("_id").limit(BATCH).to_list()
        if not found:
            return
        last = found[-1]["_id"]
        ids = {"_id": {"$in": [one["_id"] for one in found]}}
        await messages.update_many(ids, {"$set": {"words_due": True}})
