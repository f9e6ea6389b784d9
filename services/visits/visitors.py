"""Visitors as documents: one for each anonymous visit, one for each person that a client knows."""

from datetime import datetime
from typing import Any

from documents.base import utc_now
from documents.conversations import Conversation
from documents.duplicates import DuplicateError, duplicates_reported
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.visitors import Visitor

OPEN_STATUSES = ("open", "needs_human")


async def anonymous_visitor(
    client_id: str,
    language: str | None,
    *,
    preview_until: datetime | None = None,
    session: WriteSession | None = None,
) -> Visitor:
    """A new visitor about whom nothing is known."""
    now = utc_now()
    visitor = Visitor(
        client_id=client_id,
        language=language,
        first_seen_at=now,
        last_seen_at=now,
        preview_until=preview_until,
    )
    return await TenantScope.one(client_id).of(Visitor).insert(visitor, session=session)


async def known_visitor(
    client_id: str,
    user_id: str,
    user_email: str | None,
    language: str | None = None,
    *,
    session: WriteSession | None = None,
) -> Visitor:
    """The one visitor with the client's own id, made when it is seen for the first time.

    The unique index on the id lets one of several devices that start at once make it.

    Raises:
        DuplicateError: another made it at the same moment, and the transaction `session` is spent.
    """
    visitors = TenantScope.one(client_id).of(Visitor)
    now = utc_now()
    seen: dict[str, Any] = {"last_seen_at": now}
    if user_email is not None:
        seen["user_email"] = user_email
    if language is not None:
        seen["language"] = language
    found = await visitors.update_one({"user_id": user_id}, {"$set": seen}, session=session)
    if found is not None:
        return found
    visitor = Visitor(client_id=client_id, user_id=user_id, first_seen_at=now, **seen)
    try:
        with duplicates_reported():
            return await visitors.insert(visitor, session=session)
    except DuplicateError:
        if session is not None:
            raise
        winner = await visitors.update_one({"user_id": user_id}, {"$set": seen})
        if winner is None:
            raise
        return winner


async def latest_open_conversation(
    client_id: str, chatbot_id: PydanticObjectId, visitor_id: PydanticObjectId
) -> Conversation | None:
    """What a visitor would go on with."""
    return await (
        TenantScope.one(client_id)
        .of(Conversation)
        .find_one(
            {
                "visitor_id": visitor_id,
                "chatbot_id": chatbot_id,
                "status": {"$in": list(OPEN_STATUSES)},
            },
            sort=[("last_message_at", -1)],
        )
    )
