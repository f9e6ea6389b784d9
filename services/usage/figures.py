"""What a client's chatbots were used for in a period: read from the hours' sums."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from documents.base import utc_now
from documents.clients import Client
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.usage_daily import UsageDaily, usage_between
from services.usage.periods import GranularityName, Period, midnight, month_at, zone_of

SUMMED = (
    "requests",
    "answers",
    "successes",
    "failures",
    "fallbacks",
    "quota_used",
    "input_tokens",
    "output_tokens",
    "cost_micros",
    "conversations",
    "unanswered",
    "feedback_up",
    "feedback_down",
)
MOST_RESERVED = 100_000
"""Answers that are counted as being given, at most."""


@dataclass(slots=True)
class Figures:
    """Sums of hours. `numbers` are named as in `UsageDaily`."""

    numbers: Counter[str] = field(default_factory=Counter)
    first_token_ms: Counter[int] = field(default_factory=Counter)
    answer_ms: Counter[int] = field(default_factory=Counter)
    visitors: dict[int, int] = field(default_factory=dict)

    def add(self, hour: UsageDaily) -> None:
        """Add an hour."""
        for name in SUMMED:
            self.numbers[name] += getattr(hour, name)
        self.first_token_ms.update(hour.first_token_ms)
        self.answer_ms.update(hour.answer_ms)
        for register, rank in hour.visitors.items():
            self.visitors[register] = max(rank, self.visitors.get(register, 0))


@dataclass(frozen=True, slots=True)
class UsageFigures:
    """Usage in a period, and where the client stands in the running month."""

    month: Figures
    resets_at: datetime
    reserved: int
    totals: Figures
    series: Sequence[tuple[date, Figures]]


async def usage_of(
    client: Client, period: Period | None, granularity: GranularityName
) -> UsageFigures:
    """The usage of a client; `period` None is the running month."""
    zone, now = zone_of(client), utc_now()
    month = month_at(now, zone)
    period = period or month
    days = [*period.steps(granularity)]
    beginnings = [midnight(day, zone) for day in days]
    steps = [Figures() for _ in days]
    totals, of_month = Figures(), Figures()
    async for hour in usage_between(client.client_id, *period.moments(zone)):
        totals.add(hour)
        steps[bisect_right(beginnings, hour.hour) - 1].add(hour)
    if period == month:
        of_month = totals
    else:
        async for hour in usage_between(client.client_id, *month.moments(zone)):
            of_month.add(hour)
    return UsageFigures(
        month=of_month,
        resets_at=midnight(month.until, zone),
        reserved=await _being_answered(client.client_id),
        totals=totals,
        series=list(zip(days, steps, strict=True)),
    )


async def _being_answered(client_id: str) -> int:
    """Questions that are being answered: they count when they have ended."""
    answers = TenantScope.one(client_id).of(Message)
    running = {"status": "streaming", "preview_until": None}
    return await answers.count(running, limit=MOST_RESERVED)
