"""Reports are made from what is stored: sent to a real mail server, and about odd periods too."""

import csv
import io
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Client
from documents.database.database import Database
from documents.errors import WorkLeaseLostError
from documents.ids import PydanticObjectId
from documents.outgoing_mails import OutgoingMail
from documents.reports import Report, ReportFormatName, ReportIntervalName, ReportSchedule
from documents.tenancy import TenantScope
from services.downloads.downloads import Downloads
from services.mail.posting import Posting
from services.mail.queue import MailQueue
from services.mail.rendering import Sender
from services.mail.smtp_carrier import SmtpCarrier, SmtpServer
from services.reports.findings import findings_of
from services.reports.making import ReportMaking
from services.reports.page import MOST_ROWS, page_of
from services.reports.progress import Progress
from services.reports.schedules import make_due_reports
from services.reports.tables import csv_of, json_of
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Sealer
from services.usage.counting import Counting
from services.usage.rebuilding import Rebuilding
from services.usage.refusals import Refusals
from tests.mail_server import MailServer, mail_server
from tests.unit.usage.usage_rows import store_rows, usage_rows

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEALER = Sealer(DerivedKeys("a secret of forty characters, long enough"))
OCTOBER = (datetime(2026, 10, 1, 12, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Office:
    """What makes and posts reports."""

    making: ReportMaking
    posting: Posting
    mails: MailServer


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> AsyncGenerator[Office, None]:
    for kind in (Report, ReportSchedule, OutgoingMail):
        await kind.get_pymongo_collection().delete_many({})
    queue = MailQueue(SEALER)
    counting = Counting(database, Refusals())
    making = ReportMaking(database, counting, Downloads(), SEALER, queue)
    async with mail_server() as running:
        carrier = SmtpCarrier(SmtpServer("localhost", running.port, "offered", timeout_s=20))
        sender = Sender("Parlance", "no-reply@chat.example.com")
        yield Office(making, Posting(queue, carrier, sender), running)


async def new_client(**fields: Any) -> Client:
    client = Client(client_id=f"client-{uuid4().hex[:8]}", name="Café Ölper", **fields)
    await TenantScope.one(client.client_id).of(Client).insert(client)
    return client


async def add_chatbot(client: Client, color: str) -> None:
    settings = ChatbotSettings(
        name="Helper", primary_color=color, default_llm_id=PydanticObjectId()
    )
    chatbot = Chatbot(
        client_id=client.client_id,
        embed_key=uuid4().hex,
        draft=settings,
        published=settings,
        published_version_id=PydanticObjectId(),
    )
    await TenantScope.one(client.client_id).of(Chatbot).insert(chatbot)


async def used(database: Database, client: Client, count: int, chatbots: int = 3) -> None:
    """The client's chatbots are asked in October 2026."""
    await store_rows(client, usage_rows(client, count, OCTOBER, chatbots=chatbots))
    await Rebuilding(database).rebuild(client, lambda _days: None)


async def sent(
    office: Office, database: Database, client: Client, interval: ReportIntervalName, language: str
) -> list[EmailMessage]:
    """The mails of a schedule that is due now."""
    schedule = ReportSchedule(
        client_id=client.client_id,
        interval=interval,
        format="html",
        recipients=["boss@cafe.example", "agency@example.com"],
        language=language,
        next_run_at=utc_now() - timedelta(seconds=1),
    )
    await TenantScope.one(client.client_id).of(ReportSchedule).insert(schedule)
    assert await make_due_reports(database) == 1
    assert await office.making.make_one()
    while await office.posting.look():
        pass
    return office.mails.received


@pytest.mark.parametrize(
    ("interval", "language", "words"),
    [("weekly", "de", "So waren die Chatbots von Café Ölper"), ("monthly", "ar", "هكذا كان أداء")],
)
async def test_a_schedule_reaches_everybody_through_a_mail_server(
    office: Office, database: Database, interval: ReportIntervalName, language: str, words: str
) -> None:
    client = await new_client(time_zone="Asia/Tokyo")
    await add_chatbot(client, "#8a1538")
    today = datetime.now(ZoneInfo("Asia/Tokyo"))
    mails = await sent(office, database, client, interval, language)
    assert {str(mail["To"]) for mail in mails} == {"boss@cafe.example", "agency@example.com"}
    assert len(mails) == 2
    mail = mails[0]
    assert str(mail["From"]) == "Café Ölper <no-reply@chat.example.com>"
    assert str(mail["Content-Language"]) == language
    html = mail.get_body(("html",))
    assert html is not None
    assert "4px solid #8a1538" in html.get_content()
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert words in plain.get_content()
    [attached] = list(mail.iter_attachments())
    assert f'<html lang="{language}"' in attached.get_content()
    report = await TenantScope.one(client.client_id).of(Report).find_one({})
    assert report is not None
    days = (datetime.fromisoformat(report.until) - datetime.fromisoformat(report.since)).days
    assert days == 7 if interval == "weekly" else days in {28, 29, 30, 31}
    assert datetime.fromisoformat(report.until).date() <= today.date()
    assert not await make_due_reports(database)


def report_about(client: Client, since: str, until: str, form: ReportFormatName = "html") -> Report:
    return Report(
        client_id=client.client_id,
        key=uuid4().hex,
        format=form,
        language="en",
        since=since,
        until=until,
        due_at=utc_now(),
    )


async def written(client: Client, since: str, until: str) -> tuple[str, list[Any], Any]:
    """The report as a page, as lines, and as an object."""
    report = report_about(client, since, until)
    findings = await findings_of(client, report)
    table = "".join([part async for _, part in csv_of(client, report)])
    whole = "".join([part async for _, part in json_of(findings, report)])
    lines = list(csv.DictReader(io.StringIO(table.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))))
    return "".join(page_of(findings, "en")), lines, json.loads(whole)


@pytest.mark.parametrize(
    ("since", "until"),
    [("2026-10-01", "2026-10-02"), ("2020-01-01", "2021-01-01"), ("2150-02-01", "2150-03-01")],
)
async def test_a_client_without_data_gets_a_page_that_says_so(
    database: Database, since: str, until: str
) -> None:
    page, lines, whole = await written(await new_client(), since, until)
    assert "Nothing was asked in this period." in page
    assert lines == whole["lines"] == []
    assert whole["totals"]["requests"] == 0
    assert whole["totals"]["answer_p95_ms"] is None


async def test_periods_beside_the_data_are_empty_and_the_one_before_is_told(
    database: Database,
) -> None:
    client = await new_client()
    await used(database, client, 300)
    page, _, whole = await written(client, "2026-11-01", "2026-12-01")
    assert "Nothing was asked in this period." in page
    assert whole["previous"]["requests"] > 300


async def test_a_long_export_notes_its_progress_by_percents_and_not_by_pieces(
    office: Office, database: Database
) -> None:
    client, noon = await new_client(), OCTOBER[0]
    rows = usage_rows(client, 2_000, (noon, noon + timedelta(hours=6)), chatbots=1_000)
    await store_rows(client, rows)
    await Rebuilding(database).rebuild(client, lambda _days: None)
    report = report_about(client, "2026-09-30", "2026-10-02", "csv")
    pieces = len([part async for part in csv_of(client, report)])
    assert pieces >= 5
    notes: list[int | None] = []
    async with await Report.get_pymongo_collection().watch() as changes:
        await TenantScope.one(client.client_id).of(Report).insert(report)
        assert await office.making.make_one()
        async for change in changes:
            fields = change.get("updateDescription", {}).get("updatedFields", {})
            if fields.get("status") == "ready":
                break
            if "due_at" in fields and "status" not in fields:
                notes.append(fields.get("progress_percent"))
    assert notes == [49]


async def test_an_export_without_another_percent_keeps_its_lease(database: Database) -> None:
    client = await new_client()
    report = report_about(client, "2026-10-01", "2026-10-02", "csv")
    report.status, report.taken_by = "running", "us"
    reports = TenantScope.one(client.client_id).of(Report)
    await reports.insert(report)
    await Progress(report).tell(0)
    unchanged = await reports.get(report.id)
    await Progress(report, renew_after_s=0).tell(0)
    renewed = await reports.get(report.id)
    assert unchanged is not None
    assert renewed is not None
    assert renewed.due_at > unchanged.due_at
    await reports.update_one({"_id": report.id}, {"$set": {"taken_by": "another"}})
    with pytest.raises(WorkLeaseLostError):
        await Progress(report).tell(1)


async def test_a_thousand_chatbots_are_told_by_the_most_used_and_every_line(
    database: Database,
) -> None:
    client = await new_client()
    await used(database, client, 6_000, chatbots=1_000)
    page, lines, whole = await written(client, "2026-10-01", "2026-11-01")
    told = {line["chatbot_id"] for line in lines}
    assert len(told) > 950
    assert {line["chatbot_id"] for line in whole["lines"]} == told
    assert sum(int(line["requests"]) for line in lines) == whole["totals"]["requests"]
    assert page.count("(deleted)") == MOST_ROWS
    assert f"and {len(told) - MOST_ROWS} more" in page


async def test_another_time_zone_in_the_middle_loses_nothing(database: Database) -> None:
    client = await new_client(time_zone="Pacific/Auckland")
    await used(database, client, 500)
    before = (await written(client, "2026-09-01", "2026-12-01"))[2]["totals"]
    clients = TenantScope.one(client.client_id).of(Client)
    moved = await clients.update_one({}, {"$set": {"time_zone": "Pacific/Honolulu"}})
    assert moved is not None
    page, lines, whole = await written(moved, "2026-09-01", "2026-12-01")
    assert whole["totals"] == before
    assert sum(int(line["requests"]) for line in lines) == before["requests"]
    assert "Questions by day" in page


async def test_a_report_about_a_chatbot_that_is_gone_is_empty(database: Database) -> None:
    client = await new_client()
    await used(database, client, 50)
    report = report_about(client, "2026-10-01", "2026-11-01")
    of_nobody = report.model_copy(update={"chatbot_id": PydanticObjectId()})
    page = "".join(page_of(await findings_of(client, of_nobody), "en"))
    assert "Nothing was asked in this period." in page
