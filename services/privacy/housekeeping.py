"""What goes on in the background so that data goes when it has to.

Erasures and deletions that a process left behind are taken up by whoever sees them first. Retention
is the work of one process at a time: it holds a lease, and rests with it between two looks.
"""

import asyncio

import structlog

from documents.errors import WorkLeaseLostError, is_unavailable
from documents.work_leases import free_work_leases, work_lease
from services.cancelling import raise_if_cancelled
from services.privacy.erasing import Erasing
from services.privacy.left_deletions import finish_a_deletion
from services.privacy.retention import Retention

LOOK_INTERVAL_SECONDS = 10.0
RETENTION = "retention"
LEASE_SECONDS = 60.0
"""Longer than any batch takes."""

log = structlog.get_logger()


class Housekeeping:
    """Works for as long as the process lives."""

    def __init__(self, erasing: Erasing, retention: Retention, *, retention_seconds: float) -> None:
        """`retention_seconds` lie between two looks for what is too old."""
        self._erasing = erasing
        self._retention = retention
        self._rest_s = retention_seconds
        self._lease = work_lease(RETENTION, duration_s=LEASE_SECONDS)

    async def run(self) -> None:
        """Erase until cancelled."""
        while True:
            try:
                await self.look()
            except WorkLeaseLostError:
                log.warning("retention_goes_on_elsewhere")
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("housekeeping_failed")
            raise_if_cancelled()
            await asyncio.sleep(min(LOOK_INTERVAL_SECONDS, self._rest_s))

    async def look(self) -> None:
        """Finish what was left behind, and look for what is too old if it is our turn.

        Raises:
            WorkLeaseLostError: another process looks for what is too old now.
        """
        while await self._erasing.finish_due() or await finish_a_deletion():
            raise_if_cancelled()
        if await self._lease.acquire():
            try:
                await self._retention.apply(self._still_ours)
            finally:
                await self._lease.release(rest_s=self._rest_s)

    async def take_over(self) -> None:
        """Count all work as left behind: for the only process on its database, at its start."""
        await self._erasing.take_over_all()
        await free_work_leases()

    async def _still_ours(self) -> None:
        raise_if_cancelled()
        await self._lease.renew()
