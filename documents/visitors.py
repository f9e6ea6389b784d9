"""Visitors: the people who chat in a widget, anonymous or signed in by the client's backend."""

from datetime import datetime
from typing import ClassVar

from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument


class Visitor(TenantDocument):
    """A person on a client's site. `user_id` is the client's own id, None for the anonymous."""

    user_id: str | None = None
    user_email: str | None = None
    language: str | None = None
    first_seen_at: datetime
    last_seen_at: datetime

    class Settings:
        name = "visitors"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("user_id", ASCENDING)],
                unique=True,
                partialFilterExpression={"user_id": {"$type": "string"}},
                name="user_id",
            ),
        ]
