"""How a process comes by its database: the server owns it, a command attaches to it."""

import asyncio
import time

from documents.database.database import Database
from documents.database.driver import connect_mongo
from documents.database.embedded import start_embedded
from documents.database.external import connect_external
from documents.database.folder import DatabaseFolder
from documents.database.options import DatabaseOptions
from documents.errors import DataFolderInUseError

ATTACH_DEADLINE_S = 15.0
"""How long a command waits for a server that is just starting or stopping, in seconds."""

_POLL_S = 0.1


async def open_database(options: DatabaseOptions) -> Database:
    """Opens the database for a server: connects to the given one, or starts a private one.

    Raises:
        DatabaseStartError: when it cannot be opened; the text says what to do.
    """
    if options.mongodb_url is not None:
        return await _open_external(options.mongodb_url, options.database_name)
    embedded = await start_embedded(options)
    url = embedded.address.url
    return Database(connect_mongo(url), name=options.database_name, url=url, embedded=embedded)


async def attach_database(options: DatabaseOptions) -> Database:
    """Opens the database for a command: the running server's, else one of its own for the time.

    Raises:
        DatabaseStartError: when it cannot be opened; the text says what to do.
    """
    if options.mongodb_url is not None:
        return await open_database(options)
    give_up_at = time.monotonic() + ATTACH_DEADLINE_S
    while True:
        try:
            return await open_database(options)
        except DataFolderInUseError:
            running = await _attach_to_running(options)
            if running is not None:
                return running
            if time.monotonic() > give_up_at:
                raise
        await asyncio.sleep(_POLL_S)


async def _open_external(url: str, name: str) -> Database:
    return Database(await connect_external(url), name=name, url=url)


async def _attach_to_running(options: DatabaseOptions) -> Database | None:
    address = DatabaseFolder(options.data_dir).announced()
    if address is None:
        return None
    mongo = await connect_external(address.url)
    return Database(mongo, name=options.database_name, url=address.url)
