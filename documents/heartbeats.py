"""When any process of the service was last there: one document, by the database's clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from documents.base import StoredDocument
from documents.transactions import WriteSession

_THE_ONE = {"_id": "service"}
MILLISECOND = timedelta(milliseconds=1)


class Heartbeat(StoredDocument):
    """The one document of the collection; its id is a text, so it is only touched in place."""

    class Settings:
        name = "heartbeats"


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which no process was there."""

    since: datetime
    until: datetime

    @property
    def duration(self) -> timedelta:
        """How long; negative when the database's clock was set back."""
        return self.until - self.since


async def beat(longest: timedelta) -> bool:
    """Give a sign of life; False: the last one is longer ago than `longest`, see `beat_again`."""
    lately = {"$gt": ["$alive_at", {"$subtract": ["$$NOW", longest // MILLISECOND]}]}
    not_ahead = {"$lte": ["$alive_at", "$$NOW"]}
    found = await Heartbeat.get_pymongo_collection().update_one(
        {**_THE_ONE, "$expr": {"$and": [lately, not_ahead]}}, _ALIVE
    )
    return found.matched_count > 0


async def prepare_heartbeat() -> None:
    """Make sure that there is one: no transaction can do that together. The first one counts."""
    first = [{"$set": {"alive_at": {"$ifNull": ["$alive_at", "$$NOW"]}}}]
    try:
        await Heartbeat.get_pymongo_collection().update_one(_THE_ONE, first, upsert=True)
    except DuplicateKeyError:  # two made it at once
        return


async def beat_again(session: WriteSession) -> Silence | None:
    """Give a sign of life after a silence, and say how long it was; `prepare_heartbeat` first."""
    found = await Heartbeat.get_pymongo_collection().find_one_and_update(
        _THE_ONE,
        [{"$set": {"silent_since": "$alive_at"}}, *_ALIVE],
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return Silence(found["silent_since"], found["alive_at"]) if found else None


_ALIVE: list[dict[str, Any]] = [{"$set": {"alive_at": "$$NOW", "updated_at": "$$NOW"}}]
