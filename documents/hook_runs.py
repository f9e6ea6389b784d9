"""Runs of hooks, for a week: how they ended and how long they took, not what was said.

What an author's own exception says may quote a visitor. So a run goes when its visitor or its
conversation is erased.
"""

from datetime import timedelta
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument

KEPT = timedelta(days=7)
"""How far back statistics and errors reach."""


class HookRun(TenantDocument):
    """One call of one function. `problem`, `line` and `excerpt` are set when it failed."""

    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    conversation_id: PydanticObjectId
    version_number: int
    function: str
    verdict: str
    problem: str | None = None
    line: int | None = None
    excerpt: str | None = None
    wall_ms: float

    class Settings:
        name = "hook_runs"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("chatbot_id", ASCENDING), ("_id", DESCENDING)],
                name="chatbot",
            ),
            IndexModel([("visitor_id", ASCENDING)], name="visitor"),
            IndexModel([("conversation_id", ASCENDING)], name="conversation"),
            IndexModel(
                [("created_at", ASCENDING)],
                expireAfterSeconds=int(KEPT.total_seconds()),
                name="expiry",
            ),
        ]
