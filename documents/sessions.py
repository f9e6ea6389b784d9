"""Sign-ins of people. A session keeps the hash of its one valid refresh token.

Rotation replaces the hash; the hashes before it stay, so that the use of an old token is seen and
ends the session (RFC 9700, section 4.14.2: refresh token rotation).
"""

from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import StoredDocument
from documents.users import User


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


async def user_of_session(session_id: PydanticObjectId, user_id: PydanticObjectId) -> User | None:
    """The user whose session this is; None when either is not there, or not any more.

    One question to the database: every request of somebody who is signed in asks it.
    """
    living = {"_id": session_id, "user_id": user_id, "revoked_at": None}
    of_users = {"from": "users", "localField": "user_id", "foreignField": "_id", "as": "user"}
    pipeline: list[dict[str, Any]] = [
        {"$match": living},
        {"$lookup": of_users},
        {"$match": {"user.active": True}},
        {"$project": {"_id": 0, "user": 1}},
    ]
    async for found in await Session.get_pymongo_collection().aggregate(pipeline):
        user: User = User.model_validate(found["user"][0])
        return user
    return None
