"""What a client's chatbots were used for in a period: read from days, never from messages."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from documents.base import utc_now
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.usage_months import UsageMonth
from services.usage.adding_up import Figures, PackedShares
from services.usage.days import Day, Whose, days_in
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
    whose = Whose(client.client_id, zone_of(client), chatbot_id)
    days = sorted(await days_in(whose, period), key=lambda one: one.day)
    return _added_up(days, [*period.steps(granularity)])


async def total_figures(
    client: Client, period: Period, chatbot_id: PydanticObjectId | None = None
) -> Figures:
    """The sums of a period, and nothing about its parts."""
    days = await days_in(Whose(client.client_id, zone_of(client), chatbot_id), period)
    shares = [share for day in days for share in day.shares]
    return PackedShares(shares).by([0] * len(shares), 1)[0]


def _added_up(days: Sequence[Day], steps: Sequence[date]) -> PeriodFigures:
    parts = [(day, share) for day in days for share in day.shares]
    packed = PackedShares([share for _, share in parts])
    chatbots = list(dict.fromkeys(day.chatbot_id for day in days))
    models = list(dict.fromkeys(share["llm_config_id"] for _, share in parts))
    chatbot_places = {chatbot: place for place, chatbot in enumerate(chatbots)}
    model_places = {model: place for place, model in enumerate(models)}
    by_step = packed.by([bisect_right(steps, day.day) - 1 for day, _ in parts], len(steps))
    by_chatbot = packed.by([chatbot_places[day.chatbot_id] for day, _ in parts], len(chatbots))
    by_llm = packed.by([model_places[share["llm_config_id"]] for _, share in parts], len(models))
    return PeriodFigures(
        totals=packed.by([0] * len(parts), 1)[0],
        by_chatbot=dict(zip(chatbots, by_chatbot, strict=True)),
        by_llm={model: one for model, one in zip(models, by_llm, strict=True) if model},
        llm_names={share["llm_config_id"]: share["llm_name"] or "" for _, share in parts},
        series=list(zip(steps, by_step, strict=True)),
    )
