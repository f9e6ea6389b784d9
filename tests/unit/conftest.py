"""A real MongoDB for the tests below, one per worker; every test has clients of its own in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.messages import Message
from documents.registry import DOCUMENT_CLASSES


@pytest.fixture(scope="session")
def database_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the worker's database is, for other processes that use it too."""
    return tmp_path_factory.mktemp("mongodb")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mongodb(database_folder: Path) -> AsyncIterator[Database]:
    options = DatabaseOptions(mongodb_url=None, data_dir=database_folder)
    opened = await open_database(options)
    try:
        await prepare_documents(opened, DOCUMENT_CLASSES)
        yield opened
    finally:
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def database(mongodb: Database) -> Database:
    """The worker's database, with the document classes bound to it."""
    # Other tests of the same worker bind them to their servers' databases.
    if Message.get_pymongo_collection().database != mongodb.database:
        await prepare_documents(mongodb, DOCUMENT_CLASSES)
    return mongodb
