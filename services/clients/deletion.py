"""Deleting a client with everything that is its own: confirmed by its slug, with a receipt."""

import structlog

from documents.base import utc_now
from documents.clients import Client
from documents.erasure import Receipt, erase_client
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.refusals import ConfirmationMismatchError, UnknownTargetError

log = structlog.get_logger()


async def delete_client(
    transactions: Transactions,
    scope: TenantScope,
    document_id: PydanticObjectId,
    confirmed_slug: str,
) -> Receipt:
    """Delete a client in every collection.

    It is switched off first, so that nobody begins anything new, and that is what the audit log
    tells of: nothing is deleted without an entry. A deletion that was interrupted is finished in
    the background, see `services.privacy.left_deletions`, or by asking for it again.

    Raises:
        UnknownTargetError: there is no such client in the scope.
        ConfirmationMismatchError: its slug is another one.
    """

    async def switch_off(session: WriteSession) -> Client:
        clients = scope.of(Client)
        client = await clients.get(document_id, session=session)
        if client is None:
            raise UnknownTargetError("input", "id")
        if client.client_id != confirmed_slug:
            message = "This is not the client's slug. Nothing was deleted."
            raise ConfirmationMismatchError(message, "input", "confirmSlug")
        ended = {"active": False, "deleted_at": utc_now()}
        await clients.update_one({"_id": document_id}, {"$set": ended}, session=session)
        await record(session, client_id=None, before=client)
        return client

    client = await transactions.run_transaction(switch_off)
    erased = await erase_client(client.client_id)
    log.warning("client_deleted", client_id=client.client_id, erased=dict(erased))
    return erased
