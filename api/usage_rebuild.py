"""`parlance rebuild-usage`: the sums of usage made anew, with a progress bar."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable

import typer

from api.database import prepare
from documents.clients import Client
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Outcome, WriteSession
from services.usage.rebuilding import Rebuilding

DAY_SECONDS = 300.0
"""For one day of one client, also a busy one on a slow machine."""

CLIENTS_AT_ONCE = 100


class UnknownClientError(RuntimeError):
    """There is no client with this slug; the text says so."""


async def run_rebuild(database: Database, slug: str) -> None:
    """Rebuild one client's sums, or all clients'.

    Raises:
        UnknownClientError: nobody has this slug.
    """
    await prepare(database)
    rebuilding = Rebuilding(_Patient(database))
    clients = hours = wrong = 0
    async for client in _clients(slug):
        length = await rebuilding.days(client)
        with typer.progressbar(length=length, label=client.client_id, show_pos=True) as bar:
            found = await rebuilding.rebuild(client, bar.update)
        clients, hours, wrong = clients + 1, hours + found.hours, wrong + found.wrong
    if slug and not clients:
        raise UnknownClientError(f"There is no client with the slug {slug!r}.")
    typer.echo(f"Looked at {hours} hours of {clients} clients; {wrong} were wrong and are right.")


class _Patient:
    """Transactions that may take as long as a day of rows needs."""

    def __init__(self, database: Database) -> None:
        self._run = functools.partial(database.run_transaction, deadline_s=DAY_SECONDS)

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        return await self._run(callback)


async def _clients(slug: str) -> AsyncIterator[Client]:
    """In the order of their ids, some at a time."""
    scope = TenantScope.one(slug) if slug else TenantScope.every_client()
    last: PydanticObjectId | None = None
    while True:
        after = {"_id": {"$gt": last}} if last else {}
        found = await scope.of(Client).find(after, limit=CLIENTS_AT_ONCE, sort=[("_id", 1)])
        for client in found:
            yield client
        if len(found) < CLIENTS_AT_ONCE:
            return
        last = found[-1].id
