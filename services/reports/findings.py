"""Everything that a report tells, gathered once; whatever form it takes tells the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.reports import Report
from documents.tenancy import TenantScope
from services.usage.days import Whose
from services.usage.figures import Figures, PeriodFigures, period_figures, total_figures
from services.usage.highlights import QuestionCount, questions_asked_most
from services.usage.periods import GranularityName, Period, zone_of

MOST_QUESTIONS = 20
MOST_NAMED = 1_000
"""Chatbots whose names are read; of more, the most used ones."""

DAYS_TOLD_SINGLY = 93
"""A longer period is told by weeks, one of more than two years' worth of weeks by months."""

PLATFORM_CURRENCY = "USD"
DEFAULT_COLOR = "#2f5bd0"
_NAME = frozenset({"draft.name"})
_COLOR = frozenset({"published.primary_color"})


@dataclass(frozen=True, slots=True)
class Findings:
    """What a report tells.

    Attributes:
        names: of the chatbots that are still there.
        color: the client's: of the chatbot that it is about, or that is used most.
    """

    client: Client
    period: Period
    granularity: GranularityName
    figures: PeriodFigures
    previous: Figures
    names: Mapping[PydanticObjectId, str]
    questions: Sequence[QuestionCount]
    unanswered: Sequence[QuestionCount]
    color: str = DEFAULT_COLOR

    @property
    def currency(self) -> str:
        """In which costs are told."""
        return self.client.budget.currency if self.client.budget else PLATFORM_CURRENCY


def period_of(report: Report) -> Period:
    """Which days a report is about."""
    return Period(date.fromisoformat(report.since), date.fromisoformat(report.until))


async def findings_of(client: Client, report: Report) -> Findings:
    """What there is to tell."""
    period = period_of(report)
    granularity: GranularityName = "day" if period.days <= DAYS_TOLD_SINGLY else "week"
    whose = Whose(client.client_id, zone_of(client), report.chatbot_id)
    figures = await period_figures(client, period, granularity, report.chatbot_id)
    used = most_used(figures.by_chatbot)
    return Findings(
        client=client,
        period=period,
        granularity=granularity,
        figures=figures,
        previous=await total_figures(client, period.before, report.chatbot_id),
        names=await names_of(client.client_id, used[:MOST_NAMED]),
        questions=await questions_asked_most(whose, period, "asked", MOST_QUESTIONS),
        unanswered=await questions_asked_most(whose, period, "unanswered", MOST_QUESTIONS),
        color=await _color_of(client.client_id, report.chatbot_id or (used[0] if used else None)),
    )


async def _color_of(client_id: str, chatbot_id: PydanticObjectId | None) -> str:
    """A chatbot's colour; of the client's first one where none is meant or it is gone."""
    chatbots = TenantScope.one(client_id).of(Chatbot)
    for wanted in ({"_id": chatbot_id}, {}):
        found = await chatbots.find_parts(wanted, _COLOR, limit=1, sort=[("_id", 1)])
        if found:
            return found[0].published.primary_color
    return DEFAULT_COLOR


def most_used(shares: Mapping[PydanticObjectId, Figures]) -> list[PydanticObjectId]:
    """The most used first."""
    return sorted(shares, key=lambda one: (-shares[one].numbers["requests"], one))


async def names_of(
    client_id: str, chatbot_ids: Sequence[PydanticObjectId]
) -> Mapping[PydanticObjectId, str]:
    """The names of the chatbots that are still there."""
    if not chatbot_ids:
        return {}
    wanted = {"_id": {"$in": list(chatbot_ids)}}
    chatbots = TenantScope.one(client_id).of(Chatbot)
    found = await chatbots.find_parts(wanted, _NAME, limit=len(chatbot_ids))
    return {one.id: one.draft.name for one in found}
