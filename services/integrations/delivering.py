"""Delivering what happened, for as long as the process lives. Several processes may.

A delivery is taken for one attempt, and kept for as long as that takes. A process that dies between
sending and noting it leaves that one attempt to be repeated, under the same event id, half a minute
later; nothing is lost.
Integrations take turns, and one has few attempts under way at once, as has one client: a slow or
dead receiver costs the others nothing.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from documents.base import utc_now
from documents.deliveries import (
    Delivery,
    keep_taken,
    make_taken_deliveries_due,
    settle_delivery,
    take_due_delivery,
)
from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.integrations import Integration
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.cancelling import cancel_and_wait, raise_if_cancelled
from services.integrations.attempting import Attempted, Attempting
from services.integrations.channels.channels import DIGESTIBLE
from services.integrations.outcomes import Outcome
from services.integrations.pausing import Pausing
from services.integrations.schedule import PAUSES, pause_after
from services.integrations.spreading import spread_some
from services.integrations.told import GoneError, Told, told_by
from services.live.publishing import delivery_changed

RENEWALS_IN_A_LEASE = 6
"""So often is an attempt that goes on kept within the time of one lease: processes pause."""

MOST_IN_A_DIGEST = 100
LONGEST_GOODBYE_S = 5.0
"""How long attempts under way may still take when the process ends, in seconds."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is done at once, and how often is looked, in seconds.

    Attributes:
        at_once: Attempts under way in one process.
        for_one: Those of them for one integration.
        for_client: Those of them for all integrations of one client.
        look_s: Between two looks when nothing was due.
        lease_s: After which an attempt of a process that fell silent is repeated by another.
    """

    at_once: int = 32
    for_one: int = 4
    for_client: int = 8
    look_s: float = 0.5
    lease_s: float = 30.0


class Delivering:
    """Delivers."""

    def __init__(
        self,
        transactions: Transactions,
        attempting: Attempting,
        pausing: Pausing,
        pace: Pace | None = None,
    ) -> None:
        self._transactions = transactions
        self._attempting = attempting
        self._pausing = pausing
        self._pace = pace or Pace()
        self._lease = timedelta(seconds=self._pace.lease_s)
        self._after: PydanticObjectId | None = None
        self._under_way: dict[asyncio.Task[None], Sequence[Delivery]] = {}
        self._due = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            spreading = self._again_and_again(self._spread, asyncio.Event())
            delivering = self._again_and_again(self._begin_one, self._due)
            group.create_task(spreading, name="spreading")
            group.create_task(delivering, name="delivering")
            group.create_task(self._keep_what_is_under_way(), name="keeping deliveries")

    async def take_over(self) -> None:
        """Count all attempts as given up: for the only process on its database, at its start."""
        await make_taken_deliveries_due()

    async def close(self) -> None:
        """Let the attempts under way come to an end, for a while."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LONGEST_GOODBYE_S)
        for task in list(self._under_way):
            await cancel_and_wait(task)

    async def _again_and_again(
        self, work: Callable[[], Awaitable[bool]], news: asyncio.Event
    ) -> None:
        """Work as long as there is something to do, then look again: at news, or after a while."""
        while True:
            news.clear()
            try:
                while await work():
                    raise_if_cancelled()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("notices_failed")
            raise_if_cancelled()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.look_s):
                    await news.wait()

    async def _spread(self) -> bool:
        """Make deliveries of some events; whether there were any."""
        are_some = await spread_some()
        if are_some:
            self._due.set()
        return are_some

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Make room for what waits behind an attempt: for the same integration or client."""
        del self._under_way[task]
        self._due.set()

    async def _keep_what_is_under_way(self) -> None:
        while True:
            await asyncio.sleep(self._pace.lease_s / RENEWALS_IN_A_LEASE)
            taken = [one for attempt in self._under_way.values() for one in attempt]
            try:
                if taken:
                    await keep_taken(taken, self._lease)
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("notices_failed")
            raise_if_cancelled()

    async def _begin_one(self) -> bool:
        """Begin an attempt as soon as there is room for it; whether one was due."""
        while len(self._under_way) >= self._pace.at_once:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        delivery = await self._next()
        if delivery is None:
            return False
        integrations = TenantScope.one(delivery.client_id).of(Integration)
        integration = await integrations.get(delivery.integration_id)
        # Here and not in the task: what is taken next must not be of the same digest.
        taken = [delivery, *await self._others_of_digest(integration, delivery)]
        task = asyncio.create_task(self._deliver(integration, taken), name="delivery")
        self._under_way[task] = taken
        task.add_done_callback(self._ended)
        return True

    async def _next(self) -> Delivery | None:
        """Take the next delivery of the next integration in turn."""
        busy = await self._busy()
        token = secrets.token_hex(8)
        found = await take_due_delivery(token, self._lease, after=self._after, without=busy)
        if found is None and self._after is not None:
            found = await take_due_delivery(token, self._lease, without=busy)
        self._after = found.integration_id if found else None
        return found

    async def _busy(self) -> list[PydanticObjectId]:
        """The integrations that have as many attempts under way as they or their client may have.

        Those of a client by their ids: so its backlog is skipped in the index and not read.
        """
        counts = Counter(first.integration_id for first, *_ in self._under_way.values())
        busy = {one for one, count in counts.items() if count >= self._pace.for_one}
        of_clients = Counter(first.client_id for first, *_ in self._under_way.values())
        full = [one for one, count in of_clients.items() if count >= self._pace.for_client]
        if full:
            integrations = TenantScope.many(full).of(Integration)
            busy.update(await integrations.raw.distinct("_id", integrations.condition()))
        return sorted(busy)

    async def _deliver(self, integration: Integration | None, taken: Sequence[Delivery]) -> None:
        try:
            await self._delivered(integration, taken)
        except Exception as error:
            if not is_unavailable(error):
                log.exception("delivery_failed", delivery=str(taken[0].id))

    async def _delivered(self, integration: Integration | None, taken: Sequence[Delivery]) -> None:
        if integration is None:
            of_client = TenantScope.one(taken[0].client_id).of(Delivery)
            await of_client.delete_one({"_id": taken[0].id})
            return
        free: list[Delivery] = []
        for delivery in taken:
            problem = _obstacle(integration, delivery)
            if problem is None:
                free.append(delivery)
            else:
                await self._given_up(delivery, problem)
        await self._attempt(integration, free)

    async def _others_of_digest(
        self, integration: Integration | None, first: Delivery
    ) -> list[Delivery]:
        """What is shown together with the first: to the same of several receivers."""
        others: list[Delivery] = []
        if integration is None or integration.kind not in DIGESTIBLE:
            return others
        if integration.digest_minutes is None:
            return others
        token = secrets.token_hex(8)
        while len(others) < MOST_IN_A_DIGEST:
            more = await take_due_delivery(
                token, self._lease, only=integration.id, handled=first.handled
            )
            if more is None:
                break
            others.append(more)
        return others

    async def _attempt(self, integration: Integration, taken: Sequence[Delivery]) -> None:
        events: list[Told] = []
        present: list[Delivery] = []
        for delivery in taken:
            try:
                events.append(await told_by(delivery))
                present.append(delivery)
            except GoneError:
                await self._given_up(delivery, "What it speaks of was deleted.")
        if not present:
            return
        attempted = await self._attempting.attempt(integration, events, present[0])
        # Those of a digest that were tried as often wait for the same moment, to stay one.
        wish = attempted.outcome.retry_after_s
        waits = {tries: pause_after(tries, wish) for tries in {one.tries for one in present}}
        for delivery in present:
            await self._settle(delivery, attempted, waits[delivery.tries])
        await self._pausing.note(integration, attempted.outcome)

    async def _given_up(self, delivery: Delivery, problem: str) -> None:
        attempted = Attempted(Outcome(problem, is_final=True), utc_now(), 0)
        await self._settle(delivery, attempted, None)

    async def _settle(
        self, delivery: Delivery, attempted: Attempted, wait: timedelta | None
    ) -> None:
        outcome = attempted.outcome
        failed = outcome.problem is not None
        again = wait if failed and not outcome.is_final else None

        async def write(session: WriteSession) -> Delivery | None:
            settled = await settle_delivery(
                delivery,
                attempted.noted(delivery.attempts_made + 1),
                status="delivered" if not failed else "retrying" if again else "dead",
                again_in=again,
                handled=list(outcome.handled),
                session=session,
            )
            if settled is not None:
                await delivery_changed(settled, session)
            return settled

        settled = await self._transactions.run_transaction(write)
        if settled is not None and settled.status == "dead":
            self._attempting.figures.dead += 1
            log.warning("delivery_given_up", delivery=str(delivery.id), problem=outcome.problem)


def _obstacle(integration: Integration, delivery: Delivery) -> str | None:
    """Why nothing is to be attempted; None: it is."""
    if not integration.active:
        return "The integration is switched off."
    if delivery.tries > len(PAUSES) + 1:  # the process died each time
        return "The attempts never came to an end."
    return None
