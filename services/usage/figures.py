"""What a client's chatbots were used for in a period: read from days, never from messages."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from documents.base import utc_now
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.usage_months import UsageMonth
from services.usage.adding_up import Figures, PackedShares, Sums, figures_of_each
from services.usage.days import Day, Whose, days_in
from services.usage.merging import (
    NO_DAYS,
    Parts,
    days_of_all,
    months_in,
    months_of_all,
    parts_of,
)
from services.usage.periods import GranularityName, Period, zone_of
from services.usage.reservations import limits_of, standing

__all__ = ["Figures", "PeriodFigures", "UsageFigures", "period_figures", "usage_of"]


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """Usage in a period.

    Attributes:
        by_llm: what models were asked for; refusals asked none.
        llm_names: as they were when they answered last.
        series: each step's first day, also of the empty ones.
    """

    totals: Figures
    by_chatbot: Mapping[PydanticObjectId, Figures]
    by_llm: Mapping[PydanticObjectId, Figures]
    llm_names: Mapping[PydanticObjectId, str]
    series: Sequence[tuple[date, Figures]]


@dataclass(frozen=True, slots=True)
class UsageFigures:
    """Usage in a period, and where the client stands in the running month."""

    month: UsageMonth
    resets_at: datetime
    period: PeriodFigures

    @property
    def totals(self) -> Figures:
        """Of the period."""
        return self.period.totals


async def usage_of(
    client: Client, period: Period | None, granularity: GranularityName
) -> UsageFigures:
    """The usage of a client; `period` None is the running month."""
    limits = limits_of(client, utc_now())
    return UsageFigures(
        month=await standing(client),
        resets_at=limits.resets_at,
        period=await period_figures(client, period or limits.month, granularity),
    )


async def period_figures(
    client: Client,
    period: Period,
    granularity: GranularityName,
    chatbot_id: PydanticObjectId | None = None,
) -> PeriodFigures:
    """What all chatbots of a client, or one of them, were used for."""
    summing = _Summing([*period.steps(granularity)])
    whose = Whose(client.client_id, zone_of(client), chatbot_id)
    parts = parts_of(period)
    by_days = granularity != "month"
    if by_days and chatbot_id is not None:
        parts = Parts(period, NO_DAYS, NO_DAYS)  # all that is needed is in days which are read
    for days in (parts.before, parts.after):
        async with aclosing(days_in(whose, days)) as batches:
            async for batch in batches:
                summing.add(batch)
    async with aclosing(months_in(whose, parts.months)) as batches:
        async for batch in batches:
            summing.add(batch, to_series=not by_days)
    if by_days:
        is_step = granularity == "day"
        source = days_of_all(whose, parts.months, with_visitors=not is_step)
        async with aclosing(source) as batches:
            async for batch in batches:
                (summing.take_steps if is_step else summing.add_to_series)(batch)
    return summing.figures()


async def total_figures(
    client: Client, period: Period, chatbot_id: PydanticObjectId | None = None
) -> Figures:
    """The sums of a period, and nothing about its parts."""
    sums = Sums[None]()
    whose = Whose(client.client_id, zone_of(client), chatbot_id)
    parts = parts_of(period)
    months = months_in if chatbot_id else months_of_all
    for source in (
        days_in(whose, parts.before),
        months(whose, parts.months),
        days_in(whose, parts.after),
    ):
        async with aclosing(source) as batches:
            async for days in batches:
                shares = [share for day in days for share in day.shares]
                sums.add(PackedShares(shares), [None] * len(shares))
    return sums.total()


class _Summing:
    """Adds days up by steps, chatbots and models as they come: of 1,000 chatbots some at a time."""

    def __init__(self, steps: Sequence[date]) -> None:
        self._steps = steps
        self._by_step, self._whole_steps = Sums[date](), dict[date, Figures]()
        self._by_chatbot = Sums[PydanticObjectId]()
        self._by_llm = Sums[PydanticObjectId | None]()
        self._llm_names: dict[PydanticObjectId, str] = {}
        self._named_on: dict[PydanticObjectId, date] = {}

    def add(self, days: Sequence[Day], *, to_series: bool = True) -> None:
        parts = [(day, share) for day in days for share in day.shares]
        packed = PackedShares([share for _, share in parts])
        if to_series:
            self._by_step.add(packed, [self._step(day) for day, _ in parts])
        self._by_chatbot.add(packed, [day.chatbot_id for day, _ in parts])
        self._by_llm.add(packed, [share["llm_config_id"] for _, share in parts])
        for day, share in parts:
            self._name(day, share)

    def add_to_series(self, days: Sequence[Day]) -> None:
        parts = [(day, share) for day in days for share in day.shares]
        packed = PackedShares([share for _, share in parts])
        self._by_step.add(packed, [self._step(day) for day, _ in parts])

    def take_steps(self, days: Sequence[Day]) -> None:
        """Take days of one share each, which are steps as they are."""
        told = figures_of_each([share for day in days for share in day.shares])
        self._whole_steps |= zip((day.day for day in days if day.shares), told, strict=True)

    def _step(self, day: Day) -> date:
        return self._steps[bisect_right(self._steps, day.day) - 1]

    def _name(self, day: Day, share: Mapping[str, Any]) -> None:
        """Months come after the days beside them, so the latest name is told by its day."""
        llm = share["llm_config_id"]
        if llm is not None and day.day >= self._named_on.get(llm, day.day):
            self._named_on[llm], self._llm_names[llm] = day.day, share["llm_name"] or ""

    def figures(self) -> PeriodFigures:
        by_llm = self._by_llm.figures().items()
        by_step = self._by_step.figures() | self._whole_steps
        return PeriodFigures(
            totals=self._by_chatbot.total(),
            by_chatbot=self._by_chatbot.figures(),
            by_llm={model: figures for model, figures in by_llm if model is not None},
            llm_names=self._llm_names,
            series=[(step, by_step.get(step) or Figures()) for step in self._steps],
        )
