"""Operations of the public schema on a real database, in this process, with commands counted."""

from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from api.settings import Settings
from api.wiring import wire
from documents.base import utc_now
from documents.database.database import Database
from documents.database.driver import connect_mongo
from documents.database.preparation import prepare_documents
from documents.ids import PydanticObjectId
from documents.registry import DOCUMENT_CLASSES
from documents.users import User
from graphql_schema.context import Caller, RequestContext
from graphql_schema.viewers import PersonViewer, Viewer

MakeContext = Callable[..., RequestContext]


class Commands(CommandListener):
    """Names of the commands that were sent, with their collections.

    Attributes:
        fields: What of the documents the last query of each collection asked for, if not for all.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.fields: dict[str, set[str]] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Note a command on a collection; the driver's own, for a new connection, are none."""
        collection = event.command.get(event.command_name)
        if isinstance(collection, str):
            self.sent.append(f"{event.command_name} {collection}")
            self.fields[collection] = set(event.command.get("projection", ()))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing."""


@pytest.fixture
def commands() -> Commands:
    """What the database was asked in this test."""
    return Commands()


@pytest_asyncio.fixture(loop_scope="session")
async def counted(database: Database, commands: Commands) -> AsyncGenerator[Database, None]:
    """The worker's database through a driver of its own that tells what it sends."""
    mongo = connect_mongo(database.url, event_listeners=[commands])
    counted = Database(mongo, name=database.database.name, url=database.url)
    await prepare_documents(counted, DOCUMENT_CLASSES)
    commands.sent.clear()
    yield counted
    await mongo.close()
    await prepare_documents(database, DOCUMENT_CLASSES)


@pytest.fixture
def context_of(counted: Database, tmp_path: Path) -> MakeContext:
    """Makes the context of a caller: a person, by default the platform's admin."""
    wiring = wire(Settings(data_dir=tmp_path), counted, "a secret of these tests " * 3)

    def make(person: User | None = None) -> RequestContext:
        asking = person or User(email="admin@example.com", full_name="The admin", is_admin=True)

        async def identify(_token: str) -> Viewer:
            return PersonViewer(asking, PydanticObjectId(), utc_now() + timedelta(hours=1))

        return RequestContext(
            services=wiring.services, identify=identify, caller=Caller(), token="a token"
        )

    return make
