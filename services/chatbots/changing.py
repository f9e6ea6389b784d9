"""Reading a chatbot in order to change it, and writing what changed, inside of one transaction.

Another change of the same chatbot makes the transaction begin anew. So what was checked against
the chatbot still holds when it is written, and what is told as its state before is what it was.
"""

from typing import Any

from documents.chatbots import Chatbot
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.audit.audit_log import record
from services.refusals import StaleRevisionError, UnknownTargetError


async def found(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    revision: int | None,
    session: WriteSession,
) -> Chatbot:
    """The chatbot as this transaction sees it.

    Raises:
        UnknownTargetError: there is no such chatbot in the scope.
        StaleRevisionError: it was changed since `revision`.
    """
    chatbot = await scope.of(Chatbot).get(chatbot_id, session=session)
    if chatbot is None:
        raise UnknownTargetError("input", "id")
    if revision is not None and revision != chatbot.revision:
        raise StaleRevisionError(chatbot, chatbot.revision)
    return chatbot


async def changed(
    scope: TenantScope, chatbot: Chatbot, changes: dict[str, Any], session: WriteSession
) -> Chatbot:
    """The chatbot after `changes`, which are stored values by their places in the document.

    The audit log is told. Without changes nothing is written.

    Raises:
        UnknownTargetError: it is gone.
    """
    after: Chatbot | None = chatbot
    if changes:
        after = await scope.of(Chatbot).update_one(
            {"_id": chatbot.id}, {"$set": changes, "$inc": {"revision": 1}}, session=session
        )
    if after is None:
        raise UnknownTargetError("input", "id")
    await record(session, client_id=chatbot.client_id, before=chatbot, after=after)
    return after
