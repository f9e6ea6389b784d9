"""The days of a client, each made of its hours once and read many times.

What is missing or out of date is put together some days at a time, so that memory does not grow
with the number of chatbots; today is made anew for each reader, from 24 hours.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from documents.ids import PydanticObjectId
from documents.usage_daily import stored_hours
from documents.usage_days import BuiltDay, DayKey, keep_days, stored_days
from services.usage.day_shares import LAYOUT, Share
from services.usage.periods import Period

MOST_TOGETHER = 5_000
"""Chatbots' days that are put together at once: some 10 MB."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose days are meant.

    Attributes:
        zone: of the client's clock.
        chatbot_id: None for all chatbots.
    """

    client_id: str
    zone: ZoneInfo
    chatbot_id: PydanticObjectId | None = None

    @property
    def form(self) -> str:
        """Of days that can be read as they are."""
        return f"{LAYOUT}/{self.zone.key}"


@dataclass(frozen=True, slots=True)
class Day:
    """A chatbot's day with its packed shares."""

    day: date
    chatbot_id: PydanticObjectId
    shares: Sequence[Mapping[str, Any]]


def days_of_hour(hour: datetime) -> Sequence[date]:
    """The days on which a moment may lie, whatever the time zone."""
    day = hour.astimezone(UTC).date()
    return [day + timedelta(days=apart) for apart in (-1, 0, 1)]


async def days_in(
    whose: Whose, period: Period, chatbot_ids: Sequence[PydanticObjectId] | None = None
) -> AsyncGenerator[list[Day], None]:
    """The days of a period on which something was asked, up to date, some at a time.

    Of all chatbots that are meant, or of these.
    """
    if not period.days:
        return
    wanted = [whose.chatbot_id] if whose.chatbot_id else chatbot_ids
    found = stored_days(whose.client_id, period.since, period.until, wanted)
    async with aclosing(found) as batches:
        async for batch in batches:
            fresh = [one for one in batch if _is_fresh(whose, one)]
            yield [
                Day(date.fromisoformat(one["day"]), one["chatbot_id"], one["shares"])
                for one in fresh
                if one["shares"]
            ]
            if len(fresh) < len(batch):
                stale = [one for one in batch if not _is_fresh(whose, one)]
                async for built in _built(whose, stale):
                    await keep_days(whose.client_id, built)
                    keys = [one for one in built if one.shares]
                    yield [Day(one.key.day, one.key.chatbot_id, one.shares) for one in keys]


def _is_fresh(whose: Whose, stored: Mapping[str, Any]) -> bool:
    return stored.get("built") == stored["revision"] and stored.get("form") == whose.form


async def _built(
    whose: Whose, stale: Sequence[Mapping[str, Any]]
) -> AsyncGenerator[list[BuiltDay], None]:
    """Put days together, as many at once as lie beside each other and fit."""
    revisions = {
        DayKey(date.fromisoformat(one["day"]), one["chatbot_id"]): one["revision"] for one in stale
    }
    together: list[DayKey] = []
    for _, same_day in groupby(sorted(revisions), key=lambda key: key.day):
        keys = list(same_day)
        apart = together and keys[0].day - together[-1].day > timedelta(days=1)
        if apart or len(together) + len(keys) > MOST_TOGETHER:
            if together:
                yield await _from_hours(whose, {key: revisions[key] for key in together})
            together = []
        together += keys
    if together:
        yield await _from_hours(whose, {key: revisions[key] for key in together})


async def _from_hours(whose: Whose, revisions: Mapping[DayKey, int]) -> list[BuiltDay]:
    days = [key.day for key in revisions]
    span = Period(min(days), max(days) + timedelta(days=1)).moments(whose.zone)
    chatbots = {key.chatbot_id for key in revisions}
    shares: defaultdict[DayKey, dict[PydanticObjectId | None, Share]] = defaultdict(dict)
    async for hour in stored_hours(whose.client_id, span, sorted(chatbots)):
        key = DayKey(hour["hour"].astimezone(whose.zone).date(), hour["chatbot_id"])
        of_model = shares[key].setdefault(hour.get("llm_config_id"), Share())
        of_model.add(hour)
    return [
        BuiltDay(key, revision, whose.form, [one.packed(llm) for llm, one in shares[key].items()])
        for key, revision in revisions.items()
    ]
