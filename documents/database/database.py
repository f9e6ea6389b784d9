"""The open database: what services and documents are given."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from documents.database.driver import Mongo, operation_deadline
from documents.database.embedded import EmbeddedMongod
from documents.errors import reporting_unavailability

T = TypeVar("T")

TRANSACTION_DEADLINE_S = 5.0
"""For a whole transaction with its retries, in seconds."""

PING_DEADLINE_S = 2.0
"""For the answer to "are you there", in seconds."""


class Database:
    """A MongoDB, embedded or external, and the one database in it that is ours.

    Attributes:
        mongo: The driver, bound to the event loop that opened it.
        database: The database that holds the documents.
        url: The connection string, with its password: for other processes, not for logs.
    """

    def __init__(
        self, mongo: Mongo, *, name: str, url: str, embedded: EmbeddedMongod | None = None
    ) -> None:
        self.mongo = mongo
        self.database: AsyncDatabase[dict[str, Any]] = mongo[name]
        self.url = url
        self._embedded = embedded

    def __repr__(self) -> str:
        owned = "embedded" if self.is_embedded else "attached"
        return f"Database({self.database.name!r}, {owned})"

    @property
    def is_embedded(self) -> bool:
        """Whether this process runs the mongod and stops it on `close`."""
        return self._embedded is not None

    @property
    def mongod_pid(self) -> int | None:
        """The process id of the embedded mongod; None while it is down or not ours."""
        return self._embedded.pid if self._embedded else None

    @property
    def mongod_restarts(self) -> int:
        """How often the embedded mongod died and was started again."""
        return self._embedded.restarts if self._embedded else 0

    async def ping(self, deadline_s: float = PING_DEADLINE_S) -> None:
        """Makes sure that a primary answers within `deadline_s` seconds.

        Raises:
            DatabaseUnavailableError: when none does.
        """
        with reporting_unavailability(), operation_deadline(deadline_s):
            await self.mongo.admin.command("ping")

    async def run_transaction(
        self,
        callback: Callable[[AsyncClientSession], Awaitable[T]],
        *,
        deadline_s: float = TRANSACTION_DEADLINE_S,
    ) -> T:
        """Runs `callback` in a transaction: all of its writes happen or none.

        It is run again when it met another transaction, so it must have no other effects, and
        start no tasks: they would inherit the deadline.

        Raises:
            DatabaseUnavailableError: when it could not be completed within `deadline_s` seconds.
        """
        with reporting_unavailability(), operation_deadline(deadline_s):
            async with self.mongo.start_session() as session:
                return await session.with_transaction(callback)

    @asynccontextmanager
    async def transaction(
        self, *, deadline_s: float = TRANSACTION_DEADLINE_S
    ) -> AsyncIterator[AsyncClientSession]:
        """A transaction around a block, not repeated: for documents nobody else changes.

        Raises:
            DatabaseUnavailableError: when it met another one or the database is away; try again.
        """
        with reporting_unavailability(), operation_deadline(deadline_s):
            async with self.mongo.start_session() as session, await session.start_transaction():
                yield session

    async def close(self) -> None:
        """Closes the connections and stops an embedded mongod. May be called again."""
        try:
            await self.mongo.close()
        finally:
            if self._embedded is not None:
                await self._embedded.stop()
