"""Making the sums of usage anew from the rows that they were made of.

Day by day, each in one transaction: rows that are counted meanwhile make it begin anew, so nothing
is lost and nothing counted twice while the server runs. Hours whose numbers are right stay as they
are, with what they know of visitors who were erased since.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from documents.clients import Client
from documents.transactions import Transactions, WriteSession
from documents.usage_daily import AddedUsage, UsageKey, hours_between, replace_usage, usage_span
from documents.usage_days import DayKey, touch_days
from documents.usage_events import UsageEvent, rows_between
from documents.usage_highlights import UsageHighlights, forget_highlights, replace_highlights
from documents.usage_merged import touch_merged
from services.cancelling import raise_if_cancelled
from services.usage.counting import UsageSums, days_of
from services.usage.day_shares import SUMMED
from services.usage.highlights import add_highlights, by_day
from services.usage.periods import Period, zone_of

Told = Callable[[int], object]
"""Called with how many more days are done."""

ROWS_TOGETHER = 2_000
"""Rows of which the least of what stands out is forgotten at once: sorting takes long."""

_SPANS = ("first_token_ms", "answer_ms")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was found: hours that were looked at, and of them those whose numbers were wrong."""

    hours: int
    wrong: int


class Rebuilding:
    """Makes the sums of clients anew. May run beside servers, also twice at once."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def days(self, client: Client) -> int:
        """How many days of a client there are to look at."""
        period = await _period(client)
        return period.days if period else 0

    async def rebuild(self, client: Client, tell: Told) -> Rebuilt:
        """Make all sums of a client anew."""
        period, hours, wrong = await _period(client), 0, 0
        for day in period.steps("day") if period else ():
            found = await self._transactions.run_transaction(
                lambda session, day=day: _rebuild_day(client, day, session)  # type: ignore[misc]
            )
            hours, wrong = hours + found.hours, wrong + found.wrong
            tell(1)
            raise_if_cancelled()
        return Rebuilt(hours, wrong)


async def _period(client: Client) -> Period | None:
    """The days from the first row or hour to the last."""
    span = await usage_span(client.client_id)
    if span is None:
        return None
    zone = zone_of(client)
    first, last = (moment.astimezone(zone).date() for moment in span)
    return Period(first, last + timedelta(days=1))


async def _rebuild_day(client: Client, day: date, session: WriteSession) -> Rebuilt:
    zone = zone_of(client)
    span = Period(day, day + timedelta(days=1)).moments(zone)
    sums, highlights = UsageSums(zone), _Highlights(client)
    async for row in rows_between(client.client_id, span, session):
        sums.add(row)
        highlights.add(row)
    right = sums.added()
    stored = [hour async for hour in hours_between(client.client_id, span, session)]
    wrong = _wrong(right, stored)
    keys = {UsageKey(one["hour"], one["chatbot_id"], None) for one in stored}
    days = days_of([*right, *(AddedUsage(key, None, {}, {}) for key in keys)])
    if wrong:
        await replace_usage(client.client_id, span, right, session)
        await touch_days(client.client_id, days, session)
    await touch_merged(client.client_id, days, session)
    await forget_highlights(client.client_id, day, day + timedelta(days=1), session)
    await replace_highlights(client.client_id, highlights.found(), session)
    return Rebuilt(len(right), wrong)


class _Highlights:
    """What stands out among the rows of a day."""

    def __init__(self, client: Client) -> None:
        self._client_id = client.client_id
        self._zone = zone_of(client)
        self._found: dict[DayKey, UsageHighlights] = {}
        self._waiting: list[UsageEvent] = []

    def add(self, row: UsageEvent) -> None:
        self._waiting.append(row)
        if len(self._waiting) == ROWS_TOGETHER:
            self._take()

    def found(self) -> Collection[UsageHighlights]:
        self._take()
        return self._found.values()

    def _take(self) -> None:
        for key, rows in by_day(self._waiting, self._zone).items():
            if key not in self._found:
                self._found[key] = UsageHighlights(
                    client_id=self._client_id, day=f"{key.day}", chatbot_id=key.chatbot_id
                )
            add_highlights(self._found[key], rows)
        self._waiting.clear()


def _wrong(right: Sequence[AddedUsage], stored: Sequence[Mapping[str, Any]]) -> int:
    """How many hours have other numbers than they should have."""
    wanted = {one.key: _numbers_of(one.added) for one in right}
    found = {
        UsageKey(one["hour"], one["chatbot_id"], one.get("llm_config_id")): _stored_numbers(one)
        for one in stored
    }
    return sum(wanted.get(key) != found.get(key) for key in wanted.keys() | found.keys())


def _numbers_of(added: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in added.items() if number}


def _stored_numbers(hour: Mapping[str, Any]) -> dict[str, int]:
    numbers = {name: hour[name] for name in SUMMED if hour.get(name)}
    for name in _SPANS:
        spans = hour.get(name, {}).items()
        numbers |= {f"{name}.{span}": count for span, count in spans if count}
    return numbers
