"""Deleting a chatbot with everything that is its own: confirmed by its name, with a receipt."""

import structlog

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.erasure import Receipt, erase_chatbot
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.refusals import ConfirmationMismatchError, UnknownTargetError

log = structlog.get_logger()


async def delete_chatbot(
    transactions: Transactions,
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    confirmed_name: str,
) -> Receipt:
    """Delete a chatbot in every collection.

    It is switched off first, so that nobody begins anything new, and that is what the audit log
    tells of: nothing is deleted without an entry. A deletion that was interrupted is finished in
    the background, see `services.privacy.left_deletions`, or by asking for it again.

    Raises:
        UnknownTargetError: there is no such chatbot in the scope.
        ConfirmationMismatchError: the name in its draft is another one.
    """

    async def switch_off(session: WriteSession) -> Chatbot:
        chatbots = scope.of(Chatbot)
        chatbot = await chatbots.get(chatbot_id, session=session)
        if chatbot is None:
            raise UnknownTargetError("input", "id")
        if chatbot.draft.name != confirmed_name:
            message = "This is not the chatbot's name. Nothing was deleted."
            raise ConfirmationMismatchError(message, "input", "confirmName")
        ended = {"active": False, "deleted_at": utc_now()}
        await chatbots.update_one({"_id": chatbot_id}, {"$set": ended}, session=session)
        await record(session, client_id=chatbot.client_id, before=chatbot)
        return chatbot

    chatbot = await transactions.run_transaction(switch_off)
    erased = await erase_chatbot(chatbot.client_id, chatbot_id)
    log.warning("chatbot_deleted", client_id=chatbot.client_id, chatbot_id=str(chatbot_id))
    return erased
