"""Saying how far the making of a report is, and that somebody is still at it.

An export is written in thousands of pieces, and hardly any of them is worth a write of its own:
another percent is, and so is time that has gone by, since the lease must not end meanwhile.
"""

from time import monotonic

from documents.base import utc_now
from documents.errors import WorkLeaseLostError
from documents.reports import LEASE, Report, still_ours
from documents.tenancy import TenantScope
from documents.transactions import WriteSession

RENEW_AFTER_S = LEASE.total_seconds() / 5


class Progress:
    """How far one attempt at a report is. The attempt has just begun, and so has its lease."""

    def __init__(self, report: Report, renew_after_s: float = RENEW_AFTER_S) -> None:
        self._report = report
        self._renew_after_s = renew_after_s
        self._percent, self._told_at = 0, monotonic()

    async def tell(self, percent: int) -> None:
        """Note how far it is, if that is news.

        Raises:
            WorkLeaseLostError: it is another's by now.
        """
        now = monotonic()
        if percent <= self._percent and now - self._told_at < self._renew_after_s:
            return
        values = {"progress_percent": percent, "due_at": utc_now() + LEASE}
        await change_ours(self._report, values)
        self._percent, self._told_at = percent, now


async def change_ours(
    report: Report, values: dict[str, object], session: WriteSession | None = None
) -> None:
    """Change a report that this attempt has.

    Raises:
        WorkLeaseLostError: it is another's by now.
    """
    reports = TenantScope.one(report.client_id).of(Report)
    changed = await reports.update_one(still_ours(report), {"$set": values}, session=session)
    if changed is None:
        raise WorkLeaseLostError
