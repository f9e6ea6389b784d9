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
from services.usage.adding_up import Figures, Groups, PackedShares
from services.usage.days import Day, Whose, days_in
from services.usage.merging import NO_DAYS, Parts, days_of_all, months_in, parts_of
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
        async with aclosing(days_of_all(whose, parts.months)) as batches:
            async for batch in batches:
                summing.add_to_series(batch)
    return summing.figures()


async def total_figures(
    client: Client, period: Period, chatbot_id: PydanticObjectId | None = None
) -> Figures:
    """The sums of a period, and nothing about its parts."""
    totals = Groups(1)
    whose = Whose(client.client_id, zone_of(client), chatbot_id)
    parts = parts_of(period)
    for source in (
        days_in(whose, parts.before),
        months_in(whose, parts.months),
        days_in(whose, parts.after),
    ):
        async with aclosing(source) as batches:
            async for days in batches:
                shares = [share for day in days for share in day.shares]
                totals.add(PackedShares(shares), [0] * len(shares))
    return totals.figures()[0]


class _Summing:
    """Adds days up by steps, chatbots and models as they come: of 1,000 chatbots some at a time."""

    def __init__(self, steps: Sequence[date]) -> None:
        self._steps = steps
        self._totals, self._by_step = Groups(1), Groups(len(steps))
        self._by_chatbot, self._by_llm = Groups(), Groups()
        self._chatbots: dict[PydanticObjectId, int] = {}
        self._models: dict[PydanticObjectId | None, int] = {}
        self._llm_names: dict[PydanticObjectId, str] = {}
        self._named_on: dict[PydanticObjectId, date] = {}

    def add(self, days: Sequence[Day], *, to_series: bool = True) -> None:
        parts = [(day, share) for day in days for share in day.shares]
        packed = PackedShares([share for _, share in parts])
        self._totals.add(packed, [0] * len(parts))
        if to_series:
            self._by_step.add(packed, [self._step(day) for day, _ in parts])
        chatbots, models = self._chatbots, self._models
        self._by_chatbot.add(
            packed, [chatbots.setdefault(day.chatbot_id, len(chatbots)) for day, _ in parts]
        )
        self._by_llm.add(
            packed, [models.setdefault(share["llm_config_id"], len(models)) for _, share in parts]
        )
        for day, share in parts:
            self._name(day, share)

    def add_to_series(self, days: Sequence[Day]) -> None:
        parts = [(day, share) for day in days for share in day.shares]
        packed = PackedShares([share for _, share in parts])
        self._by_step.add(packed, [self._step(day) for day, _ in parts])

    def _step(self, day: Day) -> int:
        return bisect_right(self._steps, day.day) - 1

    def _name(self, day: Day, share: Mapping[str, Any]) -> None:
        """Months come after the days beside them, so the latest name is told by its day."""
        llm = share["llm_config_id"]
        if llm is not None and day.day >= self._named_on.get(llm, day.day):
            self._named_on[llm], self._llm_names[llm] = day.day, share["llm_name"] or ""

    def figures(self) -> PeriodFigures:
        by_llm = zip(self._models, self._by_llm.figures(), strict=False)
        return PeriodFigures(
            totals=self._totals.figures()[0],
            by_chatbot=dict(zip(self._chatbots, self._by_chatbot.figures(), strict=False)),
            by_llm={model: figures for model, figures in by_llm if model is not None},
            llm_names=self._llm_names,
            series=list(zip(self._steps, self._by_step.figures(), strict=True)),
        )
