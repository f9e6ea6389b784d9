"""What stood out on a day of a chatbot: which questions came again, which conversations were long.

A bounded number of each of a day; a report of a year reads them merged by months, see
`services.usage.highlight_months`. Nothing that anybody
said stands here: questions are told apart by a fingerprint and their words read from an answer that
is still there. What was erased or pruned is named by nobody.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel, UpdateOne

from documents.base import TenantDocument, utc_now
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.usage_days import DayKey

DAYS_AT_ONCE = 400
"""Days that are read before others get their turn."""


class Asked(BaseModel):
    """A question: how often it was asked, when last, and that time's answer."""

    count: int
    last_at: datetime
    answer_id: PydanticObjectId


class UsageHighlights(TenantDocument):
    """A day of a chatbot.

    Attributes:
        day: by the client's clock as it was set then, as in "2026-11-22".
        asked: questions by their fingerprints.
        unanswered: those for which nothing was found, likewise.
        longest: conversations by their ids, with how many messages they had in the end.
    """

    outlives_chatbot: ClassVar[bool] = True

    chatbot_id: PydanticObjectId
    day: str
    asked: dict[str, Asked] = {}
    unanswered: dict[str, Asked] = {}
    longest: dict[str, int] = {}

    class Settings:
        name = "usage_highlights"
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


async def highlights_of_days(
    client_id: str, keys: Collection[DayKey], session: WriteSession
) -> Sequence[UsageHighlights]:
    """Those of these days that there are, to be changed in the same transaction."""
    days = {"day": {"$in": sorted({f"{key.day}" for key in keys})}}
    chatbots = {"chatbot_id": {"$in": sorted({key.chatbot_id for key in keys})}}
    highlights = TenantScope.one(client_id).of(UsageHighlights)
    most = len(days["day"]["$in"]) * len(chatbots["chatbot_id"]["$in"])
    return await highlights.find({**days, **chatbots}, limit=most, session=session)


async def stored_highlights(
    client_id: str,
    fields: Sequence[str],
    since: date,
    until: date,
    chatbot_id: PydanticObjectId | None,
) -> AsyncGenerator[Mapping[str, Any], None]:
    """Some fields of the days from `since` on and before `until`, as they are stored."""
    highlights = TenantScope.one(client_id).of(UsageHighlights)
    wanted: dict[str, Any] = {"day": {"$gte": f"{since}", "$lt": f"{until}"}}
    if chatbot_id is not None:
        wanted["chatbot_id"] = chatbot_id
    found = highlights.raw.find(
        highlights.condition(wanted), dict.fromkeys(fields, 1) | {"_id": 0}, batch_size=DAYS_AT_ONCE
    )
    async for day in found:
        yield day


async def replace_highlights(
    client_id: str, changed: Collection[UsageHighlights], session: WriteSession
) -> None:
    """Store days as they are now."""
    highlights, now = TenantScope.one(client_id).of(UsageHighlights), utc_now()
    updates = [
        UpdateOne(
            highlights.condition({"day": one.day, "chatbot_id": one.chatbot_id}),
            {
                "$set": {
                    **one.model_dump(include={"asked", "unanswered", "longest"}),
                    "updated_at": now,
                },
                "$setOnInsert": {"created_at": now},
            },
            upsert=True,
        )
        for one in changed
    ]
    if updates:
        await highlights.raw.bulk_write(updates, ordered=False, session=session)


async def forget_highlights(client_id: str, since: date, until: date, session: WriteSession) -> int:
    """Delete those of some days, which are made anew; how many there were."""
    days = {"day": {"$gte": f"{since}", "$lt": f"{until}"}}
    return await TenantScope.one(client_id).of(UsageHighlights).delete_many(days, session=session)
