"""Visitors: the people who chat in a widget, anonymous or signed in by the client's backend."""

from datetime import datetime
from typing import ClassVar

from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.previews import preview_index


class Visitor(TenantDocument):
    """A person on a client's site. `user_id` is the client's own id, None for the anonymous.

    `conversation_turns` rises with each question, so that two at the same moment meet.
    `preview_until` marks somebody who previews a chatbot, see `documents.previews`.
    """

    user_id: str | None = None
    user_email: str | None = None
    language: str | None = None
    first_seen_at: datetime
    last_seen_at: datetime
    conversation_turns: int = 0
    preview_until: datetime | None = None

    class Settings:
        name = "visitors"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("user_id", ASCENDING)],
                unique=True,
                partialFilterExpression={"user_id": {"$type": "string"}},
                name="user_id",
            ),
            IndexModel([("client_id", ASCENDING), ("last_seen_at", ASCENDING)], name="seen"),
            preview_index(),
        ]
