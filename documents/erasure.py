"""Erasing all of a client, a chatbot, a visitor or a conversation, in every collection.

Which collections is read from the document classes: a class that carries `client_id` goes with its
client, one that carries `chatbot_id` with its chatbot, and so on. What is new is erased without
anybody remembering to say so. Deleting goes in batches, since a client may have millions of
messages, and may be repeated after a crash.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from beanie import PydanticObjectId
from pymongo.asynchronous.collection import AsyncCollection

from documents.base import StoredDocument, TenantDocument, utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.integrations import Integration
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource
from documents.live_events import LiveEvent
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from documents.users import User
from documents.visitors import Visitor

BATCH = 2_000
"""Documents deleted by one command: a second of work at most, so that others get their turn."""

_TELLING = ("user_id", "question_key")
"""Fields that go with the visitor, of what outlives the visitor."""

Receipt = Mapping[str, int]
"""How many documents were deleted, by the name of the collection."""


def classes_with(
    field: str, classes: Iterable[type[StoredDocument]] = DOCUMENT_CLASSES
) -> Iterator[type[StoredDocument]]:
    """The document classes that have a field of this name."""
    for document_class in classes:
        if field in document_class.model_fields:
            yield document_class


async def erase_client(client_id: str) -> Receipt:
    """Delete everything of a client, the client itself last, and end the memberships of it.

    What a request that was under way wrote meanwhile is deleted in a second round.
    """
    erased: Counter[str] = Counter()
    for round_of in (_belongings, _client_itself, _belongings):
        # Before the client goes, too: nobody is to find memberships of a client that is made anew.
        await _end_memberships(client_id)
        for document_class in round_of():
            name = document_class.get_pymongo_collection().name
            erased[name] += await _deleted(document_class, {"client_id": client_id})
    return +erased


async def _end_memberships(client_id: str) -> None:
    await User.get_pymongo_collection().update_many(
        {"memberships.client_id": client_id},
        {
            "$pull": {"memberships": {"client_id": client_id}},
            "$set": {"updated_at": utc_now()},
            "$inc": {"revision": 1},
        },
    )


async def erase_chatbot(client_id: str, chatbot_id: PydanticObjectId) -> Receipt:
    """Delete everything of a chatbot, the chatbot last.

    Its knowledge sources stay with the client, and so do the sums of what it was used for.

    What a request that was under way wrote meanwhile is deleted in a second round.
    """
    erased: Counter[str] = Counter()
    own: dict[str, Any] = {"client_id": client_id, "chatbot_id": chatbot_id}
    chatbots = Chatbot.get_pymongo_collection()
    for _ in range(2):
        await _taken_from_sources(client_id, chatbot_id)
        await _taken_from_integrations(client_id, chatbot_id)
        for document_class in classes_with("chatbot_id"):
            if _outlives_chatbot(document_class):
                continue
            name = document_class.get_pymongo_collection().name
            erased[name] += await _deleted(document_class, own)
        gone = await chatbots.delete_one({"client_id": client_id, "_id": chatbot_id})
        erased[chatbots.name] += gone.deleted_count
    return +erased


async def erase_visitors(
    client_id: str,
    visitor_ids: Sequence[PydanticObjectId],
    classes: Iterable[type[StoredDocument]] = DOCUMENT_CLASSES,
) -> Receipt:
    """Delete everything that carries the ids of these visitors, apart from the visitors themselves.

    What outlives its visitor stays under another id, which nothing else has and nobody can trace.
    """
    erased: Counter[str] = Counter()
    owned: dict[str, Any] = {"client_id": client_id, "visitor_id": {"$in": list(visitor_ids)}}
    for _ in range(2):
        for document_class in classes_with("visitor_id", classes):
            if _outlives_visitor(document_class):
                await _under_another_id(document_class, client_id, visitor_ids)
                continue
            name = document_class.get_pymongo_collection().name
            erased[name] += await _deleted(document_class, owned)
    return +erased


async def erase_conversations(
    client_id: str, conversation_ids: Sequence[PydanticObjectId]
) -> Receipt:
    """Delete everything that was said in these conversations, apart from themselves.

    What is told to those who watch stays, among it that they are gone: ids for a week, no content.
    """
    erased: Counter[str] = Counter()
    inside: dict[str, Any] = {
        "client_id": client_id,
        "conversation_id": {"$in": list(conversation_ids)},
    }
    for _ in range(2):
        for document_class in classes_with("conversation_id"):
            if document_class is not LiveEvent and not _outlives_visitor(document_class):
                name = document_class.get_pymongo_collection().name
                erased[name] += await _deleted(document_class, inside)
    return +erased


async def erase_batch(
    scope: TenantScope, document_class: type[TenantDocument], condition: Mapping[str, Any]
) -> int:
    """Delete some of the documents that match; how many, 0 when none is left."""
    collection = scope.of(document_class)
    return await _batch_deleted(collection.raw, collection.condition(condition))


async def visitor_is_there(client_id: str, visitor_id: PydanticObjectId) -> bool:
    """Whether a visitor was not erased; for whoever has stored something of the visitor's.

    Ask after storing: an erasure deletes the visitor first and the rest then. So it either found
    what was stored, or its visitor is not there any more, and what was stored is erased here. The
    visitor has given a sign now.
    """
    visitors = TenantScope.one(client_id).of(Visitor)
    seen = {"$set": {"last_seen_at": utc_now()}}
    if await visitors.update_one({"_id": visitor_id}, seen) is not None:
        return True
    await erase_visitors(client_id, [visitor_id])
    return False


def _outlives_visitor(document_class: type[StoredDocument]) -> bool:
    return issubclass(document_class, TenantDocument) and document_class.outlives_visitor


def _outlives_chatbot(document_class: type[StoredDocument]) -> bool:
    return issubclass(document_class, TenantDocument) and document_class.outlives_chatbot


async def _under_another_id(
    document_class: type[StoredDocument], client_id: str, visitor_ids: Sequence[PydanticObjectId]
) -> None:
    """Replace each visitor's id by one id, so that what counts visitors still counts right."""
    collection = document_class.get_pymongo_collection()
    for visitor_id in visitor_ids:
        await collection.update_many(
            {"client_id": client_id, "visitor_id": visitor_id},
            {"$set": {"visitor_id": PydanticObjectId()}, "$unset": dict.fromkeys(_TELLING, "")},
        )


async def _taken_from_sources(client_id: str, chatbot_id: PydanticObjectId) -> None:
    """The sources first: from then on nothing is written for the chatbot (see `page_writing`)."""
    sources = KnowledgeSource.get_pymongo_collection()
    await sources.update_many(
        {"client_id": client_id, "chatbot_ids": chatbot_id},
        {
            "$pull": {"chatbot_ids": chatbot_id},
            "$set": {"updated_at": utc_now()},
            "$inc": {"revision": 1},
        },
    )
    leaving = {"leaving_chatbot_ids": chatbot_id}
    await sources.update_many({"client_id": client_id, **leaving}, {"$pull": leaving})
    own = {"chatbot_ids": chatbot_id}
    await KnowledgePage.get_pymongo_collection().update_many(
        {"client_id": client_id, **own}, {"$pull": own}
    )


async def _taken_from_integrations(client_id: str, chatbot_id: PydanticObjectId) -> None:
    """One that was told of this chatbot only is switched off: an empty list would mean all."""
    only_this = {"$eq": ["$chatbot_ids", [chatbot_id]]}
    changed = {
        "chatbot_ids": {"$setDifference": ["$chatbot_ids", [chatbot_id]]},
        "active": {"$cond": [only_this, False, "$active"]},
        "paused_reason": {"$cond": [only_this, "Its chatbot was deleted.", "$paused_reason"]},
        "revision": {"$add": ["$revision", 1]},
        "updated_at": "$$NOW",
    }
    await Integration.get_pymongo_collection().update_many(
        {"client_id": client_id, "chatbot_ids": chatbot_id}, [{"$set": changed}]
    )


def _belongings() -> Iterator[type[StoredDocument]]:
    return (one for one in classes_with("client_id") if one is not Client)


def _client_itself() -> Iterator[type[StoredDocument]]:
    yield Client


async def _deleted(document_class: type[StoredDocument], condition: dict[str, Any]) -> int:
    collection = document_class.get_pymongo_collection()
    count = 0
    while gone := await _batch_deleted(collection, condition):
        count += gone
    return count


async def _batch_deleted(
    collection: AsyncCollection[dict[str, Any]], condition: Mapping[str, Any]
) -> int:
    """How many of one batch were deleted; 0 only when nothing matches any more."""
    while found := await collection.find(condition, {"_id": 1}).limit(BATCH).to_list():
        ids = [one["_id"] for one in found]
        result = await collection.delete_many({**condition, "_id": {"$in": ids}})
        if result.deleted_count:  # else another process was faster
            return result.deleted_count
    return 0
