"""Trying an integration out, and recording that somebody did."""

from documents.deliveries import Attempt
from documents.integrations import Integration
from documents.outbox_entries import OutboxKind
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record_about
from services.integrations.attempting import Attempting


class IntegrationTests:
    """Makes trials."""

    def __init__(self, transactions: Transactions, attempting: Attempting) -> None:
        self._transactions = transactions
        self._attempting = attempting

    async def test(self, integration: Integration, kind: OutboxKind) -> Attempt:
        """Tell an integration of something that did not happen.

        Raises:
            UnknownTargetError: its client is gone.
        """

        async def write(session: WriteSession) -> None:
            client_id, noted = integration.client_id, {"event": kind}
            await record_about(
                session, Integration, integration.id, client_id=client_id, noted=noted
            )

        await self._transactions.run_transaction(write)
        return await self._attempting.try_out(integration, kind)
