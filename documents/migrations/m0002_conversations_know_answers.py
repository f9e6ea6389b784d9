"""Notes in each conversation what lists are filtered by and only its answers told before.

Which models answered, whether something is cited, and that nothing was rated yet.
"""

from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

BATCH = 500
"""Conversations at once."""


async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Completes conversations that do not know yet; in the order of their ids, in batches."""
    conversations, last = database["conversations"], None
    while True:
        old: dict[str, Any] = {"llm_config_ids": {"$exists": False}}
        if last is not None:
            old["_id"] = {"$gt": last}
        found = await conversations.find(old, {"_id": 1}).sort("_id").limit(BATCH).to_list()
        if not found:
            return
        ids = [one["_id"] for one in found]
        known = await _known_of_answers(database["messages"], ids)
        nothing: dict[str, Any] = {"llm_config_ids": [], "has_citations": False}
        await conversations.bulk_write(
            [
                UpdateOne({"_id": one}, {"$set": {**nothing, **known.get(one, {}), **UNRATED}})
                for one in ids
            ]
        )
        last = ids[-1]


UNRATED: dict[str, Any] = {"rated_up": 0, "rated_down": 0, "ratings": []}


async def _known_of_answers(
    messages: AsyncCollection[dict[str, Any]], ids: list[Any]
) -> dict[Any, dict[str, Any]]:
    """What the answers in these conversations tell, by the conversations' ids."""
    answers = {"conversation_id": {"$in": ids}, "sender": "bot", "status": {"$ne": "streaming"}}
    cites = {"$gt": [{"$size": {"$ifNull": ["$citations", []]}}, 0]}
    told = {
        "_id": "$conversation_id",
        "llm_config_ids": {"$addToSet": "$llm_config_id"},
        "has_citations": {"$max": cites},
    }
    known = {}
    async for one in await messages.aggregate([{"$match": answers}, {"$group": told}]):
        models = [model for model in one["llm_config_ids"] if model is not None]
        known[one["_id"]] = {"llm_config_ids": models, "has_citations": one["has_citations"]}
    return known
