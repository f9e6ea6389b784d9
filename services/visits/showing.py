"""What a page shows of a chatbot before its visitor does anything; nothing is kept."""

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.database.driver import operation_deadline
from documents.tenancy import TenantScope
from services.visits.starting import DATABASE_SECONDS, UnknownEmbedKeyError, chatbot_by_embed_key


async def shown_chatbot(embed_key: str) -> tuple[Chatbot, Client] | None:
    """The chatbot with this public key and its client, also when switched off; None for no key."""
    with operation_deadline(DATABASE_SECONDS):
        try:
            chatbot = await chatbot_by_embed_key(embed_key)
        except UnknownEmbedKeyError:
            return None
        client = await TenantScope.one(chatbot.client_id).of(Client).find_one({})
    return None if client is None else (chatbot, client)
