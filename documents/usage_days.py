"""What a chatbot was used for on a day, put together from its hours: a report reads days.

A day is made of its hours when somebody asks for it, and kept. Counting raises its `revision` in
the transaction that adds to an hour; what was put together from an earlier one is made anew.
Whoever puts a day together reads the revision first and stores the day only if it still is the
same. Where a day lies depends on the time zone, so counting raises the day before and after as
well: the change of a time zone touches nothing, and no day that is kept can be out of date.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, NamedTuple

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel, UpdateOne

from documents.base import TenantDocument, utc_now
from documents.tenancy import TenantScope
from documents.transactions import WriteSession

DAYS_AT_ONCE = 2_000
"""Chatbots' days in memory at once: a few megabytes."""


class DayKey(NamedTuple):
    """A chatbot's day by the client's clock."""

    day: date
    chatbot_id: PydanticObjectId


class DayShare(BaseModel):
    """What one language model was asked for on a day; None: what no model was asked for.

    The sums are packed, see `services.usage.day_shares`.

    Attributes:
        ranks: how many of the visitors' registers have which rank; only of what is merged.
    """

    llm_config_id: PydanticObjectId | None = None
    llm_name: str | None = None
    numbers: bytes
    first_token: bytes
    answer: bytes
    visitors: bytes
    ranks: bytes = b""


class UsageDay(TenantDocument):
    """A day of a chatbot. One that is missing was never asked anything.

    Attributes:
        day: as in "2026-11-22".
        revision: how often something was added to an hour of this day or of those beside it.
        built: of which revision `shares` are.
        form: in which time zone the day lies of which they are, and how they are packed.
    """

    outlives_chatbot: ClassVar[bool] = True

    chatbot_id: PydanticObjectId
    day: str
    revision: int = 0
    built: int | None = None
    form: str | None = None
    shares: list[DayShare] = []

    class Settings:
        name = "usage_days"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("day", ASCENDING), ("chatbot_id", ASCENDING)],
                unique=True,
                name="day",
            ),
            IndexModel(
                [("client_id", ASCENDING), ("chatbot_id", ASCENDING), ("day", ASCENDING)],
                name="chatbot",
            ),
        ]


class BuiltDay(NamedTuple):
    """A day that was put together, and from which revision of its hours."""

    key: DayKey
    revision: int
    form: str
    shares: Sequence[Mapping[str, Any]]


async def touch_days(client_id: str, keys: Collection[DayKey], session: WriteSession) -> None:
    """Say that something was added to hours of these days."""
    days, now = TenantScope.one(client_id).of(UsageDay), utc_now()
    update = {
        "$inc": {"revision": 1},
        "$set": {"updated_at": now},
        "$setOnInsert": {"created_at": now},
    }
    updates = [UpdateOne(days.condition(_stored(key)), update, upsert=True) for key in sorted(keys)]
    if updates:
        await days.raw.bulk_write(updates, ordered=False, session=session)


async def stored_days(
    client_id: str, since: date, until: date, chatbot_ids: Sequence[PydanticObjectId] | None
) -> AsyncGenerator[list[dict[str, Any]], None]:
    """The days from `since` on and before `until` as they are stored, in order, some at a time."""
    days = TenantScope.one(client_id).of(UsageDay)
    wanted: dict[str, Any] = {"day": {"$gte": f"{since}", "$lt": f"{until}"}}
    if chatbot_ids is not None:
        wanted["chatbot_id"] = {"$in": list(chatbot_ids)}
    found = days.raw.find(days.condition(wanted), batch_size=DAYS_AT_ONCE)
    async with found.sort("day", ASCENDING):
        while batch := await found.to_list(DAYS_AT_ONCE):
            yield batch


async def keep_days(client_id: str, built: Sequence[BuiltDay]) -> None:
    """Keep days that were put together, unless something was added meanwhile."""
    days, now = TenantScope.one(client_id).of(UsageDay), utc_now()
    updates = [
        UpdateOne(
            days.condition({**_stored(one.key), "revision": one.revision}),
            {
                "$set": {
                    "built": one.revision,
                    "form": one.form,
                    "shares": list(one.shares),
                    "updated_at": now,
                }
            },
        )
        for one in built
    ]
    if updates:
        await days.raw.bulk_write(updates, ordered=False)


def _stored(key: DayKey) -> dict[str, Any]:
    return {"day": f"{key.day}", "chatbot_id": key.chatbot_id}
