"""Which knowledge source gets the answers that people approve for a chatbot: one at a time.

Its id stands at the chatbot, and is changed in the transaction that makes the source: of two people
who approve a first answer at once, the second one finds the first one's source.
"""

from beanie import PydanticObjectId

from documents.chatbots import Chatbot
from documents.tenancy import TenantScope
from documents.transactions import WriteSession

_FAQ_SOURCE = frozenset({"faq_source_id"})


async def faq_source_of(client_id: str, chatbot_id: PydanticObjectId) -> PydanticObjectId | None:
    """The source that got a chatbot's last answer; it may be deleted. None: there never was one."""
    chatbot = await TenantScope.one(client_id).of(Chatbot).part(chatbot_id, _FAQ_SOURCE)
    return chatbot.faq_source_id if chatbot else None


async def replace_faq_source(
    client_id: str,
    chatbot_id: PydanticObjectId,
    before: PydanticObjectId | None,
    after: PydanticObjectId,
    session: WriteSession,
) -> bool:
    """Let another source get the answers from now on; False: `before` does not any more."""
    chatbots = TenantScope.one(client_id).of(Chatbot)
    result = await chatbots.raw.update_one(
        chatbots.condition({"_id": chatbot_id, "faq_source_id": before}),
        {"$set": {"faq_source_id": after}},
        session=session,
    )
    return result.matched_count == 1
