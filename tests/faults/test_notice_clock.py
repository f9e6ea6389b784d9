"""A process whose clock jumps loses no event and holds none back: the database's clock decides."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from documents.database.preparation import prepare_documents
from documents.database_clock import database_now
from documents.registry import DOCUMENT_CLASSES
from tests.faults.database_process import embedded_database
from tests.receivers import receiver
from tests.server_process import ROOT
from tests.unit.integrations.offices import Office, process, running

pytestmark = pytest.mark.faults

JUMPS = (timedelta(days=-2), timedelta(days=2))
A_WHILE = timedelta(minutes=10)


async def test_events_of_processes_with_wrong_clocks_are_told_at_once_and_as_of_now(
    tmp_path: Path,
) -> None:
    async with embedded_database(tmp_path) as database, receiver() as outside:
        await prepare_documents(database, DOCUMENT_CLASSES)
        office = await Office(database).open()
        began = await database_now()
        await office.webhook(outside.url, created_at=began)
        for jump in JUMPS:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.programs.another_clock"),
                *(database.url, database.database.name),
                *(office.client_id, str(jump.total_seconds())),
                cwd=ROOT,
            )
            assert await child.wait() == 0
        assert len(await office.deliveries()) == len(JUMPS)
        async with running(process(office)):
            delivered = await office.ended(len(JUMPS))
        assert {one.status for one in delivered} == {"delivered"}
        for one in delivered:
            assert began <= one.happened_at <= one.due_at + A_WHILE
            assert abs(one.attempts[0].at - began) < A_WHILE
        for got in outside.received:
            assert abs(int(got.headers["webhook-timestamp"]) - began.timestamp()) < 600
