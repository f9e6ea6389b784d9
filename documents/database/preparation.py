"""Binds the document classes to the database and makes their collections and indexes.

Safe when many workers start at once: MongoDB makes an equal index once. It never drops an index;
that is a migration's work. Run the migrations first: they may have to make room for an index.
"""

from collections.abc import Sequence
from typing import Any

from beanie import Document, init_beanie
from pymongo.errors import CollectionInvalid, OperationFailure

from documents.database.database import Database
from documents.database.driver import operation_deadline
from documents.errors import DocumentIndexError, is_unavailable, reporting_unavailability

INDEX_DEADLINE_S = 600.0
"""For all indexes together, in seconds: building one over millions of documents takes minutes."""

_NAMESPACE_EXISTS = 48


async def prepare_documents(database: Database, document_classes: Sequence[type[Document]]) -> None:
    """Makes `document_classes` usable: collections, indexes, and the binding to `database`.

    Raises:
        DocumentIndexError: when an index contradicts one that exists, or the documents there.
        DatabaseUnavailableError: when the database cannot be reached.
    """
    with reporting_unavailability(), operation_deadline(INDEX_DEADLINE_S):
        try:
            await init_beanie(database=database.database, document_models=list(document_classes))
        except OperationFailure as error:
            if is_unavailable(error):
                raise
            await _name_culprit(database, document_classes)
            raise
        await _create_collections(database, document_classes)


async def _create_collections(
    database: Database, document_classes: Sequence[type[Document]]
) -> None:
    """Those without an index do not exist yet; made within transactions, they would conflict."""
    existing = set(await database.database.list_collection_names())
    for document_class in document_classes:
        name = document_class.get_collection_name()
        if name in existing:
            continue
        try:
            await database.database.create_collection(name)
        except CollectionInvalid:  # another worker was faster
            continue
        except OperationFailure as error:
            if error.code != _NAMESPACE_EXISTS:
                raise


async def _name_culprit(database: Database, document_classes: Sequence[type[Document]]) -> None:
    """MongoDB's message has the index but not the collection: finds it one class at a time."""
    for document_class in document_classes:
        try:
            await init_beanie(database=database.database, document_models=[document_class])
        except OperationFailure as error:
            details: dict[str, Any] = dict(error.details or {})
            problem = str(details.get("errmsg", error))
            raise DocumentIndexError(document_class.get_collection_name(), problem) from error
