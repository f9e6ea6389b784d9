"""What a client has used of its quota and its budget in a month, exactly, with what is reserved.

One document for each client and month. A reservation is an entry in it under its answer's id, so
reserving, settling and releasing are one conditional update each: whoever comes second finds the
entry there already, or gone, and changes nothing. None of them runs inside of a transaction: the
database makes such updates wait for one another, where transactions would begin anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from documents.base import TenantDocument, utc_now
from documents.duplicates import DuplicateError, duplicates_reported
from documents.tenancy import TenantScope

_SUMS = {"held": 0}
"""What most look at: of a busy client there may be thousands of reservations."""

_ALL_RESERVED = {"reserved": "$reserved", "reserved_micros": "$reserved_micros"}

MOST_MONTHS = 1_000
"""Months with reservations that one look finds."""


class Held(BaseModel):
    """What is reserved for one answer.

    Attributes:
        questions: 0 for a preview, which costs money and no quota.
        micros: an upper bound of what the answer will cost.
        since: when it was reserved.
        generation: of the answer, that of who reserved it.
    """

    questions: int
    micros: int
    since: datetime
    generation: int = 1


class UsageMonth(TenantDocument):
    """A month of a client.

    Attributes:
        month: by the client's clock, such as "2026-11".
        used: questions that count to the quota.
        reserved: questions that are being answered.
        spent_micros: what answers cost, previews' too.
        reserved_micros: upper bounds of what those cost that are being given.
        held: the reservations, by the ids of their answers.
        holds: how many there are, for the index.
        quota: the client's own, as it was when something was last reserved.
        budget_micros: likewise.
        alerted: thresholds that were told of.
    """

    month: str
    used: int = 0
    reserved: int = 0
    spent_micros: int = 0
    reserved_micros: int = 0
    held: dict[str, Held] = {}
    holds: int = 0
    quota: int | None = None
    budget_micros: int | None = None
    alerted: list[str] = []

    class Settings:
        name = "usage_months"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("month", DESCENDING)], unique=True, name="month"
            ),
            IndexModel(
                [("holds", ASCENDING)],
                partialFilterExpression={"holds": {"$gt": 0}},
                name="holding",
            ),
        ]


@dataclass(frozen=True, slots=True)
class Room:
    """Up to where something may be reserved; None is no limit.

    Attributes:
        questions: used and reserved ones together.
        micros: spent and reserved ones together.
    """

    questions: int | None
    micros: int | None


async def reserve(month: UsageMonth, answer_id: PydanticObjectId, wanted: Held, room: Room) -> bool:
    """Reserve for an answer; False if there is no room or it has a reservation already.

    `month` need not be stored: it says whose it is, its name and its limits.
    """
    months = TenantScope.one(month.client_id).of(UsageMonth)
    place = f"held.{answer_id}"
    free: dict[str, Any] = {"month": month.month, place: {"$exists": False}}
    if conditions := _conditions(wanted, room):
        free["$expr"] = {"$and": conditions}
    changes = {
        place: wanted.model_dump(),
        "quota": month.quota,
        "budget_micros": month.budget_micros,
        "updated_at": utc_now(),
    }
    added = {"reserved": wanted.questions, "reserved_micros": wanted.micros, "holds": 1}
    reserved = await months.raw.update_one(months.condition(free), {"$inc": added, "$set": changes})
    return reserved.modified_count > 0


async def exchange(
    month: UsageMonth, answer_id: PydanticObjectId, wanted: Held, room: Room
) -> bool:
    """Reserve for an answer in place of what it has reserved; False if there is no room or nothing.

    `month` need not be stored: it says whose it is and its name.
    """
    months = TenantScope.one(month.client_id).of(UsageMonth)
    place = f"held.{answer_id}"
    there: dict[str, Any] = {"month": month.month, place: {"$exists": True}}
    others = {
        "reserved": {"$subtract": ["$reserved", f"${place}.questions"]},
        "reserved_micros": {"$subtract": ["$reserved_micros", f"${place}.micros"]},
    }
    if conditions := _conditions(wanted, room, others):
        there["$expr"] = {"$and": conditions}
    changes = {
        place: {"$literal": wanted.model_dump()},
        "reserved": {"$add": [others["reserved"], wanted.questions]},
        "reserved_micros": {"$add": [others["reserved_micros"], wanted.micros]},
        "updated_at": utc_now(),
    }
    exchanged = await months.raw.update_one(months.condition(there), [{"$set": changes}])
    return exchanged.modified_count > 0


def _conditions(
    wanted: Held, room: Room, reserved: Mapping[str, Any] = _ALL_RESERVED
) -> list[dict[str, Any]]:
    conditions: list[dict[str, Any]] = []
    if wanted.questions and room.questions is not None:
        sum_ = {"$add": ["$used", reserved["reserved"], wanted.questions]}
        conditions.append({"$lte": [sum_, room.questions]})
    if wanted.micros and room.micros is not None:
        sum_ = {"$add": ["$spent_micros", reserved["reserved_micros"], wanted.micros]}
        conditions.append({"$lte": [sum_, room.micros]})
    return conditions


async def settle(
    client_id: str, answer_id: PydanticObjectId, *, questions: int, micros: int | None
) -> UsageMonth | None:
    """The month with a reservation turned into what was used; None if there is none any more.

    Nothing used and nothing spent releases it; `micros` None spends all of it. A preview's question
    never counts.
    """
    months = TenantScope.one(client_id).of(UsageMonth)
    held = f"held.{answer_id}"
    counted = {"$min": [questions, f"${held}.questions"]}
    changes = {
        "used": {"$add": ["$used", counted]},
        "spent_micros": {
            "$add": ["$spent_micros", f"${held}.micros" if micros is None else micros]
        },
        "reserved": {"$subtract": ["$reserved", f"${held}.questions"]},
        "reserved_micros": {"$subtract": ["$reserved_micros", f"${held}.micros"]},
        "holds": {"$subtract": ["$holds", 1]},
        "updated_at": utc_now(),
    }
    found = await months.raw.find_one_and_update(
        months.condition({held: {"$exists": True}}),
        [{"$set": changes}, {"$unset": held}],
        projection=_SUMS,
        return_document=ReturnDocument.AFTER,
    )
    return None if found is None else UsageMonth.model_validate(found)


async def note_alert(month: UsageMonth, alert: str) -> None:
    """Note that a threshold was told of."""
    months = TenantScope.one(month.client_id).of(UsageMonth)
    await months.update_one({"month": month.month}, {"$addToSet": {"alerted": alert}})


async def usage_month(client_id: str, month: str) -> UsageMonth | None:
    """The sums of a month, if anything was reserved in it; its reservations are left out."""
    months = TenantScope.one(client_id).of(UsageMonth)
    found = await months.raw.find_one(months.condition({"month": month}), _SUMS)
    return None if found is None else UsageMonth.model_validate(found)


async def held_for(client_id: str, answer_id: PydanticObjectId) -> Held | None:
    """What is reserved for an answer."""
    months = TenantScope.one(client_id).of(UsageMonth)
    place = f"held.{answer_id}"
    found = await months.raw.find_one(months.condition({place: {"$exists": True}}), {place: 1})
    return None if found is None else Held.model_validate(found["held"][str(answer_id)])


async def open_month(month: UsageMonth) -> None:
    """Store a month that is not there yet; the first one stays."""
    try:
        with duplicates_reported():
            await TenantScope.one(month.client_id).of(UsageMonth).insert(month)
    except DuplicateError:
        return


async def months_holding() -> Sequence[UsageMonth]:
    """Months in which something is reserved."""
    return (
        await TenantScope.every_client()
        .of(UsageMonth)
        .find({"holds": {"$gt": 0}}, limit=MOST_MONTHS)
    )


def held_longer_than(month: UsageMonth, age: timedelta) -> dict[PydanticObjectId, Held]:
    """What has been reserved for so long, by answer."""
    before = utc_now() - age
    held = month.held.items()
    return {PydanticObjectId(answer): one for answer, one in held if one.since < before}
