"""A person's sign-ins: the list of those that live, and ending them before their time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from documents.base import utc_now
from documents.grouping import first_of_each
from documents.ids import PydanticObjectId
from documents.sessions import Session
from documents.transactions import Transactions, WriteSession
from documents.users import User
from services.audit.audit_log import record, record_about

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


async def live_sessions_of(
    user_ids: Sequence[PydanticObjectId],
) -> Mapping[PydanticObjectId, list[Session]]:
    """The sign-ins of each of these people that have not ended, newest first, at most 100."""
    condition = {
        "user_id": {"$in": list(user_ids)},
        "revoked_at": None,
        "expires_at": {"$gt": utc_now()},
    }
    return await first_of_each(
        Session, condition, by="user_id", sort=[("_id", -1)], limit=MAX_LISTED
    )


class Sessions:
    """Ends sign-ins before their time."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def end(
        self, session_id: PydanticObjectId, user_id: PydanticObjectId | None = None
    ) -> bool:
        """End a sign-in at once; False when there is none like this that lives.

        Args:
            session_id: Which.
            user_id: Whose it must be; None: anybody's, for platform admins.
        """
        whose = {} if user_id is None else {"user_id": user_id}
        which = {"_id": session_id, "revoked_at": None, "expires_at": {"$gt": utc_now()}, **whose}

        async def write(session: WriteSession) -> bool:
            before = await Session.find_one(which, session=session)
            if before is None:
                return False
            now = utc_now()
            await Session.get_pymongo_collection().update_one(
                {"_id": session_id}, _ending(now), session=session
            )
            after = before.model_copy(update={"revoked_at": now})
            noted = {"userId": before.user_id}
            await record(session, client_id=None, before=before, after=after, noted=noted)
            return True

        return await self._transactions.run_transaction(write)

    async def end_all_of(self, user_id: PydanticObjectId) -> int:
        """End all sign-ins of a user; how many."""

        async def write(session: WriteSession) -> int:
            ended = await end_sessions(user_id, session)
            noted = {"revokedSessions": ended}
            await record_about(session, User, user_id, client_id=None, noted=noted)
            return ended

        return await self._transactions.run_transaction(write)


async def end_sessions(
    user_id: PydanticObjectId, session: WriteSession, *, but: PydanticObjectId | None = None
) -> int:
    """End a user's sign-ins, apart from one, as part of a change of the user; how many."""
    kept = {} if but is None else {"_id": {"$ne": but}}
    ended = await Session.get_pymongo_collection().update_many(
        {"user_id": user_id, "revoked_at": None, **kept}, _ending(utc_now()), session=session
    )
    return ended.modified_count


def _ending(now: datetime) -> dict[str, Any]:
    return {"$set": {"revoked_at": now, "updated_at": now}}
