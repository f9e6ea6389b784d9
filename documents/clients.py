"""Clients: the companies whose data is kept apart."""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument, utc_now


class Budget(BaseModel):
    """An amount of money in millionths of the currency's unit (ISO 4217)."""

    micros: int
    currency: str


class SigningKey(BaseModel):
    """A secret with which the client's backend signs its visitors' identity. Live until retired.

    `api_key_id` is the API key of the plugin that signs with it; None: the client's own backend.
    """

    id: PydanticObjectId = Field(default_factory=PydanticObjectId)
    key_id: str
    api_key_id: PydanticObjectId | None = None
    sealed_secret: str | None
    created_at: datetime = Field(default_factory=utc_now)
    retired_at: datetime | None = None
    last_used_at: datetime | None = None


class Client(TenantDocument):
    """A tenant. `client_id` is its slug: chosen once, part of visitor tokens, never changed."""

    name: str
    domain: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    time_zone: str = "UTC"
    language: str = "en"
    monthly_quota: int | None = None
    hard_quota: int | None = None
    budget: Budget | None = None
    retention_days: int | None = None
    conversations_kept_per_visitor: int = 10
    hook_hosts: list[str] = []
    signing_keys: list[SigningKey] = []
    maintenance_text: str | None = None
    platform_maintenance_text: str | None = None
    active: bool = True
    deleted_at: datetime | None = None
    revision: int = 1

    @property
    def pause_text(self) -> str | None:
        """What visitors read while the chatbots rest; None: they answer."""
        return self.maintenance_text or self.platform_maintenance_text

    class Settings:
        name = "clients"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING)], unique=True, name="client_id"),
            IndexModel([("name", ASCENDING), ("_id", ASCENDING)], name="name"),
            IndexModel(
                [("deleted_at", ASCENDING)],
                partialFilterExpression={"deleted_at": {"$type": "date"}},
                name="deleted",
            ),
        ]
