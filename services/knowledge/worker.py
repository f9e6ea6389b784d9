"""Does the work of all knowledge sources in the background, as one of any number of processes.

A source is worked at by one process at a time: it holds a lease, and says again and again that it
is alive. Whose process dies, or is stopped, loses nothing: the next one goes on.
"""

import asyncio
import secrets
from contextlib import suppress

import structlog

from documents.errors import WorkLeaseLostError, is_unavailable
from documents.knowledge_work import (
    LEASE_S,
    Claim,
    claim_work,
    finish_work,
    free_all_work,
    keep_work,
    leave_work,
)
from documents.transactions import Transactions
from services.cancelling import cancel_and_wait, raise_if_cancelled
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.failing_work import note_failure
from services.knowledge.reindexing import reindex
from services.knowledge.site_turns import SiteBusyError
from services.knowledge.syncing import Syncing
from services.knowledge.unsharing import unshare

LOOK_EVERY_S = 2.0
"""How often a process looks for work that another one has asked for, in seconds."""

SOURCES_AT_ONCE = 2
"""Of one process: reading waits for sites most of the time, but indexing takes a processor."""

SITE_BUSY_REST_S = 5.0
"""How long a source waits whose site another one reads, in seconds."""

log = structlog.get_logger()


class KnowledgeWorker:
    """Works for as long as the process lives."""

    def __init__(
        self,
        transactions: Transactions,
        syncing: Syncing,
        *,
        lease_s: float = LEASE_S,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._transactions = transactions
        self._syncing = syncing
        self._lease_s = lease_s
        self._look_every_s = look_every_s
        self._woken = asyncio.Event()
        self._leaving: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is work, probably."""
        self._woken.set()

    async def take_over(self) -> None:
        """Count all work as left behind: for the only process on its database, at its start."""
        await free_all_work()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as places:
            for _ in range(SOURCES_AT_ONCE):
                places.create_task(self._keep_working(), name="knowledge work")

    async def work_once(self) -> bool:
        """Do the work of one source that is due; whether there was one.

        What it cannot do is noted at the source, or left to another process.
        """
        claim = await claim_work(secrets.token_hex(8), lease_s=self._lease_s)
        if claim is None:
            return False
        work = asyncio.create_task(self._done(claim), name="knowledge source")
        keeping = asyncio.create_task(self._kept(claim, work), name="knowledge lease")
        try:
            await asyncio.wait((work,))
        except asyncio.CancelledError:
            self._leave(claim, work)
            raise
        finally:
            await cancel_and_wait(keeping)
        await self._ended(claim, work)
        return True

    async def close(self) -> None:
        """Wait until everything that was under way is given back."""
        while self._leaving:
            await asyncio.wait(self._leaving)

    async def _keep_working(self) -> None:
        while True:
            has_worked = False
            try:
                has_worked = await self.work_once()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("knowledge_work_failed")
            raise_if_cancelled()
            if not has_worked:
                await self._rest()

    def _leave(self, claim: Claim, work: "asyncio.Task[None]") -> None:
        """Give back what is under way; nothing cancels that."""

        async def leave() -> None:
            await cancel_and_wait(work)
            with suppress(Exception):  # the lease ends by itself
                await leave_work(claim)

        task = asyncio.create_task(leave(), name="knowledge given back")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._look_every_s):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    async def _done(self, claim: Claim) -> None:
        claimed = ClaimedSource(self._transactions, claim)
        await unshare(claimed)
        await reindex(claimed)
        await self._syncing.sync(claimed)

    async def _kept(self, claim: Claim, work: asyncio.Task[None]) -> None:
        """Hold the source until the work is done; end the work when it cannot be held."""
        held_until = asyncio.get_running_loop().time() + self._lease_s
        while True:
            await asyncio.sleep(self._lease_s / 4)
            asked_at = asyncio.get_running_loop().time()
            try:
                if not await keep_work(claim, lease_s=self._lease_s):
                    break
                held_until = asked_at + self._lease_s
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("knowledge_lease_failed")
                if asked_at > held_until:
                    break
            raise_if_cancelled()
        work.cancel()

    async def _ended(self, claim: Claim, work: "asyncio.Task[None]") -> None:
        if work.cancelled():
            log.info("knowledge_work_goes_on_elsewhere", source_id=str(claim.source_id))
            return
        problem = work.exception()
        if problem is None:
            await finish_work(claim)
        elif isinstance(problem, WorkLeaseLostError):
            log.info("knowledge_work_lost", source_id=str(claim.source_id))
        elif isinstance(problem, SiteBusyError):
            await leave_work(claim, rest_s=SITE_BUSY_REST_S)
        elif is_unavailable(problem):
            await leave_work(claim)
        else:
            log.error("knowledge_work_failed", source_id=str(claim.source_id), exc_info=problem)
            await note_failure(claim)
