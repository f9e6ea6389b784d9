"""Finishing deletions of clients and chatbots: those that took longer than their request may.

Deleting is begun by switching off and noting when, and all that it does may be done twice. What
somebody has switched on again stays, also when it is switched off later: switching on takes the
moment away. Whoever takes a deletion moves its moment on, so that others leave it alone meanwhile.
"""

from datetime import timedelta

import structlog

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.erasure import erase_chatbot, erase_client
from documents.tenancy import TenantScope

GRACE = timedelta(minutes=2)
"""Longer than any request: until then it is at it itself."""

log = structlog.get_logger()


async def finish_a_deletion(grace: timedelta = GRACE) -> bool:
    """Delete what is left of a client or a chatbot; whether there was one."""
    now = utc_now()
    left = {"active": False, "deleted_at": {"$lt": now - grace}}
    ours = {"$set": {"deleted_at": now}}
    everybody = TenantScope.every_client()
    client = await everybody.of(Client).update_one(left, ours)
    if client is not None:
        await erase_client(client.client_id)
        log.warning("client_deleted", client_id=client.client_id)
        return True
    chatbot = await everybody.of(Chatbot).update_one(left, ours)
    if chatbot is not None:
        await erase_chatbot(chatbot.client_id, chatbot.id)
        log.warning("chatbot_deleted", client_id=chatbot.client_id, chatbot_id=str(chatbot.id))
    return chatbot is not None
