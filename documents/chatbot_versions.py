"""Published versions of chatbots. They are never changed."""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.chatbots import ChatbotSettings


class ChatbotVersion(TenantDocument):
    """The settings of a chatbot as they were published once."""

    chatbot_id: PydanticObjectId
    number: int
    settings: ChatbotSettings
    changed_fields: list[str] = []
    note: str | None = None
    published_at: datetime
    published_by: PydanticObjectId | None = None

    class Settings:
        name = "chatbot_versions"
        indexes: ClassVar = [
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("number", DESCENDING),
                ],
                unique=True,
                name="number",
            ),
        ]
