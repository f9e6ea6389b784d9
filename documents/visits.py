"""Visits: a visitor's stay with a chatbot, from `startVisit` to half an hour without a sign."""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument


class Visit(TenantDocument):
    """One stay of one visitor."""

    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    origin: str
    page_url: str | None = None
    consent_version: str | None = None
    started_at: datetime
    last_activity_at: datetime
    ended_at: datetime | None = None
    message_count: int = 0

    class Settings:
        name = "visits"
        indexes: ClassVar = [
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("ended_at", ASCENDING),
                    ("_id", DESCENDING),
                ],
                name="chatbot",
            ),
            IndexModel([("ended_at", ASCENDING), ("last_activity_at", ASCENDING)], name="idle"),
            IndexModel([("client_id", ASCENDING), ("visitor_id", ASCENDING)], name="visitor"),
            IndexModel([("client_id", ASCENDING), ("last_activity_at", ASCENDING)], name="sign"),
        ]
