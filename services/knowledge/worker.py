"""Does the work of all knowledge sources in the background, as one of any number of processes.

A source is worked at by one process at a time: it holds a lease, and says again and again that it
is alive. Whose process dies, or is stopped, loses nothing: the next one goes on. Sites have places
of their own: reading one may take an hour, nearly all of it waiting, and nothing else waits for it.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from documents.errors import WorkLeaseLostError, is_unavailable
from documents.knowledge_work import (
    LEASE_S,
    Claim,
    claim_work,
    finish_work,
    free_all_work,
    is_site_waiting,
    is_work_waiting,
    keep_work,
    leave_work,
)
from documents.transactions import Transactions
from services.cancelling import cancel_and_wait, raise_if_cancelled
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.failing_work import note_failure
from services.knowledge.large_pages import delete_hidden
from services.knowledge.reindexing import reindex
from services.knowledge.site_turns import SiteBusyError
from services.knowledge.source_definition import FETCHED_KINDS
from services.knowledge.stays import TURN_S, PlaceWantedError, Stay, nobody_waits
from services.knowledge.syncing import Syncing
from services.knowledge.turns import Turns
from services.knowledge.unsharing import unshare

LOOK_EVERY_S = 2.0
"""How often a process looks for work that another one has asked for, in seconds."""


SITE_BUSY_REST_S = 5.0
"""How long a source waits whose site another one reads, in seconds."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Places:
    """How many sources one process works at together.

    Attributes:
        sites: that are read from a site; they wait for it most of the time.
        sites_per_client: of one client.
        others: typed texts, files, and sources that are indexed anew: they take a processor.
        others_per_client: of one client.
    """

    sites: int = 8
    sites_per_client: int = 3
    others: int = 3
    others_per_client: int = 2


@dataclass(frozen=True, slots=True)
class _Line:
    """Sources that wait for the same places; a source at work may have given its place up."""

    only: Mapping[str, Any]
    turns: Turns
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)


class KnowledgeWorker:
    """Works for as long as the process lives."""

    def __init__(
        self,
        transactions: Transactions,
        syncing: Syncing,
        *,
        places: Places | None = None,
        lease_s: float = LEASE_S,
        look_every_s: float = LOOK_EVERY_S,
        turn_s: float = TURN_S,
    ) -> None:
        self._transactions = transactions
        self._syncing = syncing
        self._lines = _lines(places or Places())
        self._lease_s = lease_s
        self._look_every_s = look_every_s
        self._turn_s = turn_s
        self._leaving: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is work, probably."""
        for line in self._lines:
            line.woken.set()

    async def take_over(self) -> None:
        """Count all work as left behind: for the only process on its database, at its start."""
        await free_all_work()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as lines:
            for line in self._lines:
                lines.create_task(self._keep_working(line), name="knowledge work")

    async def work_once(self, only: Mapping[str, Any] | None = None) -> bool:
        """Do the work of one source that is due; whether there was one.

        What it cannot do is noted at the source, or left to another process.

        Args:
            only: A filter for the sources; any when left out.
        """
        claim = await claim_work(secrets.token_hex(8), lease_s=self._lease_s, only=only)
        if claim is None:
            return False
        await self._work_at(claim, Stay(nobody_waits))
        return True

    async def close(self) -> None:
        """Wait until everything that was under way is given back."""
        while self._leaving:
            await asyncio.wait(self._leaving)

    async def _keep_working(self, line: _Line) -> None:
        async with asyncio.TaskGroup() as places:
            while True:
                claim = None
                try:
                    claim = await self._next_of(line)
                except Exception as error:
                    if not is_unavailable(error):
                        log.exception("knowledge_work_failed")
                raise_if_cancelled()
                if claim is None:
                    await self._rest(line)
                    continue
                line.turns.begin(claim.client_id)
                line.given_up.clear()
                places.create_task(self._in_a_place(line, claim), name="knowledge place")

    async def _next_of(self, line: _Line) -> Claim | None:
        if line.turns.is_full:
            return None
        token = secrets.token_hex(8)
        for clients in line.turns.passed_over():
            claim = await claim_work(
                token, lease_s=self._lease_s, only=line.only, passing_over=clients
            )
            if claim is not None:
                return claim
        return None

    async def _in_a_place(self, line: _Line, claim: Claim) -> None:
        stay = Stay(partial(_wanted, line, claim), turn_s=self._turn_s)
        try:
            await self._work_at(claim, stay)
        except Exception as error:
            if not is_unavailable(error):
                log.exception("knowledge_work_failed")
        finally:
            line.turns.end(claim.client_id)
            line.woken.set()

    async def _work_at(self, claim: Claim, stay: Stay) -> None:
        work = asyncio.create_task(self._done(claim, stay), name="knowledge source")
        keeping = asyncio.create_task(self._kept(claim, work), name="knowledge lease")
        try:
            await asyncio.wait((work,))
        except asyncio.CancelledError:
            self._leave(claim, work)
            raise
        finally:
            await cancel_and_wait(keeping)
        await self._ended(claim, work)

    def _leave(self, claim: Claim, work: "asyncio.Task[None]") -> None:
        """Give back what is under way; nothing cancels that."""

        async def leave() -> None:
            await cancel_and_wait(work)
            with suppress(Exception):  # the lease ends by itself
                await leave_work(claim)

        task = asyncio.create_task(leave(), name="knowledge given back")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _rest(self, line: _Line) -> None:
        try:
            async with asyncio.timeout(self._look_every_s):
                await line.woken.wait()
        except TimeoutError:
            return
        line.woken.clear()

    async def _done(self, claim: Claim, stay: Stay) -> None:
        claimed = ClaimedSource(self._transactions, claim)
        await delete_hidden(claimed)
        await unshare(claimed)
        await reindex(claimed, stay)
        await self._syncing.sync(claimed, stay)

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
        elif isinstance(problem, PlaceWantedError):
            await leave_work(claim, rest_s=problem.rest_s)
            log.info("knowledge_work_goes_on_later", source_id=str(claim.source_id))
        elif isinstance(problem, SiteBusyError):
            await leave_work(claim, rest_s=SITE_BUSY_REST_S)
        elif is_unavailable(problem):
            await leave_work(claim)
        else:
            log.error("knowledge_work_failed", source_id=str(claim.source_id), exc_info=problem)
            await note_failure(claim)


async def _wanted(line: _Line, claim: Claim) -> float | None:
    """For how long to rest so that others go first: those who wait for the site, or a place."""
    if await is_site_waiting(claim, only=line.only, within_s=SITE_BUSY_REST_S):
        return 2 * SITE_BUSY_REST_S
    return 0.0 if await _is_place_wanted(line, claim) else None


async def _is_place_wanted(line: _Line, claim: Claim) -> bool:
    """Whether another client waits for a place here, and nobody gives one up for it already."""
    if line.given_up.is_set() or not line.turns.is_full:
        return False
    line.given_up.set()  # before anything is waited for: of two that ask at once one says yes
    is_wanted = False
    try:
        others = line.turns.with_all_places | {claim.client_id}
        is_wanted = await is_work_waiting(only=line.only, passing_over=others)
    finally:
        if not is_wanted:
            line.given_up.clear()
    return is_wanted


def _lines(places: Places) -> tuple[_Line, ...]:
    from_sites = sorted(FETCHED_KINDS)
    return (
        _Line(
            {"kind": {"$in": from_sites}}, Turns(places.sites, per_client=places.sites_per_client)
        ),
        _Line(
            {"kind": {"$nin": from_sites}},
            Turns(places.others, per_client=places.others_per_client),
        ),
    )
