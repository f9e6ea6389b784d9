"""What many days of a client came to, merged, so that a report of a year reads months.

There are months of each chatbot, and of all chatbots together their days and, of what stood out,
their months. Each is merged from days when somebody asks for it, and kept under the same rule as
`documents.usage_days`: counting raises its `revision` in its own transaction, and what was merged
from an earlier one is merged anew. So how much a report reads is bounded by the number of
months, days and chatbots; up to there it grows with how much was asked.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel, UpdateOne

from documents.base import TenantDocument, utc_now
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.usage_days import DayKey, DayShare

SpanName = Literal["day", "month"]

MERGED_AT_ONCE = 1_000
"""Merged spans in memory at once: some megabytes."""

MONTH = len("2026-11")


class MergedKey(NamedTuple):
    """Of which span; without a chatbot it is all chatbots' together."""

    span: SpanName
    first: str
    chatbot_id: PydanticObjectId | None


class UsageMerged(TenantDocument):
    """A month of a chatbot, or a day or a month of all of them. A missing one was asked nothing.

    Attributes:
        first: the month or the day, as in "2026-11" and "2026-11-22".
        revision: how often something was added to one of its days.
        built: of which revision `shares` are; all chatbots' months have none.
        form: in which time zone the days lie of which they are, and how they are packed.
        told: of which revision the questions and conversations are; days have none.
        told_as: how the questions are packed.
        asked: the questions that were asked most, packed by `services.usage.asked_most`.
    """

    outlives_chatbot: ClassVar[bool] = True

    span: SpanName
    first: str
    chatbot_id: PydanticObjectId | None = None
    revision: int = 0
    built: int | None = None
    form: str | None = None
    shares: list[DayShare] = []
    told: int | None = None
    told_as: int | None = None
    asked: bytes = b""
    unanswered: bytes = b""
    longest: dict[str, int] = {}

    class Settings:
        name = "usage_merged"
        indexes: ClassVar = [
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("span", ASCENDING),
                    ("first", ASCENDING),
                    ("chatbot_id", ASCENDING),
                ],
                name="span",
            ),
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("span", ASCENDING),
                    ("first", ASCENDING),
                ],
                unique=True,
                name="chatbot",
            ),
        ]


async def touch_merged(client_id: str, days: Collection[DayKey], session: WriteSession) -> None:
    """Say that something was added to hours of these days."""
    merged, now = TenantScope.one(client_id).of(UsageMerged), utc_now()
    update = {
        "$inc": {"revision": 1},
        "$set": {"updated_at": now},
        "$setOnInsert": {"created_at": now},
    }
    keys = {key for day in days for key in _touched(day)}
    updates = [
        UpdateOne(merged.condition(key._asdict()), update, upsert=True)
        for key in sorted(keys, key=str)
    ]
    if updates:
        await merged.raw.bulk_write(updates, ordered=False, session=session)


def _touched(key: DayKey) -> Sequence[MergedKey]:
    day = f"{key.day}"
    return (
        MergedKey("day", day, None),
        MergedKey("month", day[:MONTH], None),
        MergedKey("month", day[:MONTH], key.chatbot_id),
    )


async def stored_merged(
    client_id: str,
    span: SpanName,
    since: str,
    until: str,
    chatbot_id: PydanticObjectId | Literal["each"] | None,
    fields: Collection[str],
) -> AsyncGenerator[list[dict[str, Any]], None]:
    """Those from `since` on and before `until` as they are stored, in order, some at a time."""
    merged = TenantScope.one(client_id).of(UsageMerged)
    wanted: dict[str, Any] = {
        "span": span,
        "first": {"$gte": since, "$lt": until},
        "chatbot_id": {"$ne": None} if chatbot_id == "each" else chatbot_id,
    }
    shown = dict.fromkeys(("first", "chatbot_id", "revision", *fields), 1) | {"_id": 0}
    found = merged.raw.find(merged.condition(wanted), shown, batch_size=MERGED_AT_ONCE)
    async with found.sort("first", ASCENDING):
        while batch := await found.to_list(MERGED_AT_ONCE):
            yield batch


async def keep_merged(
    client_id: str,
    span: SpanName,
    merged: Collection[tuple[Mapping[str, Any], Mapping[str, Any]]],
) -> None:
    """Keep what was merged for stored ones, unless something was added meanwhile."""
    kept, now = TenantScope.one(client_id).of(UsageMerged), utc_now()
    updates = [
        UpdateOne(
            kept.condition(
                {"span": span, **{name: one[name] for name in ("first", "chatbot_id", "revision")}}
            ),
            {"$set": {**values, "updated_at": now}},
        )
        for one, values in merged
    ]
    if updates:
        await kept.raw.bulk_write(updates, ordered=False)
