"""Published versions of chatbots. They are never changed."""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.chatbots import ChatbotSettings


class SettingChange(BaseModel):
    """A setting that a version changed, named as in the schema, with both values as text."""

    field: str
    before: str | None = None
    after: str | None = None


class ChatbotVersion(TenantDocument):
    """The settings of a chatbot as they were published once.

    `restored_number` names the version whose settings a rollback published anew.
    """

    chatbot_id: PydanticObjectId
    number: int
    settings: ChatbotSettings
    changed_fields: list[str] = []
    changes: list[SettingChange] = []
    restored_number: int | None = None
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
