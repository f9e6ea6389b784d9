"""Keys of clients' own servers, kept as SHA-256: a read of the database gives nobody a way in."""

from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument

ScopeName = Literal[
    "chatbots_read",
    "chatbots_write",
    "conversations_read",
    "conversations_write",
    "knowledge_write",
    "reports_read",
    "visitors_write",
    "ask",
]


class ApiKey(TenantDocument):
    """What one server of a client may do, until it expires or is revoked.

    `prefix` is the beginning of the secret, for people to tell keys apart.
    """

    name: str
    scopes: list[ScopeName]
    prefix: str
    secret_hash: str
    created_by: PydanticObjectId | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    class Settings:
        name = "api_keys"
        indexes: ClassVar = [
            IndexModel([("secret_hash", ASCENDING)], unique=True, name="secret_hash"),
            IndexModel(
                [("client_id", ASCENDING), ("revoked_at", ASCENDING), ("_id", DESCENDING)],
                name="client",
            ),
        ]
