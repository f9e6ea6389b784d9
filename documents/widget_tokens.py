"""Tokens of visitors, kept as SHA-256 so that a read of the database gives nobody a way in."""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument


class WidgetToken(TenantDocument):
    """What a widget shows to speak as one visitor of one chatbot.

    `visit_id` is None until a token that a person made is first used. A token that was refreshed
    ends soon after, and `refreshable_until` with it; None stands for a day after its end.
    `preview` marks a token that sees the chatbot's draft.
    """

    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    visit_id: PydanticObjectId | None = None
    token_hash: str
    origin: str | None = None
    expires_at: datetime
    refreshable_until: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    preview: bool = False

    class Settings:
        name = "widget_tokens"
        indexes: ClassVar = [
            IndexModel([("token_hash", ASCENDING)], unique=True, name="token_hash"),
            IndexModel(
                [("client_id", ASCENDING), ("chatbot_id", ASCENDING), ("_id", DESCENDING)],
                name="chatbot",
            ),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
            # A day more than its life: a token just expired may still be refreshed.
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=2 * 86400, name="expiry"),
        ]
