"""What a client's people read about a period: sums, what stood out, and the period before."""

from dataclasses import dataclass
from datetime import datetime

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from graphql_schema.chatbots.types import Chatbot, chatbot_from
from graphql_schema.clients.types import Client, client_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import Conversation, conversation_from
from graphql_schema.loading import OwnedId
from graphql_schema.node import global_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.usage.types import (
    ChatbotUsage,
    LlmUsage,
    Totals,
    UsagePoint,
    by_chatbot_from,
    by_llm_from,
    currency_of,
    series_from,
    totals_from,
)
from services.usage.days import Whose
from services.usage.figures import PeriodFigures, total_figures
from services.usage.highlight_months import QuestionsField
from services.usage.highlights import longest_conversations, questions_asked_most
from services.usage.periods import Period, zone_of
from services.usage.stays import StayFigures, active_tokens, stays_in

MOST_QUESTIONS = 20
MOST_CONVERSATIONS = 10


@strawberry.type(description="A question that was asked, in one visitor's words.")
class QuestionCount:
    """A question and its count."""

    question: str = strawberry.field(description="As it was asked last.")
    count: int = strawberry.field(
        description="How often it was asked in these words, whatever the capitals and signs; of"
        " questions that are hardly ever repeated, at least so often."
    )
    last_asked_at: datetime = strawberry.field(description="When it was asked last.")
    example_message_id: strawberry.ID | None = strawberry.field(
        description="The message in which it was asked last."
    )


@strawberry.type(description="The visits that began in a period.")
class VisitTotals:
    """Sums of visits."""

    count: int = strawberry.field(description="How many; those that go on just now are among them.")
    average_seconds: float | None = strawberry.field(
        description="From the beginning to the visitor's last sign; null: there was none."
    )
    messages_per_visit: float | None = strawberry.field(
        description="Questions and answers; null: there was no visit."
    )
    active_widget_tokens: int = strawberry.field(
        description="Widget tokens that are good at this moment, whatever the period."
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report was asked about."""

    client: ClientDocument
    period: Period
    chatbot: ChatbotDocument | None = None

    @property
    def whose(self) -> Whose:
        """Whose days are meant."""
        chatbot_id = self.chatbot.id if self.chatbot else None
        return Whose(self.client.client_id, zone_of(self.client), chatbot_id)


@strawberry.type
class _Findings:
    """What reports about a client and about a chatbot have in common."""

    totals: Totals = strawberry.field(description="Sums of the period.")
    series: list[UsagePoint] = strawberry.field(description="Its steps, also the empty ones.")
    by_llm: list[LlmUsage] = strawberry.field(
        description="The period by language model, the most used first; at most 100."
    )
    asked: strawberry.Private[Asked]

    @strawberry.field(
        description="Sums of the period before: as many months if the period is whole months, else"
        " as many days.",
        extensions=allowed_for(Person, scope=Scope.REPORTS_READ),
    )
    async def previous(self) -> Totals:
        whose = self.asked.whose
        before = self.asked.period.before
        figures = await total_figures(self.asked.client, before, whose.chatbot_id)
        return totals_from(figures, currency_of(self.asked.client))

    @strawberry.field(
        description="The questions that were asked most, at most 20; without those of which"
        " nothing is kept any more.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def top_questions(self) -> list[QuestionCount]:
        return await _questions(self.asked, "asked")

    @strawberry.field(
        description="Likewise the questions for which the knowledge held nothing.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def unanswered_questions(self) -> list[QuestionCount]:
        return await _questions(self.asked, "unanswered")

    @strawberry.field(
        description="The conversations that had most messages by their last answer in the period,"
        " at most 10; without deleted ones.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def longest_conversations(self, info: ParlanceInfo) -> list[Conversation]:
        whose = self.asked.whose
        # More than are wanted: some may be deleted.
        ids = await longest_conversations(whose, self.asked.period, 3 * MOST_CONVERSATIONS)
        load = info.context.loaders.conversation_by_id.load_many
        found = await load([OwnedId(whose.client_id, one) for one in ids])
        return [conversation_from(one) for one in found if one][:MOST_CONVERSATIONS]

    @strawberry.field(
        description="The visits that began in the period.",
        extensions=allowed_for(Person, scope=Scope.REPORTS_READ),
    )
    async def visits(self) -> VisitTotals:
        whose = self.asked.whose
        stays = await stays_in(whose, self.asked.period, self.totals.figures)
        return _visits_from(stays, await active_tokens(whose))


@strawberry.type(description="What a client's chatbots were used for in a period.")
class ClientReport(_Findings):
    """A client's report."""

    client: Client = strawberry.field(description="Whose.")
    by_chatbot: list[ChatbotUsage] = strawberry.field(
        description="The period by chatbot, the most used first; at most 100."
    )


@strawberry.type(description="What one chatbot was used for in a period.")
class ChatbotReport(_Findings):
    """A chatbot's report."""

    @strawberry.field(
        description="Which.", extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ)
    )
    def chatbot(self) -> Chatbot:
        if self.asked.chatbot is None:
            raise LookupError("a chatbot's report knows its chatbot")
        return chatbot_from(self.asked.chatbot)


def client_report_from(asked: Asked, figures: PeriodFigures) -> ClientReport:
    """The public form of a client's report."""
    slug, currency = asked.client.client_id, currency_of(asked.client)
    return ClientReport(
        client=client_from(asked.client),
        totals=totals_from(figures.totals, currency),
        series=series_from(figures, currency),
        by_llm=by_llm_from(slug, figures, currency),
        by_chatbot=by_chatbot_from(slug, figures, currency),
        asked=asked,
    )


def chatbot_report_from(asked: Asked, figures: PeriodFigures) -> ChatbotReport:
    """The public form of a chatbot's report."""
    currency = currency_of(asked.client)
    return ChatbotReport(
        totals=totals_from(figures.totals, currency),
        series=series_from(figures, currency),
        by_llm=by_llm_from(asked.client.client_id, figures, currency),
        asked=asked,
    )


async def _questions(asked: Asked, field: QuestionsField) -> list[QuestionCount]:
    found = await questions_asked_most(asked.whose, asked.period, field, MOST_QUESTIONS)
    return [
        QuestionCount(
            question=one.text,
            count=one.count,
            last_asked_at=one.last_at,
            example_message_id=global_id("Message", one.question_id),
        )
        for one in found
    ]


def _visits_from(stays: StayFigures, tokens: int) -> VisitTotals:
    count = stays.visits
    return VisitTotals(
        count=count,
        average_seconds=stays.seconds / count if count else None,
        messages_per_visit=stays.messages / count if count else None,
        active_widget_tokens=tokens,
    )
