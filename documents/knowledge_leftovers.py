"""Knowledge sources that are gone, and whose pages and passages are still being deleted.

Nothing finds them any more: a search asks for the sources that its chatbot has. An entry is stored
in the transaction that deletes the source and taken away when nothing of it is left, so nothing is
forgotten when the process that deletes is killed.
"""

from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument

from documents.base import TenantDocument

LEASE_S = 60.0
"""How long one process deletes before another may go on, in seconds: far more than a batch."""


class KnowledgeLeftover(TenantDocument):
    """What is left of a source. `due_at` is when a process may take the work up."""

    source_id: PydanticObjectId
    due_at: datetime

    class Settings:
        name = "knowledge_leftovers"
        indexes: ClassVar = [
            IndexModel([("due_at", ASCENDING)], name="due"),
            IndexModel([("client_id", ASCENDING)], name="client"),
        ]


async def claim_leftover(*, lease_s: float = LEASE_S) -> KnowledgeLeftover | None:
    """Take what another process left, or nobody has begun with; the times are the database's."""
    found = await KnowledgeLeftover.get_pymongo_collection().find_one_and_update(
        {"client_id": {"$exists": True}, "$expr": {"$lte": ["$due_at", "$$NOW"]}},
        _held_for(lease_s),
        sort=[("due_at", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    return None if found is None else KnowledgeLeftover.model_validate(found)


async def leave_leftover(leftover: KnowledgeLeftover) -> None:
    """Let the next process go on with it."""
    await KnowledgeLeftover.get_pymongo_collection().update_one(
        {"_id": leftover.id, "client_id": leftover.client_id}, _held_for(0.0)
    )


async def free_leftovers() -> None:
    """Let anybody take all of them: for the only process on its database, at its start."""
    await KnowledgeLeftover.get_pymongo_collection().update_many(
        {"client_id": {"$exists": True}}, _held_for(0.0)
    )


def _held_for(seconds: float) -> list[dict[str, Any]]:
    return [{"$set": {"due_at": {"$add": ["$$NOW", round(seconds * 1000)]}}}]
