"""Giving a conversation another title or tags, and closing it.

A visitor's own changes are no entry of the audit log, and nobody's entry says what a title is or
was: what visitors said must not outlive them there.
"""

from collections.abc import Sequence

from documents.conversations import Conversation
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.acts import acts_as_visitor
from services.audit.audit_log import record, record_about
from services.field_checks import FieldChecks
from services.live.publishing import news_of_conversation, publish
from services.refusals import UnknownTargetError

MAX_TITLE_CHARACTERS = 200
MAX_TAGS = 30
MAX_TAG_CHARACTERS = 50


class ConversationChanges:
    """Changes conversations. Doing the same again changes nothing and is no refusal."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def rename(
        self, scope: TenantScope, conversation_id: PydanticObjectId, title: str
    ) -> Conversation:
        """Give a conversation another title.

        Raises:
            InvalidFieldsError: the title is empty, too long, or no single line.
            UnknownTargetError: the conversation is gone.
        """
        checks = FieldChecks("input")
        cleaned = checks.line("title", title, longest=MAX_TITLE_CHARACTERS)
        checks.done()

        async def change(session: WriteSession) -> Conversation:
            conversations = scope.of(Conversation)
            other = {"_id": conversation_id, "title": {"$ne": cleaned}}
            named = {"$set": {"title": cleaned}}
            renamed = await conversations.update_one(other, named, session=session)
            if renamed is None:
                return await _unchanged(scope, conversation_id, session)
            await recorded(renamed, session)
            news = news_of_conversation("conversation_renamed", renamed)
            await publish(renamed.client_id, news, session=session)
            return renamed

        return await self._transactions.run_transaction(change)

    async def tag(
        self, scope: TenantScope, conversation_id: PydanticObjectId, tags: Sequence[str]
    ) -> Conversation:
        """Give a conversation these tags instead of those that it has.

        Raises:
            InvalidFieldsError: there are too many, or one is empty, too long, or no single line.
            UnknownTargetError: the conversation is gone.
        """
        checks = FieldChecks("input")
        checks.at_most("tags", tags, MAX_TAGS)
        inside = checks.within("tags")
        cleaned = [
            inside.line(str(index), one, longest=MAX_TAG_CHARACTERS)
            for index, one in enumerate(tags[:MAX_TAGS])
        ]
        checks.done()
        wanted = list(dict.fromkeys(cleaned))

        async def change(session: WriteSession) -> Conversation:
            conversations = scope.of(Conversation)
            other = {"_id": conversation_id, "tags": {"$ne": wanted}}
            labelled = {"$set": {"tags": wanted}}
            tagged = await conversations.update_one(other, labelled, session=session)
            if tagged is None:
                return await _unchanged(scope, conversation_id, session)
            await recorded(tagged, session)
            news = news_of_conversation("conversation_changed", tagged)
            await publish(tagged.client_id, news, session=session)
            return tagged

        return await self._transactions.run_transaction(change)

    async def close(self, scope: TenantScope, conversation_id: PydanticObjectId) -> Conversation:
        """Take no more questions in a conversation; an answer that is being given goes on.

        Raises:
            UnknownTargetError: the conversation is gone.
        """

        async def change(session: WriteSession) -> Conversation:
            conversations = scope.of(Conversation)
            other = {"_id": conversation_id, "status": {"$ne": "closed"}}
            ended = {"$set": {"status": "closed", "end_hook_due": True}}
            closed = await conversations.update_one(other, ended, session=session)
            if closed is None:
                return await _unchanged(scope, conversation_id, session)
            await recorded(closed, session)
            news = news_of_conversation("conversation_closed", closed)
            await publish(closed.client_id, news, session=session)
            return closed

        return await self._transactions.run_transaction(change)


async def recorded(conversation: Conversation, session: WriteSession) -> None:
    """Record that somebody of the client's side did something with a conversation."""
    if not acts_as_visitor():
        await record_about(session, Conversation, conversation.id, client_id=conversation.client_id)


async def _unchanged(
    scope: TenantScope, conversation_id: PydanticObjectId, session: WriteSession
) -> Conversation:
    found = await scope.of(Conversation).get(conversation_id, session=session)
    if found is None:
        raise UnknownTargetError("input", "id")
    await record(session, client_id=found.client_id, before=found, after=found)
    return found
