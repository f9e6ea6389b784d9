"""The database dies while events are delivered: nothing is lost, and it goes on by itself."""

from collections import Counter
from pathlib import Path

import pytest

from documents.database.preparation import prepare_documents
from documents.registry import DOCUMENT_CLASSES
from tests.faults.database_process import embedded_database
from tests.faults.test_database_kill import kill_mongod
from tests.receivers import Reply, receiver
from tests.unit.answering.processes import until
from tests.unit.integrations.offices import PATIENCE_S, Office, process, running

pytestmark = pytest.mark.faults

EVENTS = 20


async def test_a_killed_database_costs_no_event_and_repeats_only_what_was_under_way(
    tmp_path: Path,
) -> None:
    async with embedded_database(tmp_path) as database, receiver() as outside:
        await prepare_documents(database, DOCUMENT_CLASSES)
        office = await Office(database).open()
        await office.webhook(outside.url)
        await office.happens(EVENTS)
        worker = process(office)
        outside.otherwise = Reply(hangs=True)
        async with running(worker):

            async def some_are_under_way() -> bool:
                return len(outside.received) == 4

            await until(some_are_under_way, PATIENCE_S)
            under_way = {one.headers["webhook-id"] for one in outside.received}
            await kill_mongod(database)
            outside.otherwise = Reply()
            outside.let_go.set()

            async def all_others_came() -> bool:
                return len({one.headers["webhook-id"] for one in outside.received}) == EVENTS

            await until(all_others_came, PATIENCE_S)
            await office.happens()
            # As another process would once the leases have run out.
            await worker.take_over()

            async def all_are_noted() -> bool:
                return len(await office.deliveries(status="delivered")) == EVENTS + 1

            await until(all_are_noted, PATIENCE_S)
        sent = Counter(one.headers["webhook-id"] for one in outside.received)
    assert len(sent) == EVENTS + 1
    assert {one for one, count in sent.items() if count > 1} <= under_way
    assert max(sent.values()) <= 2
