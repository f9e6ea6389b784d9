"""Months and days of all chatbots, merged once and read many times, see `documents.usage_merged`.

What is missing or out of date is merged a month at a time from days, so memory grows with the
number of chatbots that were asked in a month and with nothing else. All chatbots together are told
without their models, and their days with finished counts of visitors: a series of a year then reads
no sketches.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Literal

from documents.ids import PydanticObjectId
from documents.usage_merged import SpanName, keep_merged, stored_merged
from services.usage.adding_up import PackedShares, Sums
from services.usage.days import Day, Whose, days_in
from services.usage.periods import Period, next_month

LAYOUT = 2
"""Of what is merged. Spans of another one are merged anew."""

_FIGURES = ("built", "form", "shares")
_WITHOUT_VISITORS = (
    *("built", "form"),
    *(f"shares.{part}" for part in ("numbers", "first_token", "answer", "ranks")),
)

FEW_CHATBOTS = 100
"""So many chatbots' days are looked up by chatbot; of more, those of all are read."""

Whole = tuple[str, PydanticObjectId | None]
"""What days are merged to: the first of a span and a chatbot."""

Stored = Mapping[str, Any]
Wholes = Callable[[Day], Whole]

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
    found = _stored(whose, "month", months, whose.chatbot_id or "each", _FIGURES)
    async with aclosing(found) as batches:
        async for fresh, stale in batches:
            yield fresh
            for month, own in stale:
                chatbots = [one["chatbot_id"] for one in own]
                only = None if len(chatbots) > FEW_CHATBOTS else chatbots
                merging = _Merging(lambda day: (span_name(day.day, "month"), day.chatbot_id))
                await merging.take(days_in(whose, month_of(month), only))
                yield await _kept(whose, "month", own, merging)


async def months_of_all(whose: Whose, months: Period) -> AsyncGenerator[list[Day], None]:
    """Whole months of all chatbots together, some at a time, as if each were its first day."""
    async with aclosing(_stored(whose, "month", months, None, _FIGURES)) as batches:
        async for fresh, stale in batches:
            yield fresh
            for month, own in stale:
                merging = _Merging(_of_all("month"), by_model=False)
                await merging.take(months_in(whose, month_of(month)))
                yield await _kept(whose, "month", own, merging)


async def days_of_all(
    whose: Whose, period: Period, *, with_visitors: bool
) -> AsyncGenerator[list[Day], None]:
    """The days of all chatbots together, one share each, some at a time.

    Without visitors there are only their ranks: enough to tell of each day how many they were.
    """
    fields = _FIGURES if with_visitors else _WITHOUT_VISITORS
    async with aclosing(_stored(whose, "day", period, None, fields)) as batches:
        async for fresh, stale in batches:
            yield fresh
            for _, own in stale:
                firsts = [first_day(one) for one in own]
                merging = _Merging(_of_all("day"), by_model=False)
                days = Period(min(firsts), max(firsts) + timedelta(days=1))
                await merging.take(days_in(whose, days))
                yield await _kept(whose, "day", own, merging)


async def _stored(
    whose: Whose,
    span: SpanName,
    period: Period,
    chatbot_id: PydanticObjectId | Literal["each"] | None,
    fields: Sequence[str],
) -> AsyncGenerator[tuple[list[Day], list[tuple[date, list[Stored]]]], None]:
    """What is merged and up to date, and what is not: by months."""
    if not period.days:
        return
    form = _form(whose)
    bounds = span_name(period.since, span), span_name(period.until, span)
    found = stored_merged(whose.client_id, span, *bounds, chatbot_id, fields)
    async with aclosing(found) as batches:
        async for batch in batches:
            fresh = [_day(one, one["shares"]) for one in batch if _is_fresh(one, form)]
            stale = [one for one in batch if not _is_fresh(one, form)]
            by_month = groupby(stale, key=lambda one: first_day(one).replace(day=1))
            yield fresh, [(month, list(own)) for month, own in by_month]


async def _kept(
    whose: Whose, span: SpanName, stale: Sequence[Stored], merging: "_Merging"
) -> list[Day]:
    """Keep what was merged for what was out of date."""
    shares = merging.shares()
    made = [(one, shares.get((one["first"], one["chatbot_id"]), [])) for one in stale]
    form = _form(whose)
    values = [(one, {"built": one["revision"], "form": form, "shares": own}) for one, own in made]
    await keep_merged(whose.client_id, span, values)
    return [_day(one, own) for one, own in made if own]


class _Merging:
    """Adds days up by what they are merged to, and by models or not."""

    def __init__(self, whole_of: Wholes, *, by_model: bool = True) -> None:
        self._whole_of = whole_of
        self._by_model = by_model
        self._sums = Sums[tuple[Whole, PydanticObjectId | None]]()
        self._llm_names: dict[PydanticObjectId | None, str | None] = {}

    async def take(self, source: AsyncGenerator[list[Day], None]) -> None:
        async with aclosing(source) as batches:
            async for days in batches:
                parts = [(day, share) for day in days for share in day.shares]
                keys = [(self._whole_of(day), self._model(share)) for day, share in parts]
                self._sums.add(PackedShares([share for _, share in parts]), keys)

    def shares(self) -> dict[Whole, list[dict[str, Any]]]:
        merged: dict[Whole, list[dict[str, Any]]] = {}
        for (whole, llm), packed in self._sums.packed():
            share = {"llm_config_id": llm, "llm_name": self._llm_names.get(llm)}
            merged.setdefault(whole, []).append(share | packed)
        return merged

    def _model(self, share: Mapping[str, Any]) -> PydanticObjectId | None:
        if not self._by_model:
            return None
        llm: PydanticObjectId | None = share["llm_config_id"]
        self._llm_names[llm] = share["llm_name"]
        return llm


def _of_all(span: SpanName) -> Wholes:
    return lambda day: (span_name(day.day, span), None)


def span_name(day: date, span: SpanName) -> str:
    """What the span is called that begins on a day."""
    return f"{day}" if span == "day" else f"{day:%Y-%m}"


def month_of(first: date) -> Period:
    """The month that begins on a day."""
    return Period(first, next_month(first))


def _is_fresh(stored: Stored, form: str) -> bool:
    return stored.get("built") == stored["revision"] and stored.get("form") == form


def _form(whose: Whose) -> str:
    return f"{LAYOUT}/{whose.form}"


def first_day(stored: Mapping[str, Any]) -> date:
    """The first day of a span as it is stored."""
    first = stored["first"]
    return date.fromisoformat(first if len(first) > len("2026-11") else f"{first}-01")


def _day(stored: Mapping[str, Any], shares: Sequence[Mapping[str, Any]]) -> Day:
    return Day(first_day(stored), stored["chatbot_id"], shares)
