"""Making reports in the background, one at a time in each process, each by one process at a time.

A report is written into a download piece by piece. At its end one transaction makes the file
fetchable, says that the report is ready, tells the outbox and puts the mails into the queue: all of
it or nothing, and only if the report was not another's meanwhile.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date, timedelta

import structlog

from documents.base import utc_now
from documents.clients import Client
from documents.errors import WorkLeaseLostError, is_unavailable
from documents.reports import Report, make_taken_reports_due, still_ours, take_due_report
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.cancelling import raise_if_cancelled
from services.downloads.downloads import MAKING_MAY_TAKE, Downloads, FileInTheMaking
from services.mail.mails import Attachment
from services.mail.queue import MailQueue
from services.outbox.recording import Happening, record
from services.reports.findings import findings_of, period_of
from services.reports.letters import MAIL_LIVES, report_mails
from services.reports.links import link_owner
from services.reports.page import page_of
from services.reports.progress import Progress, change_ours
from services.reports.schedules import make_due_reports
from services.reports.tables import csv_of, json_of
from services.sealing.sealing import Sealer
from services.usage.counting import Counting

LOOK_SECONDS = 1.0
ATTEMPTS = 3
AGAIN_AFTER = timedelta(seconds=20)
MOST_ATTACHED = 4 * 1024 * 1024
"""Characters of a file that is sent by mail; of a larger one the mail holds the sums only."""

MEDIA_TYPES = {"html": "text/html", "csv": "text/csv", "json": "application/json"}

log = structlog.get_logger()


class ReportMaking:
    """Makes reports for as long as the process lives. Several processes may."""

    def __init__(
        self,
        transactions: Transactions,
        counting: Counting,
        downloads: Downloads,
        sealer: Sealer,
        queue: MailQueue,
    ) -> None:
        self._counting = counting
        self._transactions = transactions
        self._downloads = downloads
        self._sealer = sealer
        self._queue = queue

    async def run(self) -> None:
        """Make what is wanted and what is due until cancelled."""
        while True:
            try:
                await make_due_reports(self._transactions)
                while await self.make_one():
                    raise_if_cancelled()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("reports_failed")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_SECONDS)

    async def take_over(self) -> None:
        """Count all reports as left behind: for the only process on its database, at its start."""
        await make_taken_reports_due()

    async def make_one(self) -> bool:
        """Make the report that has waited longest; whether there was one."""
        report = await take_due_report(secrets.token_hex(8))
        if report is None:
            return False
        if report.attempts > ATTEMPTS:  # the process died each time
            await _fail(report, report.problem or "Making it never came to an end.")
            return True
        try:
            async with asyncio.timeout(MAKING_MAY_TAKE.total_seconds()):
                await self._make(report)
        except WorkLeaseLostError:
            log.info("report_goes_on_elsewhere", report=str(report.id))
        except Exception:
            log.exception("report_failed", report=str(report.id))
            await _try_later(report)
        return True

    async def _make(self, report: Report) -> None:
        client = await TenantScope.one(report.client_id).of(Client).find_one({})
        if client is None:
            return
        await self._counting.settle(report.client_id)
        file = self._downloads.begin(report.client_id)
        try:
            text = await self._written(report, client, file)
            await self._transactions.run_transaction(
                lambda session: self._handed_over(report, client, file, text, session)
            )
        except BaseException:
            await file.drop()
            raise
        log.info("report_made", client_id=report.client_id, report=str(report.id))

    async def _written(self, report: Report, client: Client, file: FileInTheMaking) -> str | None:
        """Write the file; its text if it is to be sent and not too long."""
        kept: list[str] | None = [] if report.recipients else None
        length, days, progress = 0, period_of(report), Progress(report)
        async with aclosing(_pieces(report, client)) as pieces:
            async for day, piece in pieces:
                await file.write(piece.encode())
                length += len(piece)
                if kept is not None:
                    kept = [*kept, piece] if length <= MOST_ATTACHED else None
                await progress.tell(99 * (day - days.since).days // days.days)
        await file.end()
        return None if kept is None else "".join(kept)

    async def _handed_over(
        self,
        report: Report,
        client: Client,
        file: FileInTheMaking,
        text: str | None,
        session: WriteSession,
    ) -> None:
        name = file_name(report)
        link = await file.hand_over(session, name, MEDIA_TYPES[report.format])
        ready = {
            "status": "ready",
            "progress_percent": 100,
            "taken_by": None,
            "sealed_code": self._sealer.seal(link.code, owner=link_owner(report)),
            "link_expires_at": link.expires_at,
            "size_bytes": link.size_bytes,
            "sha256": link.sha256,
        }
        await change_ours(report, ready, session)
        facts = {"format": report.format, "from": report.since, "until": report.until}
        await record(
            Happening(
                report.client_id,
                "report.ready",
                f"report.ready/{report.id}",
                chatbot_id=report.chatbot_id,
                facts=facts,
            ),
            session,
        )
        if report.recipients:
            attached = [Attachment(name, MEDIA_TYPES[report.format], text)] if text else []
            for key, mail in report_mails(report, await findings_of(client, report), attached):
                await self._queue.put(
                    session,
                    mail,
                    key=key,
                    deadline=utc_now() + MAIL_LIVES,
                    client_id=client.client_id,
                )


def file_name(report: Report) -> str:
    """What the file is called."""
    return f"report-{report.client_id}-{report.since}-{report.until}.{report.format}"


async def _pieces(report: Report, client: Client) -> AsyncGenerator[tuple[date, str], None]:
    if report.format == "csv":
        source = csv_of(client, report)
    elif report.format == "json":
        source = json_of(await findings_of(client, report), report)
    else:
        source = _page(report, client)
    async with aclosing(source) as pieces:
        async for piece in pieces:
            yield piece


async def _page(report: Report, client: Client) -> AsyncGenerator[tuple[date, str], None]:
    """The page; gathering what it tells is nearly all of the work."""
    days = period_of(report)
    yield days.since, ""
    findings = await findings_of(client, report)
    yield days.since + timedelta(days=days.days * 3 // 4), ""
    page = await asyncio.to_thread(lambda: "".join(page_of(findings, report.language)))
    yield days.until, page


async def _try_later(report: Report) -> None:
    if report.attempts >= ATTEMPTS:
        await _fail(report, "It could not be made; the server's log says why.")
        return
    reports = TenantScope.one(report.client_id).of(Report)
    again = {"status": "queued", "taken_by": None, "due_at": utc_now() + AGAIN_AFTER}
    await reports.update_one(still_ours(report), {"$set": again})


async def _fail(report: Report, problem: str) -> None:
    reports = TenantScope.one(report.client_id).of(Report)
    failed = {"status": "failed", "taken_by": None, "problem": problem}
    await reports.update_one(still_ours(report), {"$set": failed})
