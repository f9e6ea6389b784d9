"""Erasing all of a client or of a chatbot, in every collection, with a receipt.

Which collections is read from the document classes: a class that carries `client_id` goes with its
client, one that carries `chatbot_id` with its chatbot. What is new is erased without anybody
remembering to say so. Deleting goes in batches, since a client may have millions of messages, and
may be repeated after a crash.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from beanie import PydanticObjectId

from documents.base import StoredDocument, utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.knowledge_sources import KnowledgeSource
from documents.registry import DOCUMENT_CLASSES
from documents.users import User

BATCH = 2_000
"""Documents deleted by one command: a second of work at most, so that others get their turn."""

Receipt = Mapping[str, int]
"""How many documents were deleted, by the name of the collection."""


def classes_with(field: str) -> Iterator[type[StoredDocument]]:
    """The document classes that have a field of this name."""
    for document_class in DOCUMENT_CLASSES:
        if field in document_class.model_fields:
            yield document_class


async def erase_client(client_id: str) -> Receipt:
    """Delete everything of a client, the client itself last, and end the memberships of it.

    What a request that was under way wrote meanwhile is deleted in a second round.
    """
    erased: Counter[str] = Counter()
    for round_of in (_belongings, _client_itself, _belongings):
        for document_class in round_of():
            name = document_class.get_pymongo_collection().name
            erased[name] += await _deleted(document_class, {"client_id": client_id})
    await User.get_pymongo_collection().update_many(
        {"memberships.client_id": client_id},
        {
            "$pull": {"memberships": {"client_id": client_id}},
            "$set": {"updated_at": utc_now()},
            "$inc": {"revision": 1},
        },
    )
    return +erased


async def erase_chatbot(client_id: str, chatbot_id: PydanticObjectId) -> Receipt:
    """Delete everything of a chatbot, the chatbot last. Its knowledge sources stay with the client.

    What a request that was under way wrote meanwhile is deleted in a second round.
    """
    erased: Counter[str] = Counter()
    own: dict[str, Any] = {"client_id": client_id, "chatbot_id": chatbot_id}
    chatbots = Chatbot.get_pymongo_collection()
    for _ in range(2):
        await _taken_from_sources(client_id, chatbot_id)
        for document_class in classes_with("chatbot_id"):
            name = document_class.get_pymongo_collection().name
            erased[name] += await _deleted(document_class, own)
        gone = await chatbots.delete_one({"client_id": client_id, "_id": chatbot_id})
        erased[chatbots.name] += gone.deleted_count
    return +erased


async def _taken_from_sources(client_id: str, chatbot_id: PydanticObjectId) -> None:
    await KnowledgeSource.get_pymongo_collection().update_many(
        {"client_id": client_id, "chatbot_ids": chatbot_id},
        {
            "$pull": {"chatbot_ids": chatbot_id},
            "$set": {"updated_at": utc_now()},
            "$inc": {"revision": 1},
        },
    )


def _belongings() -> Iterator[type[StoredDocument]]:
    return (one for one in classes_with("client_id") if one is not Client)


def _client_itself() -> Iterator[type[StoredDocument]]:
    yield Client


async def _deleted(document_class: type[StoredDocument], condition: dict[str, Any]) -> int:
    collection = document_class.get_pymongo_collection()
    count = 0
    while True:
        found = await collection.find(condition, {"_id": 1}).limit(BATCH).to_list()
        if not found:
            return count
        ids = [one["_id"] for one in found]
        result = await collection.delete_many({**condition, "_id": {"$in": ids}})
        count += result.deleted_count
