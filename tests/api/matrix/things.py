"""What the two clients have: stored documents with public ids, and copies of them."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.ids import PydanticObjectId
from graphql_schema.node import global_id
from services.sealing.tokens import fingerprint, new_token
from tests.api.matrix.callers import Caller
from tests.graphql_clients import Json

Documents = AsyncDatabase[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is stored and has an id."""

    type_name: str
    collection: str
    document: Json

    @property
    def id(self) -> str:
        """The public id."""
        return str(global_id(self.type_name, self.document["_id"]))

    def value(self, attribute: str) -> Any:
        """The public id, or a field of the document by its dotted name."""
        if attribute == "id":
            return self.id
        found: Any = self.document
        for name in attribute.split("."):
            found = found[name]
        return found


@dataclass(slots=True)
class Side:
    """One of the two clients.

    Attributes:
        slug: Its client_id.
        things: What it has, by name.
        tokens: What its visitors and people show.
        keys: The secrets of its API keys, by their scopes.
    """

    slug: str
    things: dict[str, Thing] = field(default_factory=dict)
    tokens: dict[Caller, str] = field(default_factory=dict)
    keys: dict[frozenset[str], str] = field(default_factory=dict)


async def copy_of(database: Documents, thing: Thing) -> Thing:
    """Another one that differs in its id and in what must be unique."""
    collection = database[thing.collection]
    document = {**thing.document, "_id": PydanticObjectId()}
    for index in (await collection.index_information()).values():
        if index.get("unique"):
            _make_unique(document, index["key"][-1][0])
    if thing.type_name == "Session":
        document["refresh_token"] = new_token()
        document["token_hash"] = fingerprint(document["refresh_token"])
    if thing.type_name == "OneTimeCode":
        document["code"] = new_token()
        document["code_hash"] = fingerprint(document["code"])
    shown = {"refresh_token", "code"}
    stored = {name: value for name, value in document.items() if name not in shown}
    await collection.insert_one(stored)
    if thing.type_name == "Client":
        await _give_members(database, thing.document["client_id"], document["client_id"])
    return Thing(thing.type_name, thing.collection, document)


def _make_unique(document: Json, name: str) -> None:
    if isinstance(document.get(name), str):
        document[name] = f"copy-{secrets.token_hex(8)}"
    elif isinstance(document.get(name), int):
        document[name] = 1_000 + secrets.randbelow(1_000_000)
    elif isinstance(document.get(name), ObjectId):
        document[name] = ObjectId()


async def _give_members(database: Documents, slug: str, new_slug: str) -> None:
    """The people of a client work for its copy in the same roles."""
    users = database["users"]
    async for user in users.find({"memberships.client_id": slug}):
        role = next(one["role"] for one in user["memberships"] if one["client_id"] == slug)
        membership = {"client_id": new_slug, "role": role}
        await users.update_one({"_id": user["_id"]}, {"$push": {"memberships": membership}})
