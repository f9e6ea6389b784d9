"""Pausing an integration whose receiver has failed for days, and saying so to its people.

It stays paused until a person switches it on again; what waited for it can be redelivered. What
happens meanwhile is not kept for it.
"""

from datetime import timedelta

from documents.base import utc_now
from documents.clients import Client
from documents.database_clock import database_now
from documents.deliveries import end_open_deliveries
from documents.integrations import Integration
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.accounts.members import members_of
from services.audit.audit_log import record
from services.integrations.outcomes import Outcome
from services.mail.mails import Mail
from services.mail.queue import MailQueue

PAUSED_AFTER = timedelta(days=5)
"""How long attempts may fail without one that succeeds."""

WHAT_TO_DO = (
    "Mend the receiver, switch the integration on again, and redeliver what failed until now: the"
    " log of deliveries holds it for 30 days. What happens until then is not kept."
)
MAIL_LIVES = timedelta(days=3)


class Pausing:
    """Keeps an eye on receivers."""

    def __init__(
        self, transactions: Transactions, queue: MailQueue, after: timedelta = PAUSED_AFTER
    ) -> None:
        self._transactions = transactions
        self._queue = queue
        self._after = after

    async def note(self, integration: Integration, outcome: Outcome) -> None:
        """Note how an attempt went, and pause what has failed for too long."""
        integrations = TenantScope.one(integration.client_id).of(Integration)
        if outcome.problem is None or outcome.reached_some:
            if integration.failing_since is not None:
                healed = {"_id": integration.id, "failing_since": {"$ne": None}}
                await integrations.update_one(healed, {"$set": {"failing_since": None}})
            return
        now = await database_now()
        since = integration.failing_since
        if since is None:
            first = {"_id": integration.id, "failing_since": None}
            await integrations.update_one(first, {"$set": {"failing_since": now}})
        if outcome.is_over or (since is not None and now - since >= self._after):
            await self._pause(integration, _reason(outcome))

    async def _pause(self, integration: Integration, reason: str) -> None:
        async def write(session: WriteSession) -> bool:
            integrations = TenantScope.one(integration.client_id).of(Integration)
            running = {"_id": integration.id, "active": True}
            paused = {"$set": {"active": False, "paused_reason": reason}, "$inc": {"revision": 1}}
            after = await integrations.update_one(running, paused, session=session)
            if after is None:
                return False
            await record(session, client_id=after.client_id, before=integration, after=after)
            await self._tell(after, reason, session)
            return True

        if await self._transactions.run_transaction(write):
            await end_open_deliveries(integration.client_id, integration.id)

    async def _tell(self, integration: Integration, reason: str, session: WriteSession) -> None:
        slug = integration.client_id
        client = await TenantScope.one(slug).of(Client).find_one({}, session=session)
        people = (await members_of([slug])).get(slug, [])
        for person in people:
            if not any(one.client_id == slug and one.role == "owner" for one in person.memberships):
                continue
            mail = _mail(person.email, integration, client.name if client else slug, reason)
            key = f"integration.paused/{integration.id}/{integration.revision}/{person.id}"
            deadline = utc_now() + MAIL_LIVES
            await self._queue.put(session, mail, key=key, deadline=deadline, client_id=slug)


def _reason(outcome: Outcome) -> str:
    if outcome.is_over:
        return "The receiver answered 410: it wants nothing any more."
    return f"All attempts have failed for {PAUSED_AFTER.days} days. The last one: {outcome.problem}"


def _mail(address: str, integration: Integration, client: str, reason: str) -> Mail:
    return Mail(
        name="",
        address=address,
        subject=f"The integration “{integration.name}” of {client} is paused",
        paragraphs=[
            f"Nothing is sent to “{integration.name}” ({integration.target_label}) any more.",
            reason,
            WHAT_TO_DO,
        ],
    )
