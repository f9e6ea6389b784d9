"""What a client's chatbots were used for in a period: read from the hours' sums."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from documents.base import utc_now
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.usage_daily import UsageDaily, usage_between
from documents.usage_months import UsageMonth
from services.usage.periods import GranularityName, Period, midnight, zone_of
from services.usage.reservations import limits_of, standing

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
    """Usage in a period, and where the client stands in the running month.

    Attributes:
        by_llm: what models were asked for; refusals asked none.
        llm_names: as they were when they answered last.
    """

    month: UsageMonth
    resets_at: datetime
    totals: Figures
    by_chatbot: Mapping[PydanticObjectId, Figures]
    by_llm: Mapping[PydanticObjectId, Figures]
    llm_names: Mapping[PydanticObjectId, str]
    series: Sequence[tuple[date, Figures]]


async def usage_of(
    client: Client, period: Period | None, granularity: GranularityName
) -> UsageFigures:
    """The usage of a client; `period` None is the running month."""
    zone, limits = zone_of(client), limits_of(client, utc_now())
    period = period or limits.month
    days = [*period.steps(granularity)]
    beginnings = [midnight(day, zone) for day in days]
    steps = [Figures() for _ in days]
    totals, llm_names = Figures(), dict[PydanticObjectId, str]()
    by_chatbot: defaultdict[PydanticObjectId, Figures] = defaultdict(Figures)
    by_llm: defaultdict[PydanticObjectId, Figures] = defaultdict(Figures)
    async for hour in usage_between(client.client_id, *period.moments(zone)):
        totals.add(hour)
        steps[bisect_right(beginnings, hour.hour) - 1].add(hour)
        by_chatbot[hour.chatbot_id].add(hour)
        if hour.llm_config_id is not None:
            by_llm[hour.llm_config_id].add(hour)
            llm_names[hour.llm_config_id] = hour.llm_name or ""
    return UsageFigures(
        month=await standing(client),
        resets_at=limits.resets_at,
        totals=totals,
        by_chatbot=by_chatbot,
        by_llm=by_llm,
        llm_names=llm_names,
        series=list(zip(days, steps, strict=True)),
    )
