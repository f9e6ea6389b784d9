"""Asking for a report; what makes it is `services.reports.making`."""

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.reports import Report, ReportFormatName
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.downloads.downloads import Downloads, Link
from services.rate_limits.rate_limits import RateLimits
from services.reports.links import link_owner
from services.sealing.sealing import Sealer, UnsealError
from services.usage.periods import Period


class Reports:
    """The reports of clients."""

    def __init__(
        self,
        transactions: Transactions,
        downloads: Downloads,
        sealer: Sealer,
        rate_limits: RateLimits,
    ) -> None:
        self._transactions = transactions
        self._downloads = downloads
        self._sealer = sealer
        self._rate_limits = rate_limits

    async def generate(
        self,
        client_id: str,
        chatbot_id: PydanticObjectId | None,
        period: Period,
        form: ReportFormatName,
        language: str,
    ) -> Report:
        """Ask for a report about a client, or about one of its chatbots.

        Raises:
            RateLimitedError: too many were asked for about the client.
        """
        await self._rate_limits.report(client_id)
        report_id = PydanticObjectId()
        report = Report(
            id=report_id,
            client_id=client_id,
            chatbot_id=chatbot_id,
            key=f"{report_id}",
            format=form,
            language=language,
            since=f"{period.since}",
            until=f"{period.until}",
            due_at=utc_now(),
        )

        async def write(session: WriteSession) -> Report:
            await TenantScope.one(client_id).of(Report).insert(report, session=session)
            await record(session, client_id=client_id, after=report)
            return report

        return await self._transactions.run_transaction(write)

    async def link(self, report: Report) -> Link | None:
        """What opens the file of a report; None: it is not there yet, or not any more."""
        if report.status != "ready" or not report.sealed_code or not report.link_expires_at:
            return None
        try:
            code = self._sealer.open(report.sealed_code, owner=link_owner(report))
        except UnsealError:  # the installation has another secret since
            return None
        if not await self._downloads.is_waiting(report.client_id, code):
            return None
        return Link(code, report.link_expires_at, report.size_bytes or 0, report.sha256 or "")
