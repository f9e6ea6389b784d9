"""Mails on their way out. What a mail says is sealed; it is dropped when the mail's way has ended.

A mail is stored in the transaction of what it tells of. Whoever sends takes it for a while, by one
conditional update; if that process dies, another one takes it when the while is over.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, cast

from beanie import PydanticObjectId
from beanie.odm.utils.parsing import parse_obj
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from documents.base import StoredDocument, utc_now

MailStatus = Literal["waiting", "sent", "dead"]

KEPT_AFTER_ITS_END = timedelta(days=7)
"""How long is known that a mail went out or could not."""


class OutgoingMail(StoredDocument):
    """A mail. `key` says what it tells of: no two mails tell of the same.

    `due_at` is when somebody may take it, also again; `taken_by` names the attempt under way.
    """

    key: str
    client_id: str | None = None
    status: MailStatus = "waiting"
    sealed: str | None = None
    attempts: int = 0
    due_at: datetime
    deadline: datetime
    taken_by: str | None = None
    problem: str | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None

    class Settings:
        name = "outgoing_mails"
        indexes: ClassVar = [
            IndexModel([("key", ASCENDING)], unique=True, name="key"),
            IndexModel([("status", ASCENDING), ("due_at", ASCENDING)], name="due"),
            IndexModel([("client_id", ASCENDING)], name="client"),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0, name="expiry"),
        ]


async def take_due_mail(taken_by: str, lease: timedelta) -> OutgoingMail | None:
    """The mail that has waited longest, taken for one attempt; None when none is due."""
    now = utc_now()
    taken = {"taken_by": taken_by, "due_at": now + lease, "updated_at": now}
    found = await OutgoingMail.get_pymongo_collection().find_one_and_update(
        {"status": "waiting", "due_at": {"$lte": now}},
        {"$set": taken, "$inc": {"attempts": 1}},
        sort=[("due_at", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    return cast("OutgoingMail", parse_obj(OutgoingMail, found)) if found else None


async def end_mail(mail: OutgoingMail, status: MailStatus, problem: str | None = None) -> bool:
    """End a mail's way; False when its attempt has been another's meanwhile."""
    now = utc_now()
    ended = {
        "status": status,
        "problem": problem,
        "sealed": None,
        "ended_at": now,
        "expires_at": now + KEPT_AFTER_ITS_END,
    }
    return await _changed(mail, ended)


async def put_mail_back(mail: OutgoingMail, due_at: datetime, problem: str) -> bool:
    """Let a mail wait for its next attempt; False when this one has been another's meanwhile."""
    return await _changed(mail, {"due_at": due_at, "problem": problem})


async def count_dead_mails(database: AsyncDatabase[dict[str, Any]]) -> tuple[int, str]:
    """How many mails were given up of late, and why the last of them was."""
    mails, dead = database[OutgoingMail.Settings.name], {"status": "dead"}
    last = await mails.find_one(dead, {"problem": 1}, sort=[("due_at", -1)])
    return await mails.count_documents(dead), str(last.get("problem")) if last else ""


async def make_taken_mails_due() -> None:
    """Count all attempts as given up: for the only process on its database, at its start."""
    await OutgoingMail.get_pymongo_collection().update_many(
        {"status": "waiting", "taken_by": {"$ne": None}},
        {"$set": {"due_at": utc_now(), "taken_by": None}},
    )


async def _changed(mail: OutgoingMail, values: dict[str, Any]) -> bool:
    ours: dict[str, Any] = {"_id": PydanticObjectId(mail.id), "taken_by": mail.taken_by}
    changed = await OutgoingMail.get_pymongo_collection().update_one(
        ours, {"$set": {**values, "taken_by": None, "updated_at": utc_now()}}
    )
    return changed.matched_count == 1
