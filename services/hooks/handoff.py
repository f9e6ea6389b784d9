"""Asking for a person, and labelling: what a hook does to a conversation beside its answer.

Both may be done again by an answer that is made twice, and change nothing then: a conversation that
waits for a person waits already.
"""

from collections.abc import Sequence

from documents.conversations import Conversation
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.live.publishing import news_of_conversation, publish
from services.outbox.recording import Happening, record

MOST_TAGS = 30
"""Of a conversation; further ones that hooks give are left out."""


async def ask_for_person(
    transactions: Transactions,
    conversation: Conversation,
    question_id: PydanticObjectId,
    reason: str,
) -> None:
    """Mark a conversation as waiting for a person, and tell those who are to know."""

    async def change(session: WriteSession) -> None:
        conversations = TenantScope.one(conversation.client_id).of(Conversation)
        waiting = {"_id": conversation.id, "status": {"$in": ["open", "archived"]}}
        changed = {"$set": {"status": "needs_human"}}
        marked = await conversations.update_one(waiting, changed, session=session)
        if marked is None:
            return  # it waits already, or was closed meanwhile
        await record(_wish(conversation, question_id, reason), session)
        news = news_of_conversation("conversation_changed", marked)
        await publish(marked.client_id, news, session=session)

    await transactions.run_transaction(change)


def _wish(conversation: Conversation, question_id: PydanticObjectId, reason: str) -> Happening:
    return Happening(
        conversation.client_id,
        "handoff.requested",
        f"handoff.requested/{question_id}",
        chatbot_id=conversation.chatbot_id,
        visitor_id=conversation.visitor_id,
        conversation_id=conversation.id,
        facts={"reason": reason} if reason else {},
        in_preview=conversation.preview_until is not None,
    )


async def label(conversation: Conversation, tags: Sequence[str]) -> None:
    """Give a conversation more tags, as far as there is room for them."""
    if not tags:
        return
    conversations = TenantScope.one(conversation.client_id).of(Conversation)
    own = conversations.condition({"_id": conversation.id})
    new = {"$setUnion": [[], {"$setDifference": [{"$literal": list(tags)}, "$tags"]}]}
    more = {"$slice": [{"$concatArrays": ["$tags", new]}, MOST_TAGS]}
    await conversations.raw.update_one(own, [{"$set": {"tags": more, "updated_at": "$$NOW"}}])
