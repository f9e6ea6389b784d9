"""What every stored document has: an id, and when it was made and last changed.

A document that belongs to a client (tenant) derives from `TenantDocument`. Such a class cannot be
queried without saying whose data is meant: see `documents.tenancy`.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from beanie import Document, PydanticObjectId
from pydantic import Field


def utc_now() -> datetime:
    """The current time, aware, cut to the millisecond that BSON keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class UnscopedQueryError(TypeError):
    """A tenant-owned document class was queried without a `TenantScope`."""

    def __init__(self, document_class: type) -> None:
        super().__init__(
            f"{document_class.__name__} belongs to clients: query it through"
            " `TenantScope(...).of(...)`, which carries client_id"
        )


class StoredDocument(Document):
    """One document of one collection, with the times of its making and its last change."""

    id: PydanticObjectId = Field(default_factory=PydanticObjectId)
    created_at: datetime = Field(default_factory=utc_now)
    updated_at: datetime = Field(default_factory=utc_now)

    if not TYPE_CHECKING:
        # Beanie's own looks at every reading of a field whether the field is still to be parsed.
        # Nothing here asks for that, and lists read thousands of fields.
        __getattribute__ = object.__getattribute__


class TenantDocument(StoredDocument):
    """A document of one client. `client_id` is the client's slug.

    A class that carries `visitor_id` goes when its visitor is erased. One without anything that
    anybody said may set `outlives_visitor`: it stays, under an id that is no visitor's. Likewise
    what stays with the client when its chatbot goes sets `outlives_chatbot`.
    """

    outlives_visitor: ClassVar[bool] = False
    outlives_chatbot: ClassVar[bool] = False

    client_id: str

    @classmethod
    def find_one(cls, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused: a query without `client_id` could reach another client's data."""
        raise UnscopedQueryError(cls)

    @classmethod
    def find_many(cls, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused, as `find_one` is."""
        raise UnscopedQueryError(cls)

    find = find_many
    find_all = find_many
    delete_all = find_many
    aggregate = find_many
