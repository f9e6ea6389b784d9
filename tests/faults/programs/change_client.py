"""Changes a client's name in somebody's name, and dies before or after the change is committed.

Usage: python -m tests.faults.programs.change_client URL NAME MOMENT, MOMENT: before or after
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from documents.clients import Client
from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from documents.transactions import Outcome, WriteSession
from services.audit.acts import Act, Actor, acting
from services.clients.updating import ClientChanges

SLUG, NEW_NAME = "acme", "Changed"


class DyingTransactions:
    """Every write of the transaction is made when the process dies."""

    def __init__(self, database: Database, moment: str) -> None:
        self._database = database
        self._moment = moment

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        async def written(session: WriteSession) -> Outcome:
            outcome = await callback(session)
            self._die_at("before")
            return outcome

        outcome = await self._database.run_transaction(written)
        self._die_at("after")
        return outcome

    def _die_at(self, moment: str) -> None:
        if moment == self._moment:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, name: str, moment: str) -> None:
    options = DatabaseOptions(mongodb_url=url, data_dir=Path(), database_name=name)
    database = await open_database(options)
    await prepare_documents(database, DOCUMENT_CLASSES)
    scope = TenantScope.one(SLUG)
    client = await scope.of(Client).find_one({})
    if client is None:
        raise LookupError(SLUG)
    changes = ClientChanges(DyingTransactions(database, moment))
    with acting(Act(Actor("anna@example.com"), "updateClient")):
        await changes.update(scope, client.id, {"name": NEW_NAME})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
