"""Reports as files, and the schedules on which they come: types and inputs."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from documents.reports import Report as ReportDocument
from documents.reports import ReportSchedule as ScheduleDocument
from graphql_schema.clients.types import Client, client_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.downloads import Download, download_from
from graphql_schema.enum_values import described
from graphql_schema.errors import (
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    RateLimitedError,
)
from graphql_schema.languages import Language, language_or_none
from graphql_schema.node import Node, global_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.usage.types import PeriodInput


@strawberry.enum(description="What a report's file is.")
class ReportFormat(Enum):
    """Values as they are stored."""

    HTML = described("html", "One page with charts that needs nothing else.")
    CSV = described("csv", "A line for each day, chatbot and language model, for spreadsheets.")
    JSON = described("json", "Sums and the same lines, for programs.")


@strawberry.enum(description="How far a report is.")
class ReportStatus(Enum):
    """Values as they are stored."""

    QUEUED = described("queued", "It waits for its turn.")
    RUNNING = described("running", "It is being made.")
    READY = described("ready", "It was made.")
    FAILED = described("failed", "It could not be made; ask for another.")


@strawberry.enum(description="How often a report comes by itself.")
class ReportInterval(Enum):
    """Values as they are stored."""

    WEEKLY = described("weekly", "On Monday, about the week before.")
    MONTHLY = described("monthly", "On the 1st, about the month before.")


@strawberry.type(description="A report that was asked for or came by itself.")
class Report(Node):
    """A report."""

    format: ReportFormat = strawberry.field(description="What its file is.")
    since: date = strawberry.field(name="from", description="The first day that it is about.")
    until: date = strawberry.field(description="The day after the last one.")
    status: ReportStatus = strawberry.field(description="How far it is.")
    progress_percent: int = strawberry.field(description="0 to 100.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    stored: strawberry.Private[ReportDocument]

    @strawberry.field(description="About whom.")
    async def client(self, info: ParlanceInfo) -> Client:
        return await _client(info, self.stored.client_id)

    @strawberry.field(
        description="Its file; null before it is ready, after it was fetched, and 15 minutes after"
        " it was made. A new one is made at any time.",
        extensions=allowed_for(Person),
    )
    async def download(self, info: ParlanceInfo) -> Download | None:
        services = info.context.services
        link = await services.reports.link(self.stored)
        return download_from(link, services.public_url) if link else None


@strawberry.type(description="A report that comes by itself, as a file in a mail.")
class ReportSchedule(Node):
    """A schedule."""

    interval: ReportInterval = strawberry.field(description="How often.")
    format: ReportFormat = strawberry.field(description="What comes.")
    recipients: list[str] = strawberry.field(description="To which addresses.")
    language: Language = strawberry.field(description="In which language.")
    next_run_at: datetime = strawberry.field(description="When the next one is made.")
    slug: strawberry.Private[str]

    @strawberry.field(description="About whom.")
    async def client(self, info: ParlanceInfo) -> Client:
        return await _client(info, self.slug)


async def _client(info: ParlanceInfo, slug: str) -> Client:
    found = await info.context.loaders.client_by_slug.load(slug)
    if found is None:
        raise LookupError("the client was deleted meanwhile")
    return client_from(found)


@strawberry.input(description="Which report to make.")
class GenerateReportInput:
    """A report to be made."""

    client_id: strawberry.ID = strawberry.field(description="About which client.")
    chatbot_id: strawberry.ID | None = strawberry.field(
        description="About one of its chatbots only.", default=None
    )
    period: PeriodInput = strawberry.field(description="About which days.")
    format: ReportFormat = strawberry.field(description="What its file is to be.")
    language: Language | None = strawberry.field(
        description="In which language; the client's when left out.",
        default=None,
    )


@strawberry.type(description="The report will be made; ask for it until it is READY.")
class GenerateReportSuccess:
    """A report."""

    report: Report = strawberry.field(description="The report.")


GenerateReportResult = Annotated[
    GenerateReportSuccess | InvalidInputError | NotFoundError | RateLimitedError,
    strawberry.union(
        "GenerateReportResult",
        description="A report; RateLimitedError for more than 60 of a client within an hour.",
    ),
]


@strawberry.input(description="Which report is to come by itself.")
class CreateReportScheduleInput:
    """A new schedule."""

    client_id: strawberry.ID = strawberry.field(description="About which client.")
    interval: ReportInterval = strawberry.field(description="How often.")
    format: ReportFormat = strawberry.field(description="What is to come.")
    recipients: list[str] = strawberry.field(description="To which addresses: 1 to 20.")
    language: Language | None = strawberry.field(
        description="In which language; the client's when left out.", default=None
    )


@strawberry.type(description="The report comes by itself from now on.")
class CreateReportScheduleSuccess:
    """A schedule."""

    schedule: ReportSchedule = strawberry.field(description="The new schedule.")


CreateReportScheduleResult = Annotated[
    CreateReportScheduleSuccess | InvalidInputError | NotFoundError | LimitReachedError,
    strawberry.union(
        "CreateReportScheduleResult",
        description="A schedule; LimitReachedError when a client has 20 already.",
    ),
]


@strawberry.input(description="Which report is not to come any more.")
class DeleteReportScheduleInput:
    """A schedule."""

    id: strawberry.ID = strawberry.field(description="Which schedule.")


@strawberry.type(description="The report does not come any more.")
class DeleteReportScheduleSuccess:
    """A deleted schedule."""

    deleted_id: strawberry.ID = strawberry.field(description="What was deleted.")


DeleteReportScheduleResult = Annotated[
    DeleteReportScheduleSuccess | NotFoundError,
    strawberry.union("DeleteReportScheduleResult", description="What was deleted."),
]


def report_from(stored: ReportDocument) -> Report:
    """The public form of a report."""
    return Report(
        id=global_id("Report", stored.id),
        format=ReportFormat(stored.format),
        since=date.fromisoformat(stored.since),
        until=date.fromisoformat(stored.until),
        status=ReportStatus(stored.status),
        progress_percent=stored.progress_percent,
        created_at=stored.created_at,
        stored=stored,
    )


def schedule_from(stored: ScheduleDocument) -> ReportSchedule:
    """The public form of a schedule."""
    return ReportSchedule(
        id=global_id("ReportSchedule", stored.id),
        interval=ReportInterval(stored.interval),
        format=ReportFormat(stored.format),
        recipients=stored.recipients,
        language=language_or_none(stored.language) or Language.EN,
        next_run_at=stored.next_run_at,
        slug=stored.client_id,
    )
