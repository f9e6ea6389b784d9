"""Deleting one conversation with everything that was said in it."""

from documents.conversations import Conversation
from documents.ids import PydanticObjectId
from documents.pending_erasures import PendingErasure
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.conversations.changing import recorded
from services.live.publishing import news_of_conversation, publish
from services.privacy.erasing import Erasing
from services.refusals import UnknownTargetError


class Deleting:
    """Deletes conversations for good, also when a server dies half way."""

    def __init__(self, transactions: Transactions, erasing: Erasing) -> None:
        self._transactions = transactions
        self._erasing = erasing

    async def delete(self, scope: TenantScope, conversation_id: PydanticObjectId) -> None:
        """Delete a conversation; answers that are being given in it end.

        The conversation goes first, with a note of what is left to do. A question that comes at
        the same moment changes the conversation too: it is either deleted as well or not accepted.

        Raises:
            UnknownTargetError: the scope has no such conversation, or not any more.
        """

        async def begin(session: WriteSession) -> PendingErasure:
            gone = await scope.of(Conversation).delete_one({"_id": conversation_id}, session)
            if gone is None:
                raise UnknownTargetError("input", "id")
            await recorded(gone, session)
            pending = await self._erasing.note(
                gone.client_id, session, conversation_ids=[conversation_id]
            )
            news = news_of_conversation("conversation_deleted", gone)
            await publish(gone.client_id, news, session=session)
            return pending

        await self._erasing.finish(await self._transactions.run_transaction(begin))
