"""Months and days of all chatbots, merged once and read many times, see `documents.usage_merged`.

What is missing or out of date is merged a month at a time from days, so memory grows with the
number of chatbots that were asked in a month and with nothing else.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Literal

from documents.ids import PydanticObjectId
from documents.usage_merged import SpanName, keep_merged, stored_merged
from services.usage.adding_up import Groups, PackedShares
from services.usage.days import Day, Whose, days_in
from services.usage.periods import Period, next_month

_FIGURES = ("built", "form", "shares")

FEW_CHATBOTS = 100
"""So many chatbots' days are looked up by chatbot; of more, those of all are read."""

Whole = tuple[str, PydanticObjectId | None]
"""What days are merged to: a span and a chatbot."""


NO_DAYS = Period(date.min, date.min)


@dataclass(frozen=True, slots=True)
class Parts:
    """A period: its whole months, and the days before and after them."""

    before: Period
    months: Period
    after: Period


def parts_of(period: Period) -> Parts:
    """The whole months of a period; with none of them all of it lies before."""
    first = period.since if period.since.day == 1 else next_month(period.since)
    last = period.until.replace(day=1)
    if first >= last:
        return Parts(period, NO_DAYS, NO_DAYS)
    return Parts(Period(period.since, first), Period(first, last), Period(last, period.until))


async def months_in(whose: Whose, months: Period) -> AsyncGenerator[list[Day], None]:
    """Whole months of each chatbot or of one, some at a time, as if each were its first day."""
    source = _merged_in(whose, "month", months, whose.chatbot_id or "each")
    async with aclosing(source) as batches:
        async for batch in batches:
            yield batch


async def days_of_all(whose: Whose, period: Period) -> AsyncGenerator[list[Day], None]:
    """The days of all chatbots together, some at a time."""
    async with aclosing(_merged_in(whose, "day", period, None)) as batches:
        async for batch in batches:
            yield batch


async def _merged_in(
    whose: Whose,
    span: SpanName,
    period: Period,
    chatbot_id: PydanticObjectId | Literal["each"] | None,
) -> AsyncGenerator[list[Day], None]:
    if not period.days:
        return
    bounds = span_name(period.since, span), span_name(period.until, span)
    found = stored_merged(whose.client_id, span, *bounds, chatbot_id, _FIGURES)
    async with aclosing(found) as batches:
        async for batch in batches:
            yield [_day(one, one["shares"]) for one in batch if _is_fresh(whose, one)]
            stale = [one for one in batch if not _is_fresh(whose, one)]
            for month, together in groupby(stale, key=lambda one: first_day(one).replace(day=1)):
                yield await _merged(whose, span, month, list(together))


async def _merged(
    whose: Whose, span: SpanName, month: date, stale: Sequence[Mapping[str, Any]]
) -> list[Day]:
    """Merge what is stale within a month, and keep it."""
    firsts = [first_day(one) for one in stale]
    is_day, chatbots = span == "day", [one["chatbot_id"] for one in stale]
    days = Period(min(firsts), max(firsts) + timedelta(days=1)) if is_day else month_of(month)
    only = None if is_day or len(chatbots) > FEW_CHATBOTS else chatbots
    merging = _Merging(span)
    async with aclosing(days_in(whose, days, only)) as batches:
        async for batch in batches:
            merging.add(batch)
    shares = merging.shares()
    made = [(one, shares.get((one["first"], one["chatbot_id"]), [])) for one in stale]
    values = [
        (one, {"built": one["revision"], "form": whose.form, "shares": own}) for one, own in made
    ]
    await keep_merged(whose.client_id, span, values)
    return [_day(one, own) for one, own in made if own]


class _Merging:
    """Adds days up by what they are merged to, and by models."""

    def __init__(self, span: SpanName) -> None:
        self._span: SpanName = span
        self._groups = Groups()
        self._places: dict[tuple[Whole, PydanticObjectId | None], int] = {}
        self._llm_names: dict[PydanticObjectId | None, str | None] = {}

    def add(self, days: Sequence[Day]) -> None:
        parts = [(day, share) for day in days for share in day.shares]
        self._groups.add(
            PackedShares([share for _, share in parts]),
            [self._place(day, share["llm_config_id"]) for day, share in parts],
        )
        for _, share in parts:
            self._llm_names[share["llm_config_id"]] = share["llm_name"]

    def shares(self) -> dict[Whole, list[dict[str, Any]]]:
        merged: dict[Whole, list[dict[str, Any]]] = {}
        for (whole, llm), place in self._places.items():
            share = {"llm_config_id": llm, "llm_name": self._llm_names[llm]}
            merged.setdefault(whole, []).append(share | self._groups.packed(place))
        return merged

    def _place(self, day: Day, llm: PydanticObjectId | None) -> int:
        chatbot_id = day.chatbot_id if self._span == "month" else None
        key = (span_name(day.day, self._span), chatbot_id)
        return self._places.setdefault((key, llm), len(self._places))


def span_name(day: date, span: SpanName) -> str:
    """What the span is called that begins on a day."""
    return f"{day}" if span == "day" else f"{day:%Y-%m}"


def month_of(first: date) -> Period:
    """The month that begins on a day."""
    return Period(first, next_month(first))


def _is_fresh(whose: Whose, stored: Mapping[str, Any]) -> bool:
    return stored.get("built") == stored["revision"] and stored.get("form") == whose.form


def first_day(stored: Mapping[str, Any]) -> date:
    """The first day of a span as it is stored."""
    first = stored["first"]
    return date.fromisoformat(first if len(first) > len("2026-11") else f"{first}-01")


def _day(stored: Mapping[str, Any], shares: Sequence[Mapping[str, Any]]) -> Day:
    return Day(first_day(stored), stored["chatbot_id"], shares)
