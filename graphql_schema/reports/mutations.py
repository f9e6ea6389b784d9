"""Asking for reports, once or again and again."""

from typing import cast

import strawberry

from documents.base import utc_now
from documents.chatbots import Chatbot as ChatbotDocument
from documents.clients import Client as ClientDocument
from documents.ids import PydanticObjectId
from documents.reports import ReportFormatName, ReportIntervalName
from documents.reports import ReportSchedule as ScheduleDocument
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import BadArgumentError, InputIssue, invalid_input, not_found
from graphql_schema.permissions import Person
from graphql_schema.reports.files import (
    CreateReportScheduleInput,
    CreateReportScheduleResult,
    CreateReportScheduleSuccess,
    DeleteReportScheduleInput,
    DeleteReportScheduleResult,
    DeleteReportScheduleSuccess,
    GenerateReportInput,
    GenerateReportResult,
    GenerateReportSuccess,
    report_from,
    schedule_from,
)
from graphql_schema.targets import changeable, seen
from graphql_schema.usage.types import given_period


@strawberry.type
class ReportMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes a report in the background. Members of the client.",
        extensions=audited_for(Person),
    )
    async def generate_report(
        self, info: ParlanceInfo, input: GenerateReportInput
    ) -> GenerateReportResult:
        client = await seen(info.context, ClientDocument, input.client_id)
        if client is None:
            return not_found("input", "clientId")
        chatbot_id: PydanticObjectId | None = None
        if input.chatbot_id is not None:
            chatbot = await seen(info.context, ChatbotDocument, input.chatbot_id)
            if chatbot is None or chatbot.client_id != client.client_id:
                return not_found("input", "chatbotId")
            chatbot_id = chatbot.id
        try:
            period = given_period(input.period)
        except BadArgumentError as error:
            return invalid_input([InputIssue(path=["input", "period"], message=error.message)])
        report = await info.context.services.reports.generate(
            client.client_id,
            chatbot_id,
            period,
            cast("ReportFormatName", input.format.value),
            input.language.value if input.language else client.language,
        )
        return GenerateReportSuccess(report=report_from(report))

    @strawberry.mutation(
        description="Sends a report by mail again and again. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def create_report_schedule(
        self, info: ParlanceInfo, input: CreateReportScheduleInput
    ) -> CreateReportScheduleResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "editor")
        if client is None:
            return not_found("input", "clientId")
        wanted = ScheduleDocument(
            client_id=client.client_id,
            interval=cast("ReportIntervalName", input.interval.value),
            format=cast("ReportFormatName", input.format.value),
            recipients=input.recipients,
            language=input.language.value if input.language else client.language,
            next_run_at=utc_now(),
        )
        made = await info.context.services.report_schedules.create(wanted)
        return CreateReportScheduleSuccess(schedule=schedule_from(made))

    @strawberry.mutation(
        description="Sends a report no more. Editors and owners.",
        extensions=audited_for(Person),
    )
    async def delete_report_schedule(
        self, info: ParlanceInfo, input: DeleteReportScheduleInput
    ) -> DeleteReportScheduleResult:
        found = await changeable(info.context, ScheduleDocument, input.id, "editor")
        if found is None:
            return not_found("input", "id")
        scope = TenantScope.one(found.client_id)
        await info.context.services.report_schedules.delete(scope, found.id)
        return DeleteReportScheduleSuccess(deleted_id=input.id)
