"""People of the world: written to the database, because signing in takes bcrypt's time."""

import secrets
from datetime import UTC, datetime, timedelta

import bcrypt

from documents.ids import PydanticObjectId
from services.accounts.access_tokens import AccessTokens
from services.sealing.tokens import fingerprint, new_token
from tests.api.matrix.things import Documents

PASSWORD = "a password of the matrix"
_HASHED = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
"""The cheapest hash there is: many callers sign in with it."""


async def new_person(
    database: Documents, name: str, memberships: list[dict[str, str]]
) -> PydanticObjectId:
    """Somebody with an account and these memberships."""
    user_id, now = PydanticObjectId(), datetime.now(UTC)
    person = {
        "_id": user_id,
        "created_at": now,
        "updated_at": now,
        "email": f"{name}@example.com",
        "full_name": name,
        "hashed_password": _HASHED,
        "is_admin": False,
        "active": True,
        "memberships": memberships,
        "revision": 1,
    }
    await database["users"].insert_one(person)
    return user_id


async def new_double(database: Documents, user_id: PydanticObjectId) -> PydanticObjectId:
    """Somebody who may do the same, with the password of the matrix and an address like it."""
    person = await database["users"].find_one({"_id": user_id})
    assert person is not None
    name, _, domain = person["email"].partition("@")
    double = {
        **person,
        "_id": PydanticObjectId(),
        "email": f"{name}@{secrets.token_hex(6)}.{domain}",
        "hashed_password": _HASHED,
    }
    await database["users"].insert_one(double)
    return PydanticObjectId(double["_id"])


async def new_session(
    database: Documents, tokens: AccessTokens, user_id: PydanticObjectId, user_agent: str = ""
) -> str:
    """The access token of a new session."""
    session_id, now = PydanticObjectId(), datetime.now(UTC)
    session = {
        "_id": session_id,
        "created_at": now,
        "updated_at": now,
        "user_id": user_id,
        "token_hash": fingerprint(new_token()),
        "previous_hashes": [],
        "last_used_at": now,
        "expires_at": now + timedelta(days=1),
        "revoked_at": None,
        "user_agent": user_agent,
    }
    await database["sessions"].insert_one(session)
    return tokens.issue(user_id, session_id)[0]
