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
            again = await delivery_due_again(delivery, session)
            if again is not None:
                await delivery_changed(again, session)
            else:
                deliveries = TenantScope.one(delivery.client_id).of(Delivery)
                again = await deliveries.get(delivery.id, session=session)
            if again is None:
                raise UnknownTargetError("input", "deliveryId")
            await record_about(session, Delivery, again.id, client_id=again.client_id)
            return again

        return await self._transactions.run_transaction(write)
