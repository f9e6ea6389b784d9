"""Reading reports."""

from typing import Annotated, TypeAlias

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.tenancy import TenantScope
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundInListError
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.reports.types import (
    Asked,
    ChatbotReport,
    ClientReport,
    chatbot_report_from,
    client_report_from,
)
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from graphql_schema.usage.types import (
    GRANULARITIES,
    Granularity,
    LlmUsage,
    PeriodInput,
    by_llm_from,
    currency_of,
    given_period,
)
from services.usage.figures import period_figures

ReportedPeriod: TypeAlias = Annotated[
    PeriodInput, strawberry.argument(description="About which period.")
]
ReportedClient: TypeAlias = Annotated[
    strawberry.ID, strawberry.argument(description="About which client.")
]
Steps: TypeAlias = Annotated[
    Granularity, strawberry.argument(description="How long the steps of the series are.")
]


@strawberry.type
class ReportQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="What a client's chatbots were used for in a period, what stood out and how the"
        " period before was; null if there is no such client for the caller.",
        extensions=allowed_for(Person, scope=Scope.REPORTS_READ),
    )
    async def client_report(
        self,
        info: ParlanceInfo,
        client_id: ReportedClient,
        period: ReportedPeriod,
        granularity: Steps = Granularity.DAY,
    ) -> ClientReport | None:
        asked_for = given_period(period)
        client = await seen(info.context, ClientDocument, client_id)
        if client is None:
            return None
        await info.context.services.counting.settle(client.client_id)
        figures = await period_figures(client, asked_for, GRANULARITIES[granularity])
        return client_report_from(Asked(client, asked_for), figures)

    @strawberry.field(
        description="What one chatbot was used for in a period; null if there is no such chatbot"
        " for the caller.",
        extensions=allowed_for(Person, scope=Scope.REPORTS_READ),
    )
    async def chatbot_report(
        self,
        info: ParlanceInfo,
        chatbot_id: Annotated[
            strawberry.ID, strawberry.argument(description="About which chatbot.")
        ],
        period: ReportedPeriod,
        granularity: Steps = Granularity.DAY,
    ) -> ChatbotReport | None:
        asked_for = given_period(period)
        chatbot = await seen(info.context, ChatbotDocument, chatbot_id)
        if chatbot is None:
            return None
        client = await TenantScope.one(chatbot.client_id).of(ClientDocument).find_one({})
        if client is None:
            return None
        await info.context.services.counting.settle(client.client_id)
        step = GRANULARITIES[granularity]
        figures = await period_figures(client, asked_for, step, chatbot.id)
        return chatbot_report_from(Asked(client, asked_for, chatbot), figures)

    @strawberry.field(
        description="What each language model was used for in a period, the most used first; at"
        " most 100.",
        extensions=allowed_for(Person, scope=Scope.REPORTS_READ),
    )
    async def llm_usage(
        self, info: ParlanceInfo, client_id: ReportedClient, period: ReportedPeriod
    ) -> list[LlmUsage]:
        asked_for = given_period(period)
        client = await seen(info.context, ClientDocument, client_id)
        if client is None:
            raise NotFoundInListError
        await info.context.services.counting.settle(client.client_id)
        figures = await period_figures(client, asked_for, "month")
        return by_llm_from(client.client_id, figures, currency_of(client))
