"""What is stored of a client, or of a visitor: to see that it stays as it is and shows nowhere."""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId

from documents.ids import PydanticObjectId
from graphql_schema.node import global_id
from tests.api.matrix.documents import node_types
from tests.api.matrix.things import Documents

Stored = Mapping[str, list[dict[str, Any]]]
"""Documents by the names of their collections."""

SHORTEST_TEXT = 6
"""Shorter texts are codes and numbers, which stand anywhere."""

NO_WORDS = {"words": 0}
"""The words of messages, for the search, are single ones and stand anywhere too."""


async def stored_of_client(database: Documents, slug: str) -> Stored:
    """Everything of a client, its people and their sessions included."""
    users = await database["users"].find({"memberships.client_id": slug}).to_list()
    of_users = {"user_id": {"$in": [one["_id"] for one in users]}}
    found = await _stored(database, {"client_id": slug})
    sessions = await database["sessions"].find(of_users).sort("_id").to_list()
    return {**found, "users": users, "sessions": sessions}


async def stored_of_visitor(database: Documents, visitor_id: PydanticObjectId) -> Stored:
    """Everything of a visitor."""
    itself = await database["visitors"].find({"_id": visitor_id}).to_list()
    return {**await _stored(database, {"visitor_id": visitor_id}), "visitors": itself}


async def _stored(database: Documents, condition: dict[str, Any]) -> dict[str, Any]:
    names = await database.list_collection_names(filter={"name": {"$not": {"$regex": "^system"}}})
    return {
        name: await database[name].find(condition, NO_WORDS).sort("_id").to_list()
        for name in sorted(names)
    }


def telltales(of: Stored, *others: Stored) -> frozenset[str]:
    """The texts and ids that stand there and not in the others."""
    return frozenset(_texts(of)).difference(*map(_texts, others))


def seen_in(answer: Any, texts: frozenset[str]) -> list[str]:
    """Those of the texts that stand anywhere in an answer."""
    answered = "\n".join(one for one in _leaves(answer) if isinstance(one, str))
    return [text for text in texts if text in answered]


def _texts(stored: Stored) -> Iterator[str]:
    types = sorted(node_types())
    for leaf in _leaves(stored):
        if leaf in types:
            continue  # an audit entry's kind of target: no secret, and everywhere in answers
        if isinstance(leaf, str) and len(leaf) >= SHORTEST_TEXT:
            yield leaf
        elif isinstance(leaf, ObjectId):
            yield str(leaf)
            yield from (str(global_id(one, PydanticObjectId(leaf))) for one in types)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    else:
        yield value
