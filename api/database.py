"""From the settings to a database that is ready, for the server and for commands."""

from api.settings import Settings
from documents.database.database import Database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.migrations.runner import migrate
from documents.registry import DOCUMENT_CLASSES


def database_options(settings: Settings) -> DatabaseOptions:
    """Where the database is."""
    url = settings.mongodb_url
    return DatabaseOptions(
        mongodb_url=url.get_secret_value() if url else None,
        data_dir=settings.data_dir,
        mongod=settings.mongod,
        database_name=settings.mongodb_database,
    )


async def prepare(database: Database) -> None:
    """Bring an open database to the form that this version needs."""
    await migrate(database)
    await prepare_documents(database, DOCUMENT_CLASSES)
