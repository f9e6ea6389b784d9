"""What a client's chatbots were used for."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum

import strawberry

from documents.clients import Client as ClientDocument
from documents.ids import PydanticObjectId
from graphql_schema.chatbots.types import Chatbot, chatbot_from
from graphql_schema.clients.types import Client, client_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.enum_values import described
from graphql_schema.errors import BadArgumentError
from graphql_schema.execution.computed import computed_by
from graphql_schema.llm_configs.types import LlmConfig, llm_config_from
from graphql_schema.loading import OwnedId
from graphql_schema.money import PLATFORM_CURRENCY, Money
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scalars import BigInt
from graphql_schema.scopes import Scope
from services.usage.figures import Figures, PeriodFigures, UsageFigures
from services.usage.periods import GranularityName, Period
from services.usage.spans import percentile

MAX_DAYS = 366
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)
"""Calendars and time zones work within these; nothing was counted outside of them."""

MOST_LISTED = 100
"""Chatbots and language models that are told apart."""

MESSAGES_OF_A_QUESTION = 2
"""Itself and its answer."""


@strawberry.enum(description="How long the steps of a series are.")
class Granularity(Enum):
    """Values are those of `services.usage.periods`."""

    DAY = described("day", "Days.")
    WEEK = described("week", "Weeks, from Monday on.")
    MONTH = described("month", "Months.")


GRANULARITIES: dict[Granularity, GranularityName] = {
    Granularity.DAY: "day",
    Granularity.WEEK: "week",
    Granularity.MONTH: "month",
}


@strawberry.input(description="Days by the client's clock, at most 366.")
class PeriodInput:
    """A period."""

    from_: date = strawberry.field(name="from", description="The first day.")
    until: date = strawberry.field(description="The day after the last one.")


def _visitors(totals: "Totals", _context: object) -> int:
    return totals.figures.visitors


def _first_token_p50(totals: "Totals", _context: object) -> int | None:
    return percentile(totals.figures.first_token_ms, 0.5)


def _first_token_p95(totals: "Totals", _context: object) -> int | None:
    return percentile(totals.figures.first_token_ms, 0.95)


def _answer_p50(totals: "Totals", _context: object) -> int | None:
    return percentile(totals.figures.answer_ms, 0.5)


def _answer_p95(totals: "Totals", _context: object) -> int | None:
    return percentile(totals.figures.answer_ms, 0.95)


@strawberry.type(description="Sums of a period.")
class Totals:
    """Sums. What takes long to work out is only worked out when asked: a year has 365 of these."""

    requests: int = strawberry.field(description="Questions, accepted or refused.")
    successes: int = strawberry.field(description="Answered, also when the visitor stopped it.")
    failures: int = strawberry.field(description="Refused, or without a whole answer.")
    fallbacks: int = strawberry.field(description="Answered by the fallback model.")
    input_tokens: BigInt = strawberry.field(description="As the providers counted.")
    output_tokens: BigInt = strawberry.field(description="As the providers counted.")
    cost: Money = strawberry.field(description="What the answers cost.")
    conversations: int = strawberry.field(description="Begun in the period.")
    messages_per_conversation: float | None = strawberry.field(
        description="Questions and answers for each conversation that was begun; null: none was."
    )
    feedback_up: int = strawberry.field(description="Answers that visitors found good.")
    feedback_down: int = strawberry.field(description="Answers that visitors found bad.")
    satisfaction: float | None = strawberry.field(
        description="Share of the good ones among the rated, 0 to 1; null: none was rated."
    )
    unanswered: int = strawberry.field(
        description="Answered without anything in the knowledge that fits."
    )
    figures: strawberry.Private[Figures]

    @strawberry.field(
        description="Different visitors who asked; of many an estimate, off by 2 % or so.",
        metadata=computed_by(_visitors),
    )
    def unique_visitors(self, info: ParlanceInfo) -> int:
        return _visitors(self, info.context)

    @strawberry.field(
        name="firstTokenP50Ms",
        description="Half of the answers began within this time; off by 2.5 % at most.",
        metadata=computed_by(_first_token_p50),
    )
    def first_token_p50_ms(self, info: ParlanceInfo) -> int | None:
        return _first_token_p50(self, info.context)

    @strawberry.field(
        name="firstTokenP95Ms",
        description="Likewise 95 % of them.",
        metadata=computed_by(_first_token_p95),
    )
    def first_token_p95_ms(self, info: ParlanceInfo) -> int | None:
        return _first_token_p95(self, info.context)

    @strawberry.field(
        name="answerP50Ms",
        description="Half of the answers were whole within this time; off by 2.5 % at most.",
        metadata=computed_by(_answer_p50),
    )
    def answer_p50_ms(self, info: ParlanceInfo) -> int | None:
        return _answer_p50(self, info.context)

    @strawberry.field(
        name="answerP95Ms",
        description="Likewise 95 % of them.",
        metadata=computed_by(_answer_p95),
    )
    def answer_p95_ms(self, info: ParlanceInfo) -> int | None:
        return _answer_p95(self, info.context)


@strawberry.type(description="One step of a series.")
class UsagePoint:
    """A day, a week or a month."""

    day: date = strawberry.field(name="date", description="Its first day in the period.")
    totals: Totals = strawberry.field(description="Its sums.")


@strawberry.type(description="What one chatbot was used for.")
class ChatbotUsage:
    """A chatbot's share."""

    totals: Totals = strawberry.field(description="Its sums.")
    owned: strawberry.Private[OwnedId]

    @strawberry.field(
        description="Which; null if it was deleted.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def chatbot(self, info: ParlanceInfo) -> Chatbot | None:
        found = await info.context.loaders.chatbot_by_id.load(self.owned)
        return chatbot_from(found) if found else None

    @strawberry.field(description="Its name now; empty if it was deleted.")
    async def name(self, info: ParlanceInfo) -> str:
        found = await info.context.loaders.chatbot_by_id.load(self.owned)
        return found.draft.name if found else ""


@strawberry.type(description="What one language model was used for.")
class LlmUsage:
    """A model's share."""

    name: str = strawberry.field(description="As it was when the model answered last.")
    totals: Totals = strawberry.field(
        description="Its sums: of all that it was asked; refusals before that ask no model."
    )
    owned: strawberry.Private[OwnedId]

    @strawberry.field(
        description="Which; null if it was deleted.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def llm_config(self, info: ParlanceInfo) -> LlmConfig | None:
        found = await info.context.loaders.llm_config_by_id.load(self.owned)
        return llm_config_from(found) if found else None


@strawberry.type(description="Where a client stands, and what its chatbots were used for.")
class Usage:
    """Usage."""

    client: Client = strawberry.field(description="Whose.")
    quota: int | None = strawberry.field(description="Questions a month; null: no limit.")
    used: int = strawberry.field(description="Of them, in the running month.")
    reserved: int = strawberry.field(description="Questions that are being answered now.")
    resets_at: datetime = strawberry.field(
        description="When the next month begins, by the client's clock."
    )
    budget: Money | None = strawberry.field(description="Money a month; null: no limit.")
    spent: Money = strawberry.field(
        description="Of it, in the running month; what previews cost is in it."
    )
    totals: Totals = strawberry.field(description="Sums of the period.")
    series: list[UsagePoint] = strawberry.field(description="Its steps, also the empty ones.")
    by_chatbot: list[ChatbotUsage] = strawberry.field(
        description="The period by chatbot, the most used first; at most 100."
    )
    by_llm: list[LlmUsage] = strawberry.field(
        description="The period by language model, the most used first; at most 100."
    )


@strawberry.type(description="A client's usage has changed.")
class UsageUpdate:
    """An event for dashboards."""

    cursor: str = strawberry.field(
        description="Give it back as `after` to go on from here; good for 7 days."
    )
    client_id: strawberry.ID = strawberry.field(description="Whose.")
    usage: Usage = strawberry.field(description="The usage of the running month, by days.")


def period_from(given: PeriodInput | None) -> Period | None:
    """The days that are asked for; None: the running month.

    Raises:
        BadArgumentError: there are none, or too many.
    """
    return given_period(given) if given else None


def given_period(given: PeriodInput) -> Period:
    """The days that are asked for.

    Raises:
        BadArgumentError: there are none, or too many.
    """
    period = Period(given.from_, given.until)
    if min(period.since, period.until) < EARLIEST or max(period.since, period.until) > LATEST:
        raise BadArgumentError(f"`period` must lie between {EARLIEST} and {LATEST}.")
    if not 0 < period.days <= MAX_DAYS:
        raise BadArgumentError(
            f"`period.until` must be 1 to {MAX_DAYS} days after `period.from`; it is the day after"
            " the last one."
        )
    return period


def usage_from(client: ClientDocument, figures: UsageFigures) -> Usage:
    """The public form of a client's usage."""
    shown = client_from(client)
    currency = currency_of(client)
    return Usage(
        client=shown,
        quota=client.monthly_quota,
        used=figures.month.used,
        reserved=figures.month.reserved,
        resets_at=figures.resets_at,
        budget=shown.budget,
        spent=_money(figures.month.spent_micros, currency),
        totals=totals_from(figures.totals, currency),
        series=series_from(figures.period, currency),
        by_chatbot=by_chatbot_from(client.client_id, figures.period, currency),
        by_llm=by_llm_from(client.client_id, figures.period, currency),
    )


def currency_of(client: ClientDocument) -> str:
    """In which a client's costs are told."""
    return client.budget.currency if client.budget else PLATFORM_CURRENCY


def series_from(figures: PeriodFigures, currency: str) -> list[UsagePoint]:
    """The steps of a period."""
    return [UsagePoint(day=day, totals=totals_from(one, currency)) for day, one in figures.series]


def by_chatbot_from(client_id: str, figures: PeriodFigures, currency: str) -> list[ChatbotUsage]:
    """The period by chatbot."""
    return [
        ChatbotUsage(totals=totals_from(one, currency), owned=OwnedId(client_id, chatbot_id))
        for chatbot_id, one in _most_used(figures.by_chatbot)
    ]


def by_llm_from(client_id: str, figures: PeriodFigures, currency: str) -> list[LlmUsage]:
    """The period by language model."""
    return [
        LlmUsage(
            name=figures.llm_names[config_id],
            totals=totals_from(one, currency),
            owned=OwnedId(client_id, config_id),
        )
        for config_id, one in _most_used(figures.by_llm)
    ]


def _most_used(
    shares: Mapping[PydanticObjectId, Figures],
) -> list[tuple[PydanticObjectId, Figures]]:
    ordered = sorted(shares.items(), key=lambda share: (-share[1].numbers["requests"], share[0]))
    return ordered[:MOST_LISTED]


def totals_from(figures: Figures, currency: str) -> Totals:
    """The public form of sums."""
    numbers = figures.numbers
    up, down = numbers["feedback_up"], numbers["feedback_down"]
    return Totals(
        requests=numbers["requests"],
        successes=numbers["successes"],
        failures=numbers["failures"],
        fallbacks=numbers["fallbacks"],
        input_tokens=BigInt(numbers["input_tokens"]),
        output_tokens=BigInt(numbers["output_tokens"]),
        cost=_money(numbers["cost_micros"], currency),
        conversations=numbers["conversations"],
        messages_per_conversation=_share(
            MESSAGES_OF_A_QUESTION * numbers["answers"], numbers["conversations"]
        ),
        feedback_up=up,
        feedback_down=down,
        satisfaction=_share(up, up + down),
        unanswered=numbers["unanswered"],
        figures=figures,
    )


def _money(micros: int, currency: str) -> Money:
    return Money(micros=BigInt(micros), currency=currency)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
