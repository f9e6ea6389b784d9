"""Gives every text from before there were pages its page, which its chunks point to.

The page says of itself that its chunks were made in another way, so it is indexed anew when there
is work at its source; what is searched stays as it was until then.
"""

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

KEY = "text"


async def migrate(database: AsyncDatabase[dict[str, Any]]) -> None:
    """One source after the other; those that have a page are done."""
    pages, chunks = database["knowledge_pages"], database["knowledge_chunks"]
    async for source in database["knowledge_sources"].find({"kind": "text"}):
        own = {"client_id": source["client_id"], "source_id": source["_id"]}
        await pages.update_one({**own, "key": KEY}, {"$setOnInsert": _page(source)}, upsert=True)
        page = await pages.find_one({**own, "key": KEY}, {"_id": 1})
        if page is not None:
            without = {**own, "page_id": {"$exists": False}}
            await chunks.update_many(without, {"$set": {"page_id": page["_id"]}})


def _page(source: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "_id": ObjectId(),
        "created_at": now,
        "updated_at": now,
        "title": source["title"],
        "text": source.get("text") or "",
        "version": source.get("version", 1),
        "content_hash": "",
        "indexed_as": "",
        "chatbot_ids": source["chatbot_ids"],
        "chunk_count": source.get("chunk_count", 0),
        "token_count": source.get("token_count", 0),
        "languages": source.get("languages", ""),
    }
