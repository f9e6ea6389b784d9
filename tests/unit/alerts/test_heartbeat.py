"""The sign of life: an outage is told once, with its length, by the database's clock."""

import asyncio
from datetime import timedelta

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.database.database import Database
from documents.heartbeats import Heartbeat
from documents.outbox_entries import OutboxEntry
from services.alerts.heartbeat import Beating
from tests.unit.integrations.offices import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALLOWED_S = 600.0


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> Office:
    await Heartbeat.get_pymongo_collection().delete_many({})
    office = await Office(database).open()
    await office.webhook("https://example.com", events=["system.status", "service.recovered"])
    return office


def process(office: Office) -> Beating:
    return Beating(office.database, ALLOWED_S)


async def last_beat_was(ago: timedelta) -> None:
    heartbeats = Heartbeat.get_pymongo_collection()
    await heartbeats.update_one({"_id": "service"}, {"$set": {"alive_at": utc_now() - ago}})


async def told(office: Office) -> list[OutboxEntry]:
    return await office.scope.of(OutboxEntry).find({}, limit=100, sort=[("_id", 1)])


async def test_the_first_start_of_all_is_no_recovery(office: Office) -> None:
    await asyncio.gather(*(process(office).beat() for _ in range(5)))
    assert await told(office) == []


async def test_a_restart_within_what_is_allowed_is_not_told(office: Office) -> None:
    await process(office).beat()
    await last_beat_was(timedelta(seconds=ALLOWED_S / 2))
    await process(office).beat()
    assert await told(office) == []


async def test_an_outage_is_told_once_however_many_processes_start(office: Office) -> None:
    await process(office).beat()
    await last_beat_was(timedelta(hours=2))
    await asyncio.gather(*(process(office).beat() for _ in range(6)))
    offline, online, recovered = await told(office)
    assert offline.kind == online.kind == "system.status"
    assert (offline.facts["status"], online.facts["status"]) == ("offline", "online")
    assert offline.facts["until"] == online.facts["since"] == recovered.facts["until"]
    assert recovered.kind == "service.recovered"
    assert recovered.facts["since"] == offline.facts["since"]
    assert 2 * 3600 <= int(recovered.facts["seconds"]) < 3 * 3600


async def test_a_process_that_could_not_reach_the_database_for_long_tells_it(
    office: Office,
) -> None:
    seconds = 0.0
    cut_off = Beating(office.database, ALLOWED_S, clock=lambda: seconds)
    await cut_off.beat()
    await last_beat_was(timedelta(hours=2))
    seconds = 2 * 3600
    await cut_off.beat()
    kinds = [one.kind for one in await told(office)]
    assert kinds == ["system.status", "system.status", "service.recovered"]


async def test_a_process_that_was_there_takes_no_jump_of_the_clock_for_an_outage(
    office: Office,
) -> None:
    there = process(office)
    await there.beat()
    await last_beat_was(timedelta(hours=2))
    await there.beat()
    assert await told(office) == []
    await last_beat_was(timedelta(hours=-2))
    await there.beat()
    await process(office).beat()
    assert await told(office) == []
    found = await Heartbeat.get_pymongo_collection().find_one({"_id": "service"})
    assert found is not None
    assert found["alive_at"] < utc_now() + timedelta(hours=1)
