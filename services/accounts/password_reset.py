"""Giving an account a new password from the command line, for people who are locked out."""

from documents.base import utc_now
from documents.sessions import Session
from documents.users import User
from services.accounts.passwords import hash_password


class UnknownAccountError(ValueError):
    """Nobody has this e-mail address."""


async def set_password(email: str, password: str) -> int:
    """Give an account a new password and end its sessions; how many ended.

    Raises:
        UnknownAccountError: nobody has the address.
        UnsuitablePasswordError: see `services.accounts.passwords`.
    """
    hashed, now = await hash_password(password), utc_now()
    user = await User.get_pymongo_collection().find_one_and_update(
        {"email": email.strip().lower()},
        {"$set": {"hashed_password": hashed, "updated_at": now}, "$inc": {"revision": 1}},
    )
    if user is None:
        raise UnknownAccountError(f"There is no account {email.strip().lower()}.")
    ended = await Session.get_pymongo_collection().update_many(
        {"user_id": user["_id"], "revoked_at": None},
        {"$set": {"revoked_at": now, "updated_at": now}},
    )
    return ended.modified_count
