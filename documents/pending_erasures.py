"""Erasures that were begun: what has to go although the process that began may be gone.

An entry is stored in the transaction that deletes the visitor or the conversation itself, and is
taken away when nothing of them is left. So an erasure is never forgotten half way.
"""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument


class PendingErasure(TenantDocument):
    """What is to be erased. `due_at` is when another process may go on with it.

    `erased_at` is set when everything that was there is gone; the entry waits for its last look,
    for what a request wrote that was under way meanwhile.
    """

    visitor_ids: list[PydanticObjectId] = []
    conversation_ids: list[PydanticObjectId] = []
    due_at: datetime
    erased_at: datetime | None = None

    class Settings:
        name = "pending_erasures"
        indexes: ClassVar = [
            IndexModel([("due_at", ASCENDING)], name="due"),
            IndexModel([("client_id", ASCENDING)], name="client"),
        ]
