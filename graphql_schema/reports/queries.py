"""Reading reports."""

from typing import Annotated, TypeAlias

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.reports import Report as ReportDocument
from documents.reports import ReportSchedule as ScheduleDocument
from documents.tenancy import TenantScope
from graphql_schema.arguments import After, First
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundInListError
from graphql_schema.pagination import Connection, forward_page, page_by_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.reports.files import Report, ReportSchedule, report_from, schedule_from
from graphql_schema.reports.types import (
    Asked,
    ChatbotReport,
    ClientReport,
    chatbot_report_from,
    client_report_from,
)
from graphql_schema.scopes import Scope
from graphql_schema.targets import listed_scope, seen
from graphql_schema.usage.types import (
    GRANULARITIES,
    Granularity,
    LlmUsage,
    PeriodInput,
    by_llm_from,
    currency_of,
    given_period,
)
from services.reports.schedules import MOST_SCHEDULES
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

    @strawberry.field(
        description="The reports of a client, newest first; each is remembered for 90 days.",
        extensions=allowed_for(Person),
    )
    async def reports(
        self,
        info: ParlanceInfo,
        client_id: ReportedClient,
        first: First = 20,
        after: After = None,
    ) -> Connection[Report]:
        page = forward_page(first, after)
        scope = await listed_scope(info.context, client_id)
        return await page_by_id(scope.of(ReportDocument), {}, page, report_from)

    @strawberry.field(
        description="The reports of a client that come by themselves, newest first; at most 20.",
        extensions=allowed_for(Person),
    )
    async def report_schedules(
        self, info: ParlanceInfo, client_id: ReportedClient
    ) -> list[ReportSchedule]:
        scope = await listed_scope(info.context, client_id)
        schedules = scope.of(ScheduleDocument)
        found = await schedules.find({}, limit=MOST_SCHEDULES, sort=[("_id", -1)])
        return [schedule_from(one) for one in found]
