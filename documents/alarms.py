"""How often something bad happened within the last minutes, and when it was last told.

One document a kind of trouble, its name as the id, counted by all processes together: one update
adds, forgets what is over, and decides whether to tell. The time is the database's own.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from documents.base import StoredDocument
from documents.transactions import WriteSession

MILLISECOND = timedelta(milliseconds=1)


class Alarm(StoredDocument):
    """An alarm; its id is a text, so it is only touched in place."""

    class Settings:
        name = "alarms"


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """When an alarm rings.

    Attributes:
        name: What is counted.
        least: So many within `within` make it ring.
        within: How long what happened counts.
        rest: How long it does not ring again.
    """

    name: str
    least: int
    within: timedelta
    rest: timedelta


async def prepare_alarm(name: str) -> None:
    """Make sure that there is something to count in: no transaction can do that together."""
    alarms = Alarm.get_pymongo_collection()
    try:
        await alarms.update_one({"_id": name}, {"$setOnInsert": {"counts": []}}, upsert=True)
    except DuplicateKeyError:  # two made it at once
        return


async def count_in_alarm(rule: AlarmRule, more: int, session: WriteSession) -> int | None:
    """Count `more`; how many there were lately if the alarm rings now, else None.

    It rings for one caller; `prepare_alarm` comes first.
    """
    found = await Alarm.get_pymongo_collection().find_one_and_update(
        {"_id": rule.name},
        _counted(rule, more),
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if not found or not found["rings"]:
        return None
    total: int = found["total"]
    return total


def _counted(rule: AlarmRule, more: int) -> list[dict[str, Any]]:
    begins = {"$subtract": ["$$NOW", rule.within // MILLISECOND]}
    lately = {"$filter": {"input": "$counts", "cond": {"$gt": ["$$this.at", begins]}}}
    now = [{"at": "$$NOW", "count": more}]
    rest_ends = {"$add": ["$$NOW", rule.rest // MILLISECOND]}
    # A rest that ends later than one that begins now is of a clock that was set back.
    rests = {"$and": [{"$gt": ["$rests_until", "$$NOW"]}, {"$lte": ["$rests_until", rest_ends]}]}
    many = {"$gte": ["$total", rule.least]}
    return [
        {"$set": {"counts": {"$concatArrays": [lately, now]}, "updated_at": "$$NOW"}},
        {"$set": {"total": {"$sum": "$counts.count"}}},
        {"$set": {"rings": {"$and": [many, {"$not": [rests]}]}}},
        {"$set": {"rests_until": {"$cond": ["$rings", rest_ends, "$rests_until"]}}},
    ]
