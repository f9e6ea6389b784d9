"""Sign-ins of people. A session keeps the hash of its one valid refresh token.

Rotation replaces the hash; the hashes before it stay, so that the use of an old token is seen and
ends the session (RFC 9700, section 4.14.2: refresh token rotation).
"""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import StoredDocument


class Session(StoredDocument):
    """One sign-in of one user on one device."""

    user_id: PydanticObjectId
    token_hash: str
    previous_hashes: list[str] = []
    last_used_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    user_agent: str | None = None
    ip_address: str | None = None

    class Settings:
        name = "sessions"
        indexes: ClassVar = [
            IndexModel([("token_hash", ASCENDING)], unique=True, name="token_hash"),
            IndexModel([("previous_hashes", ASCENDING)], name="previous_hashes"),
            IndexModel([("user_id", ASCENDING), ("expires_at", ASCENDING)], name="user"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=7 * 86400, name="expiry"),
        ]
