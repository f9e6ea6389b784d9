"""Conversations. Their messages are documents of their own (docs/decisions/0003)."""

from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.previews import preview_index

ConversationStatusName = Literal["open", "needs_human", "closed", "archived"]


class Conversation(TenantDocument):
    """What one visitor and one chatbot said to each other.

    `opening_key` is the idempotency key of the question that opened the conversation: asking
    again with that key finds this conversation instead of opening another. `pruned_at` is when
    messages whose retention was over were last looked for.

    `preview_until` marks a preview, see `documents.previews`.
    """

    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    title: str
    language: str | None = None
    status: ConversationStatusName = "open"
    opening_key: str | None = None
    message_count: int = 0
    last_message_at: datetime
    tags: list[str] = []
    pruned_at: datetime | None = None
    preview_until: datetime | None = None

    class Settings:
        name = "conversations"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("last_message_at", DESCENDING)], name="recent"),
            IndexModel(
                [("client_id", ASCENDING), ("chatbot_id", ASCENDING), ("_id", DESCENDING)],
                name="chatbot",
            ),
            IndexModel(
                [("client_id", ASCENDING), ("visitor_id", ASCENDING), ("_id", DESCENDING)],
                name="visitor",
            ),
            IndexModel([("client_id", ASCENDING), ("_id", DESCENDING)], name="client"),
            IndexModel([("client_id", ASCENDING), ("created_at", ASCENDING)], name="begun"),
            preview_index(),
        ]
