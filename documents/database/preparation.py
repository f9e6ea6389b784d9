"""Binds the document classes to the database and makes their collections and indexes.

Safe when many workers start at once: MongoDB makes an equal index once. It never drops an index;
that is a migration's work. Run the migrations first: they may have to make room for an index.
"""

from collections.abc import Sequence

from beanie import Document, init_beanie
from pymongo import IndexModel
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
        # Beanie's own way of making indexes leaves out one of two that have the same fields, in
        # another order or of other documents.
        await init_beanie(
            database=database.database,
            document_models=list(document_classes),
            skip_indexes=True,
        )
        for document_class in document_classes:
            await _make_indexes(document_class)
        await _create_collections(database, document_classes)


async def _make_indexes(document_class: type[Document]) -> None:
    indexes: Sequence[IndexModel] = getattr(document_class.Settings, "indexes", ())
    if not indexes:
        return
    try:
        await document_class.get_pymongo_collection().create_indexes(list(indexes))
    except OperationFailure as error:
        if is_unavailable(error):
            raise
        problem = str(dict(error.details or {}).get("errmsg", error))
        raise DocumentIndexError(document_class.get_collection_name(), problem) from error


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
