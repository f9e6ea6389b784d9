"""`python -m tests.stored` after a change of a document class: keeps what the classes write now."""

import asyncio
import sys
import tempfile
from pathlib import Path

from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.migrations.registry import known_migrations
from documents.registry import DOCUMENT_CLASSES
from tests.stored.kept import FILE, Kept, keep
from tests.stored.written import written


async def main() -> None:
    """Adds to the file what is not there yet."""
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(DatabaseOptions(mongodb_url=None, data_dir=Path(folder)))
        try:
            found = await written(DOCUMENT_CLASSES, database.database)
        finally:
            await database.close()
    age = len(known_migrations())
    added = keep(Kept(age, collection, document) for collection, document in found)
    sys.stdout.write(f"{added} documents added to {FILE.name}\n")


asyncio.run(main())
