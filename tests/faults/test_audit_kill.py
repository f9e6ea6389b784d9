"""A process that dies in the middle of a change leaves the change with its entry, or neither."""

import asyncio
from pathlib import Path

import pytest

from documents.clients import Client
from documents.database.preparation import prepare_documents
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import encoded
from tests.faults.database_process import embedded_database, start_program
from tests.faults.programs.change_client import NEW_NAME, SLUG

pytestmark = pytest.mark.faults

OLD_NAME = "Old"


@pytest.mark.parametrize(
    ("moment", "name", "entries"), [("before", OLD_NAME, 0), ("after", NEW_NAME, 1)]
)
async def test_a_change_and_its_entry_are_stored_together_or_not_at_all(
    tmp_path: Path, moment: str, name: str, entries: int
) -> None:
    async with embedded_database(tmp_path) as database:
        await prepare_documents(database, DOCUMENT_CLASSES)
        clients, log = database.database["clients"], database.database["audit_log"]
        await clients.insert_one(encoded(Client(client_id=SLUG, name=OLD_NAME)))
        arguments = (database.url, database.database.name, moment)
        dying = await start_program("change_client", *arguments)
        await asyncio.wait_for(dying.communicate(), 60)
        assert dying.returncode == -9

        stored = await clients.find_one({"client_id": SLUG})
        assert stored is not None
        assert stored["name"] == name
        assert await log.count_documents({"action": "updateClient"}) == entries
