"""What is to reach an integration, one document for each event and integration.

Whoever delivers takes one for a while, by one conditional update; if that process dies, another
takes it when the while is over. The times that decide are the database server's (`$$NOW`), so that
processes whose clocks differ or jump agree. A delivery is `open` as long as it is to be attempted:
the index of those holds nothing else, and lies in the order of the integrations, so that taking the
next of another integration costs the same however many wait for this one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, cast

from beanie import PydanticObjectId
from beanie.odm.utils.parsing import parse_obj
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.errors import BulkWriteError

from documents.base import TenantDocument, utc_now
from documents.duplicates import DUPLICATE_KEY_CODE
from documents.outbox_entries import OutboxKind
from documents.tenancy import TenantScope, encoded
from documents.transactions import WriteSession

DeliveryStatusName = Literal["pending", "delivered", "retrying", "dead"]

KEPT = timedelta(days=30)
"""How long is known what was delivered, and how it went."""

MOST_ATTEMPTS_KEPT = 30
"""Of one delivery; those before are forgotten."""

_EVERYBODYS: dict[str, Any] = {"client_id": {"$exists": True}}
_DUE: dict[str, Any] = {"$expr": {"$lte": ["$due_at", "$$NOW"]}}


class Attempt(BaseModel):
    """One attempt; times in milliseconds."""

    number: int
    at: datetime
    took_ms: int
    http_status: int | None = None
    request_excerpt: str | None = None
    response_excerpt: str | None = None
    problem: str | None = None


class Delivery(TenantDocument):
    """A delivery.

    Attributes:
        entry_id: The event, as an entry of the outbox.
        seq: The number of the event in its conversation; a later one has a higher one.
        happened_at: When it happened.
        tries: Attempts that were begun since it was last asked for.
        attempts_made: All that came to an end.
        handled: Those of several receivers who need no further attempt.
    """

    integration_id: PydanticObjectId
    entry_id: PydanticObjectId
    kind: OutboxKind
    seq: int | None = None
    happened_at: datetime
    facts: dict[str, int | str] = {}
    chatbot_id: PydanticObjectId | None = None
    visitor_id: PydanticObjectId | None = None
    conversation_id: PydanticObjectId | None = None
    message_id: PydanticObjectId | None = None
    status: DeliveryStatusName = "pending"
    open: bool = True
    due_at: datetime
    taken_by: str | None = None
    tries: int = 0
    attempts_made: int = 0
    attempts: list[Attempt] = []
    handled: list[str] = []

    class Settings:
        name = "deliveries"
        indexes: ClassVar = [
            IndexModel(
                [("integration_id", ASCENDING), ("entry_id", ASCENDING)], unique=True, name="event"
            ),
            IndexModel(
                [("integration_id", ASCENDING), ("due_at", ASCENDING)],
                partialFilterExpression={"open": True},
                name="due",
            ),
            IndexModel([("client_id", ASCENDING), ("_id", DESCENDING)], name="client"),
            IndexModel([("integration_id", ASCENDING), ("_id", DESCENDING)], name="integration"),
            IndexModel([("visitor_id", ASCENDING)], name="visitor"),
            IndexModel([("conversation_id", ASCENDING)], name="conversation"),
            IndexModel(
                [("created_at", ASCENDING)],
                expireAfterSeconds=int(KEPT.total_seconds()),
                name="expiry",
            ),
        ]


async def store_deliveries(client_id: str, deliveries: Sequence[Delivery]) -> None:
    """Store deliveries, apart from those that are there already."""
    collection = TenantScope.one(client_id).of(Delivery).raw
    try:
        await collection.insert_many([encoded(one) for one in deliveries], ordered=False)
    except BulkWriteError as error:
        problems = error.details.get("writeErrors") or [{}]
        if any(one.get("code") != DUPLICATE_KEY_CODE for one in problems):
            raise


async def take_due_delivery(
    taken_by: str,
    lease: timedelta,
    *,
    after: PydanticObjectId | None = None,
    without: Sequence[PydanticObjectId] = (),
    only: PydanticObjectId | None = None,
    handled: Sequence[str] | None = None,
) -> Delivery | None:
    """A delivery that is due, taken for one attempt; None when none is.

    Args:
        taken_by: Names the attempt.
        lease: When another may take it.
        after: Only of integrations that come after this one.
        without: Not of these integrations.
        only: Only of this integration.
        handled: Only what exactly these of several receivers need no more; None: whatever.
    """
    place: dict[str, Any] = {"$nin": list(without)}
    if after is not None:
        place["$gt"] = after
    if only is not None:
        place = {"$eq": only}
    found = await Delivery.get_pymongo_collection().find_one_and_update(
        {**_EVERYBODYS, "open": True, "integration_id": place, **_DUE, **_handled(handled)},
        [
            {
                "$set": {
                    "taken_by": taken_by,
                    "due_at": _from_now(lease),
                    "tries": {"$add": ["$tries", 1]},
                    "updated_at": "$$NOW",
                }
            }
        ],
        sort=[("integration_id", ASCENDING), ("due_at", ASCENDING)],
        return_document=ReturnDocument.AFTER,
    )
    return _parsed(found) if found else None


async def keep_taken(deliveries: Sequence[Delivery], lease: timedelta) -> None:
    """Keep deliveries for their attempts that go on; those that were settled meanwhile stay so."""
    ours = {
        "open": True,
        "_id": {"$in": [one.id for one in deliveries]},
        "taken_by": {"$in": list({one.taken_by for one in deliveries})},
    }
    await Delivery.get_pymongo_collection().update_many(
        {**_EVERYBODYS, **ours}, [{"$set": {"due_at": _from_now(lease)}}]
    )


async def settle_delivery(
    delivery: Delivery,
    attempt: Attempt | None,
    *,
    status: DeliveryStatusName,
    again_in: timedelta | None = None,
    handled: Sequence[str] = (),
    session: WriteSession | None = None,
) -> Delivery | None:
    """Note how an attempt went; None when it has been another's meanwhile.

    Args:
        delivery: As it was taken.
        attempt: What is kept of it.
        status: What the delivery is now.
        again_in: When it is attempted again; None: not any more.
        handled: Receivers who need no further attempt.
        session: The transaction in which it is told, too.
    """
    values: dict[str, Any] = {
        "status": status,
        "open": again_in is not None,
        "taken_by": None,
        "updated_at": "$$NOW",
    }
    if again_in is not None:
        values["due_at"] = _from_now(again_in)
    if handled:
        values["handled"] = {"$setUnion": ["$handled", {"$literal": list(handled)}]}
    if attempt is not None:
        more = {"$concatArrays": ["$attempts", [{"$literal": attempt.model_dump()}]]}
        values["attempts"] = {"$slice": [more, -MOST_ATTEMPTS_KEPT]}
        values["attempts_made"] = attempt.number
    ours = {"_id": delivery.id, "client_id": delivery.client_id, "taken_by": delivery.taken_by}
    found = await Delivery.get_pymongo_collection().find_one_and_update(
        ours, [{"$set": values}], return_document=ReturnDocument.AFTER, session=session
    )
    return _parsed(found) if found else None


async def delivery_due_again(delivery: Delivery, session: WriteSession) -> Delivery | None:
    """Let a delivery be attempted at once, from the beginning; None if it is gone or under way."""
    anew = {
        "status": "pending",
        "open": True,
        "tries": 0,
        "handled": [],
        "due_at": "$$NOW",
        "updated_at": "$$NOW",
    }
    idle = {"_id": delivery.id, "client_id": delivery.client_id, "taken_by": None}
    found = await Delivery.get_pymongo_collection().find_one_and_update(
        idle, [{"$set": anew}], return_document=ReturnDocument.AFTER, session=session
    )
    return _parsed(found) if found else None


async def end_open_deliveries(client_id: str, integration_id: PydanticObjectId) -> int:
    """Attempt nothing more that waits for an integration; how many that were."""
    deliveries = TenantScope.one(client_id).of(Delivery)
    waiting = {"integration_id": integration_id, "open": True}
    ended = {"status": "dead", "open": False, "taken_by": None}
    return await deliveries.update_many(waiting, {"$set": ended})


async def make_taken_deliveries_due() -> None:
    """Count all attempts as given up: for the only process on its database, at its start."""
    await Delivery.get_pymongo_collection().update_many(
        {**_EVERYBODYS, "open": True, "taken_by": {"$ne": None}},
        {"$set": {"due_at": utc_now(), "taken_by": None}},
    )


def _handled(receivers: Sequence[str] | None) -> dict[str, Any]:
    if receivers is None:
        return {}
    if not receivers:
        return {"handled": []}
    return {"handled": {"$all": list(receivers), "$size": len(receivers)}}


def _from_now(duration: timedelta) -> dict[str, Any]:
    return {"$add": ["$$NOW", round(duration.total_seconds() * 1000)]}


def _parsed(found: dict[str, Any]) -> Delivery:
    return cast("Delivery", parse_obj(Delivery, found))
