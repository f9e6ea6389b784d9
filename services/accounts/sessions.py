"""A person's sign-ins: the list of those that live, and ending one of them."""

from collections.abc import Sequence

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.sessions import Session

MAX_LISTED = 100


async def live_sessions(
    user_id: PydanticObjectId | None, among: Sequence[PydanticObjectId] | None = None
) -> list[Session]:
    """The sign-ins that have not ended, newest first, at most 100.

    Args:
        user_id: Whose; None: everybody's, for platform admins.
        among: Only these; None: all.
    """
    condition = {"revoked_at": None, "expires_at": {"$gt": utc_now()}}
    whose = {} if user_id is None else {"user_id": user_id}
    which = {} if among is None else {"_id": {"$in": list(among)}}
    found = Session.find({**whose, **which, **condition})
    return await found.sort("-_id").to_list(MAX_LISTED)


async def end_session(session_id: PydanticObjectId, user_id: PydanticObjectId | None) -> bool:
    """End a sign-in at once; False when there is none like this that lives.

    Args:
        session_id: Which.
        user_id: Whose it must be; None: anybody's, for platform admins.
    """
    now = utc_now()
    whose = {} if user_id is None else {"user_id": user_id}
    result = await Session.get_pymongo_collection().update_one(
        {"_id": session_id, "revoked_at": None, "expires_at": {"$gt": now}, **whose},
        {"$set": {"revoked_at": now, "updated_at": now}},
    )
    return result.modified_count > 0
