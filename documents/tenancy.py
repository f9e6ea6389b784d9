"""Tenant isolation by construction: a query on clients' documents starts from a scope.

A `TenantScope` says whose data is meant. It adds `client_id` to the filter of every query and
refuses to write a document of somebody else. `every_client()` exists for platform admins and for
background work; it is spelled out so that a review can find it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from beanie import PydanticObjectId
from beanie.odm.utils.dump import get_dict
from beanie.odm.utils.parsing import parse_obj
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from documents.base import TenantDocument, utc_now
from documents.parts import Fields, part_reader

Sort = Sequence[tuple[str, int]]
Filter = Mapping[str, Any]
TenantDocumentType = TypeVar("TenantDocumentType", bound=TenantDocument)


class ForeignDocumentError(PermissionError):
    """A document of one client was about to be written in the scope of another."""


@dataclass(frozen=True, slots=True)
class TenantScope:
    """The clients whose documents may be touched; `client_ids` None means every client."""

    client_ids: frozenset[str] | None

    @classmethod
    def one(cls, client_id: str) -> "TenantScope":
        """The documents of a single client."""
        return cls(frozenset({client_id}))

    @classmethod
    def many(cls, client_ids: Sequence[str]) -> "TenantScope":
        """The documents of several clients, such as those a user is a member of."""
        return cls(frozenset(client_ids))

    @classmethod
    def every_client(cls) -> "TenantScope":
        """All clients' documents: platform admins and background work only."""
        return cls(None)

    def admits(self, client_id: str) -> bool:
        """Whether documents of this client are inside the scope."""
        return self.client_ids is None or client_id in self.client_ids

    def narrowed(self, client_id: str) -> "TenantScope":
        """The scope cut down to one client; empty if that client is outside of it."""
        return TenantScope(frozenset({client_id} if self.admits(client_id) else ()))

    def condition(self) -> dict[str, Any]:
        """The filter part that carries client_id."""
        if self.client_ids is None:
            return {"client_id": {"$exists": True}}
        if len(self.client_ids) == 1:
            return {"client_id": next(iter(self.client_ids))}
        return {"client_id": {"$in": sorted(self.client_ids)}}

    def of(
        self, document_class: type[TenantDocumentType]
    ) -> "ScopedCollection[TenantDocumentType]":
        """The collection of a document class, as far as this scope reaches."""
        return ScopedCollection(document_class, self)


class ScopedCollection(Generic[TenantDocumentType]):
    """One collection seen through a `TenantScope`."""

    __slots__ = ("_document_class", "scope")

    def __init__(self, document_class: type[TenantDocumentType], scope: TenantScope) -> None:
        self._document_class = document_class
        self.scope = scope

    @property
    def raw(self) -> AsyncCollection[dict[str, Any]]:
        """The driver's collection, for aggregations that start with `condition(...)`."""
        return self._document_class.get_pymongo_collection()

    def condition(self, filter_: Filter | None = None) -> dict[str, Any]:
        """The caller's filter together with the scope's; neither can widen the other."""
        scope = self.scope.condition()
        if not filter_:
            return scope
        if "client_id" in filter_:
            return {"$and": [scope, dict(filter_)]}
        return {**scope, **filter_}

    async def insert(
        self, document: TenantDocumentType, session: AsyncClientSession | None = None
    ) -> TenantDocumentType:
        """Store a new document.

        Raises:
            ForeignDocumentError: the document belongs to a client outside of the scope.
        """
        if not self.scope.admits(document.client_id):
            raise ForeignDocumentError(f"{self._document_class.__name__} of {document.client_id!r}")
        await self.raw.insert_one(encoded(document), session=session)
        return document

    async def insert_many(
        self,
        documents: Sequence[TenantDocumentType],
        session: AsyncClientSession | None = None,
    ) -> None:
        """Store new documents in one call; none are stored for an empty sequence."""
        for document in documents:
            if not self.scope.admits(document.client_id):
                raise ForeignDocumentError(
                    f"{self._document_class.__name__} of {document.client_id!r}"
                )
        if documents:
            await self.raw.insert_many([encoded(one) for one in documents], session=session)

    async def insert_unless_there(
        self,
        document: TenantDocumentType,
        unique_field: str,
        session: AsyncClientSession | None = None,
    ) -> None:
        """Store a new document, unless its client has one with the same value of a unique field.

        Raises:
            ForeignDocumentError: the document belongs to a client outside of the scope.
            DuplicateKeyError: another unique index refuses it.
        """
        if not self.scope.admits(document.client_id):
            raise ForeignDocumentError(f"{self._document_class.__name__} of {document.client_id!r}")
        stored = encoded(document)
        same = {"client_id": document.client_id, unique_field: stored[unique_field]}
        new = {"$setOnInsert": stored}
        try:
            await self.raw.update_one(same, new, upsert=True, session=session)
        except DuplicateKeyError as error:
            refused_by = (error.details or {}).get("keyPattern", {})
            if session is not None or unique_field not in refused_by:
                raise  # the transaction is void, or it is something else that is there already

    async def get(
        self, document_id: PydanticObjectId, session: AsyncClientSession | None = None
    ) -> TenantDocumentType | None:
        """The document with this id, or None when it is unknown or another client's."""
        return await self.find_one({"_id": document_id}, session=session)

    async def part(
        self, document_id: PydanticObjectId, fields: Fields
    ) -> TenantDocumentType | None:
        """These fields of the document with this id, or None as `get` does."""
        found = await self.find_parts({"_id": document_id}, fields, limit=1)
        return found[0] if found else None

    async def find_parts(
        self, filter_: Filter, fields: Fields, *, limit: int, sort: Sort | None = None
    ) -> list[TenantDocumentType]:
        """These fields of at most `limit` documents that match, see `documents.parts`."""
        reader = part_reader(self._document_class, fields)
        cursor = self.raw.find(self.condition(filter_), reader.projection).limit(limit)
        if sort:
            cursor = cursor.sort(list(sort))
        return [reader.read(found) for found in await cursor.to_list()]

    async def find_one(
        self,
        filter_: Filter,
        *,
        sort: Sort | None = None,
        session: AsyncClientSession | None = None,
    ) -> TenantDocumentType | None:
        """The first document that matches, or None."""
        found = await self.raw.find_one(self.condition(filter_), sort=sort, session=session)
        return None if found is None else self._parsed(found)

    async def find(
        self,
        filter_: Filter | None = None,
        *,
        limit: int,
        sort: Sort | None = None,
        session: AsyncClientSession | None = None,
    ) -> list[TenantDocumentType]:
        """At most `limit` documents that match."""
        cursor = self.raw.find(self.condition(filter_), session=session).limit(limit)
        if sort:
            cursor = cursor.sort(list(sort))
        return [self._parsed(found) for found in await cursor.to_list()]

    async def update_one(
        self,
        filter_: Filter,
        update: Mapping[str, Any],
        *,
        session: AsyncClientSession | None = None,
    ) -> TenantDocumentType | None:
        """Change the first match in one atomic step; the document as it is after, or None."""
        found = await self.raw.find_one_and_update(
            self.condition(filter_),
            _touched(update),
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return None if found is None else self._parsed(found)

    async def update_many(
        self,
        filter_: Filter,
        update: Mapping[str, Any],
        *,
        session: AsyncClientSession | None = None,
    ) -> int:
        """Change every match; how many there were."""
        result = await self.raw.update_many(
            self.condition(filter_), _touched(update), session=session
        )
        return result.matched_count

    async def delete_one(
        self, filter_: Filter, session: AsyncClientSession | None = None
    ) -> TenantDocumentType | None:
        """Delete the first match; the document as it was, or None."""
        found = await self.raw.find_one_and_delete(self.condition(filter_), session=session)
        return None if found is None else self._parsed(found)

    async def delete_many(self, filter_: Filter, session: AsyncClientSession | None = None) -> int:
        """Delete every match; how many there were."""
        return (await self.raw.delete_many(self.condition(filter_), session=session)).deleted_count

    async def count(
        self,
        filter_: Filter | None = None,
        *,
        limit: int,
        session: AsyncClientSession | None = None,
    ) -> int:
        """How many match, counted no further than `limit`."""
        condition = self.condition(filter_)
        return await self.raw.count_documents(condition, limit=limit, session=session)

    def _parsed(self, found: Mapping[str, Any]) -> TenantDocumentType:
        return cast("TenantDocumentType", parse_obj(self._document_class, found))


def encoded(document: TenantDocument) -> dict[str, Any]:
    """The BSON form of a document, as Beanie stores it."""
    fields: dict[str, Any] = get_dict(document, to_db=True, exclude={"revision_id"})
    return fields


def _touched(update: Mapping[str, Any]) -> dict[str, Any]:
    """The update with `updated_at` moved along."""
    changed = dict(update)
    changed["$set"] = {**changed.get("$set", {}), "updated_at": utc_now()}
    return changed
