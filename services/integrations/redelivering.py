"""Delivering again on request, from the first attempt on, under the same event id."""

from documents.deliveries import Delivery, delivery_due_again
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record_about
from services.live.publishing import delivery_changed
from services.refusals import UnknownTargetError


class Redelivering:
    """Lets deliveries be attempted again."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def redeliver(self, delivery: Delivery) -> Delivery:
        """The delivery, due at once; as it is while an attempt is under way.

        Raises:
            UnknownTargetError: it is gone.
        """

        async def write(session: WriteSession) -> Delivery:
            due = await delivery_due_again(delivery, session)
            again = due or await _stored(delivery, session)
            await record_about(session, Delivery, again.id, client_id=again.client_id)
            if due is not None:
                await delivery_changed(due, session)
            return again

        return await self._transactions.run_transaction(write)


async def _stored(delivery: Delivery, session: WriteSession) -> Delivery:
    deliveries = TenantScope.one(delivery.client_id).of(Delivery)
    found = await deliveries.get(delivery.id, session=session)
    if found is None:
        raise UnknownTargetError("input", "deliveryId")
    return found
