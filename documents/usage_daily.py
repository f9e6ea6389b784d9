"""The sums of usage: one document for each hour, chatbot and model in which something was asked.

Hours are those of the client's clock, so that its days and months are made of whole ones; with
another time zone they are put together anew and nothing is counted again. All fields but the key
are only ever added to.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from documents.base import TenantDocument, utc_now
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.usage_events import UsageEvent

HOURS_AT_ONCE = 200
"""Sums that are read before others get their turn: about 10 ms."""


class UsageKey(NamedTuple):
    """Of which hour, chatbot and model a sum is."""

    hour: datetime
    chatbot_id: PydanticObjectId
    llm_config_id: PydanticObjectId | None


class UsageDaily(TenantDocument):
    """One hour's sums.

    Attributes:
        answers: accepted requests, however they ended.
        quota_used: questions that count to the client's quota.
        first_token_ms: how many answers began within which span, see `services.usage.spans`.
        answer_ms: likewise until the end.
        visitors: registers of who asked, see `services.usage.visitor_sketch`.
    """

    outlives_chatbot: ClassVar[bool] = True

    hour: datetime
    chatbot_id: PydanticObjectId
    llm_config_id: PydanticObjectId | None = None
    llm_name: str | None = None
    requests: int = 0
    answers: int = 0
    successes: int = 0
    failures: int = 0
    fallbacks: int = 0
    quota_used: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    conversations: int = 0
    unanswered: int = 0
    feedback_up: int = 0
    feedback_down: int = 0
    visits: int = 0
    visit_ms: int = 0
    visit_messages: int = 0
    first_token_ms: dict[int, int] = {}
    answer_ms: dict[int, int] = {}
    visitors: dict[int, int] = {}

    class Settings:
        name = "usage_daily"
        indexes: ClassVar = [
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("hour", ASCENDING),
                    ("chatbot_id", ASCENDING),
                    ("llm_config_id", ASCENDING),
                ],
                unique=True,
                name="hour",
            ),
        ]


class AddedUsage(NamedTuple):
    """What an hour's sums grow by: numbers are added, registers raised to these values."""

    key: UsageKey
    llm_name: str | None
    added: Mapping[str, int]
    highest: Mapping[str, int]


async def add_usage(client_id: str, added: Sequence[AddedUsage], session: WriteSession) -> None:
    """Add to the sums of hours, all in one command."""
    sums, now = TenantScope.one(client_id).of(UsageDaily), utc_now()
    updates = [
        UpdateOne(sums.condition(one.key._asdict()), _growing(one, now), upsert=True)
        for one in added
    ]
    if updates:
        await sums.raw.bulk_write(updates, ordered=False, session=session)


def _growing(one: AddedUsage, now: datetime) -> dict[str, Any]:
    update: dict[str, Any] = {
        "$set": {"llm_name": one.llm_name, "updated_at": now},
        "$setOnInsert": {"created_at": now},
    }
    if one.added:
        update["$inc"] = dict(one.added)
    if one.highest:
        update["$max"] = dict(one.highest)
    return update


async def replace_usage(
    client_id: str,
    span: tuple[datetime, datetime],
    sums: Sequence[AddedUsage],
    session: WriteSession,
) -> None:
    """Put these sums in the place of all that there are of the hours of a span."""
    collection = TenantScope.one(client_id).of(UsageDaily)
    since, until = span
    await collection.delete_many({"hour": {"$gte": since, "$lt": until}}, session=session)
    documents = [UsageDaily.model_validate(_document(client_id, one)) for one in sums]
    await collection.insert_many(documents, session=session)


def _document(client_id: str, one: AddedUsage) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "client_id": client_id,
        **one.key._asdict(),
        "llm_name": one.llm_name,
    }
    for name, number in (*one.added.items(), *one.highest.items()):
        field, _, part = name.partition(".")
        if part:
            fields.setdefault(field, {})[int(part)] = number
        else:
            fields[field] = number
    return fields


async def usage_between(
    client_id: str, since: datetime, until: datetime
) -> AsyncGenerator[UsageDaily, None]:
    """The sums of the hours from `since` on and before `until`, in order."""
    sums = TenantScope.one(client_id).of(UsageDaily)
    span = sums.condition({"hour": {"$gte": since, "$lt": until}})
    async for found in sums.raw.find(span, batch_size=HOURS_AT_ONCE).sort("hour", ASCENDING):
        yield UsageDaily.model_validate(found)


async def stored_hours(
    client_id: str, span: tuple[datetime, datetime], chatbot_ids: Sequence[PydanticObjectId]
) -> AsyncGenerator[Mapping[str, Any], None]:
    """The sums of some chatbots' hours as they are stored, in order; there may be 10,000."""
    sums = TenantScope.one(client_id).of(UsageDaily)
    wanted = {
        "hour": {"$gte": span[0], "$lt": span[1]},
        "chatbot_id": {"$in": list(chatbot_ids)},
    }
    found = sums.raw.find(sums.condition(wanted), batch_size=HOURS_AT_ONCE)
    async for hour in found.sort("hour", ASCENDING):
        yield hour


async def hours_between(
    client_id: str, span: tuple[datetime, datetime], session: WriteSession
) -> AsyncGenerator[Mapping[str, Any], None]:
    """The sums of all chatbots' hours as they are stored, without who asked."""
    sums = TenantScope.one(client_id).of(UsageDaily)
    wanted = sums.condition({"hour": {"$gte": span[0], "$lt": span[1]}})
    async for hour in sums.raw.find(wanted, {"visitors": 0}, session=session):
        yield hour


async def usage_span(client_id: str) -> tuple[datetime, datetime] | None:
    """The first and the last moment of which there is a row or a sum; None: there is none."""
    moments: list[datetime] = []
    for kind, field in ((UsageDaily, "hour"), (UsageEvent, "at")):
        scoped = TenantScope.one(client_id).of(kind)
        for order in (ASCENDING, DESCENDING):
            found = await scoped.raw.find_one(scoped.condition(), {field: 1}, sort=[(field, order)])
            if found is not None:
                moments.append(found[field])
    return (min(moments), max(moments)) if moments else None
