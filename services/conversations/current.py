"""A visitor has one open conversation with a chatbot: the one in which the last question came.

The others wait in the archive, and a question takes any of them up again. One that waits for a
person stays where people look for it.
"""

from documents.base import utc_now
from documents.conversations import Conversation
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.visitors import Visitor
from services.refusals import UnknownTargetError

ARCHIVED_AT_ONCE = 100
"""There is one at most, but for what was stored before there was an archive."""


async def take_turn(client_id: str, visitor_id: PydanticObjectId, session: WriteSession) -> None:
    """Begin a transaction in which a visitor asks something.

    Two at the same moment must see each other, and in transactions they would not. So both change
    the visitor: one of them is then started anew by the database. As early as possible, since
    what was done before is done again.

    Raises:
        UnknownTargetError: the visitor is gone.
    """
    visitors = TenantScope.one(client_id).of(Visitor)
    turn = {"$inc": {"conversation_turns": 1}, "$set": {"last_seen_at": utc_now()}}
    if await visitors.update_one({"_id": visitor_id}, turn, session=session) is None:
        raise UnknownTargetError("visitor")


async def archive_others(current: Conversation, session: WriteSession) -> list[Conversation]:
    """Archive the visitor's other open conversations with the chatbot, and tell which."""
    conversations = TenantScope.one(current.client_id).of(Conversation)
    others = {
        "visitor_id": current.visitor_id,
        "chatbot_id": current.chatbot_id,
        "status": "open",
        "_id": {"$ne": current.id},
    }
    found = await conversations.find(others, limit=ARCHIVED_AT_ONCE, session=session)
    if found:
        ids = {"_id": {"$in": [one.id for one in found]}}
        archived = {"$set": {"status": "archived"}}
        await conversations.update_many(ids, archived, session=session)
    return found
