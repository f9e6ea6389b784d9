"""The numbers of a day and a week: told once, for the client's own days, and exactly."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio

from documents.clients import Client
from documents.database.database import Database
from documents.database_clock import database_now
from documents.integrations import Integration
from documents.outbox_entries import OutboxEntry
from services.cancelling import cancel_and_wait
from services.reports.statistics import Statistics, last_period
from services.usage.counting import Counting
from services.usage.periods import Period, midnight, zone_of
from services.usage.refusals import Refusals
from tests.unit.answering.processes import until
from tests.unit.integrations.offices import PATIENCE_S, Office
from tests.unit.usage.usage_rows import store_rows, usage_rows

pytestmark = pytest.mark.asyncio(loop_scope="session")

ZONE = "Asia/Tokyo"
MONDAY = date(2026, 11, 16)


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> Office:
    return await Office(database).open(time_zone=ZONE)


def process(office: Office) -> Statistics:
    return Statistics(Counting(office.database, Refusals()))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    zone = zone_of(Client(client_id="x", name="x", time_zone=ZONE))
    return midnight(day, zone) + timedelta(hours=hour, minutes=minute)


async def told(office: Office) -> list[OutboxEntry]:
    return await office.scope.of(OutboxEntry).find({}, limit=100, sort=[("_id", 1)])


async def test_a_day_is_told_once_with_what_its_rows_say(office: Office) -> None:
    await office.webhook("https://example.com", events=["usage.daily"])
    client = await office.scope.of(Client).find_one({})
    assert client is not None
    day = MONDAY
    rows = usage_rows(client, 300, (at(day, -24), at(day, 48)))
    await store_rows(client, [{**one, "uncounted_since": one["at"]} for one in rows])
    processes = [process(office) for _ in range(3)]
    await asyncio.gather(*(one.look(at(day, 30, 1)) for one in processes))
    await processes[0].look(at(day, 40))
    (entry,) = await told(office)
    assert entry.kind == "usage.daily"
    assert (entry.facts["since"], entry.facts["until"]) == ("2026-11-16", "2026-11-17")
    asked = [
        one for one in rows if one["kind"] == "question" and at(day, 0) <= one["at"] < at(day, 24)
    ]
    assert 50 < len(asked) < 200
    assert entry.facts["requests"] == sum(one["requests"] for one in asked)
    assert entry.facts["successes"] == sum(one["success"] for one in asked)
    assert entry.facts["conversations"] == sum(bool(one.get("opens_conversation")) for one in asked)
    assert int(entry.facts["answer_p50_ms"]) > 0


async def test_it_comes_at_six_and_a_process_that_lives_on_tells_each_day(office: Office) -> None:
    await office.webhook("https://example.com", events=["usage.daily"])
    living = process(office)
    for hour in (5, 6, 12, 29, 30, 31):
        await living.look(at(MONDAY, hour))
    days = [one.facts["since"] for one in await told(office)]
    assert days == ["2026-11-14", "2026-11-15", "2026-11-16"]
    assert {one.facts["requests"] for one in await told(office)} == {0}


async def test_a_week_ends_on_sunday_night(office: Office) -> None:
    await office.webhook("https://example.com", events=["usage.weekly"])
    living = process(office)
    for hour in (5, 6, 24, 7 * 24, 7 * 24 + 7):
        await living.look(at(MONDAY, hour))
    weeks = [(one.facts["since"], one.facts["until"]) for one in await told(office)]
    assert weeks == [
        ("2026-11-02", "2026-11-09"),
        ("2026-11-09", "2026-11-16"),
        ("2026-11-16", "2026-11-23"),
    ]


async def test_what_was_missed_while_no_server_ran_is_not_made_up_for(office: Office) -> None:
    await office.webhook("https://example.com", events=["usage.daily"])
    await process(office).look(at(MONDAY, 7))
    await process(office).look(at(MONDAY + timedelta(days=5), 7))
    assert [one.facts["since"] for one in await told(office)] == ["2026-11-15", "2026-11-20"]


async def test_a_client_that_does_not_want_them_or_is_switched_off_gets_none(
    office: Office,
) -> None:
    await office.webhook("https://example.com", events=["message.created"])
    off = await Office(office.database).open(active=False)
    await off.webhook("https://example.com", events=["usage.daily", "usage.weekly"])
    await process(office).look(datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert await told(office) == await told(off) == []


async def test_a_client_that_cannot_be_told_holds_up_no_other(office: Office) -> None:
    broken = await Office(office.database).open(time_zone="Mars/Olympus_Mons")
    later = await Office(office.database).open(time_zone=ZONE)
    for one in (office, broken, later):
        await one.webhook("https://example.com", events=["usage.daily"])
    await process(office).look(at(MONDAY, 7))
    assert [len(await told(one)) for one in (office, broken, later)] == [1, 0, 1]
    await broken.scope.of(Integration).delete_many({})  # others look at all clients, too


async def test_days_are_those_of_the_client_s_clock() -> None:
    new_york = Client(client_id="x", name="x", time_zone="America/New_York")
    now = datetime(2026, 11, 17, 10, 59, tzinfo=UTC)  # 5:59 there
    assert last_period("usage.daily", new_york, now) == Period(date(2026, 11, 15), MONDAY)
    later = now + timedelta(minutes=1)
    assert last_period("usage.daily", new_york, later) == Period(MONDAY, date(2026, 11, 17))


async def test_it_is_due_by_the_database_s_clock(office: Office) -> None:
    await office.webhook("https://example.com", events=["usage.daily"])
    working = asyncio.create_task(process(office).run())

    async def was_told() -> bool:
        return len(await told(office)) == 1

    try:
        await until(was_told, PATIENCE_S)
    finally:
        await cancel_and_wait(working)
    client = await office.scope.of(Client).find_one({})
    assert client is not None
    (entry,) = await told(office)
    now = await database_now()
    assert now - entry.created_at < timedelta(minutes=10)
    periods = [last_period("usage.daily", client, one) for one in (entry.created_at, now)]
    assert entry.facts["since"] in {str(one.since) for one in periods}
