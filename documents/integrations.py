"""Where a client wants to be told of what happens: an address outside, and of what it is told.

Where to and with which key is sealed and never given back; `target_label` is what people read
instead.
"""

from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument, utc_now
from documents.outbox_entries import OutboxKind

IntegrationKindName = Literal["webhook", "telegram", "email", "slack", "discord", "apprise"]


class QuietTime(BaseModel):
    """When nobody wants to be told, by the client's clock, as in "22:00" to "07:00"."""

    since: str
    until: str


class NoticeKey(BaseModel):
    """A key that signs webhooks. Two may sign at once while a receiver changes over."""

    sealed_secret: str
    made_at: datetime = Field(default_factory=utc_now)
    ends_at: datetime | None = None


class Integration(TenantDocument):
    """An integration.

    Attributes:
        created_at: When it was made, by the database's clock; nothing older is told.
        sealed_target: The address with its secrets, as JSON.
        chatbot_ids: Only what concerns one of these; empty: whatever happens to the client.
        failing_since: When the first of the attempts failed of which none has succeeded since.
    """

    kind: IntegrationKindName
    name: str
    target_label: str
    sealed_target: str
    signing_keys: list[NoticeKey] = []
    events: list[OutboxKind]
    chatbot_ids: list[PydanticObjectId] = []
    quiet_time: QuietTime | None = None
    digest_minutes: int | None = None
    active: bool = True
    paused_reason: str | None = None
    failing_since: datetime | None = None
    revision: int = 1

    class Settings:
        name = "integrations"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("_id", ASCENDING)], name="client"),
        ]
