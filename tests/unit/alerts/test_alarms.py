"""Alarms: processes count together, it is told once, and then not again for a while."""

import asyncio
import logging
from datetime import timedelta

import pytest
import pytest_asyncio
import structlog

from documents.alarms import Alarm, AlarmRule, count_in_alarm, prepare_alarm
from documents.base import utc_now
from documents.database.database import Database
from documents.outbox_entries import OutboxEntry
from documents.transactions import WriteSession
from services.alerts.alarms import Alarms, Thresholds
from services.alerts.signals import Signals, errors_noted
from tests.unit.integrations.offices import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

THRESHOLDS = Thresholds(server_errors=6, failed_sign_ins=4, throttled=4, reused_tokens=1)


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> Office:
    """A client that listens, and no alarm that anybody has rung."""
    await Alarm.get_pymongo_collection().delete_many({})
    office = await Office(database).open()
    await office.webhook("https://example.com", events=["server.errors", "auth.suspicious"])
    return office


def process(office: Office, signals: Signals) -> Alarms:
    return Alarms(office.database, signals, THRESHOLDS)


async def told(office: Office) -> list[OutboxEntry]:
    return await office.scope.of(OutboxEntry).find({}, limit=100, sort=[("_id", 1)])


async def test_processes_count_together_and_one_tells(office: Office) -> None:
    signals = [Signals() for _ in range(3)]
    processes = [process(office, one) for one in signals]
    for one in signals:
        one.note("server_error", {"event": "fault", "incident": "abc"})
    await asyncio.gather(*(one.look() for one in processes))
    assert await told(office) == []
    for one in signals:
        one.note("server_error", {"event": "fault", "incident": "abc"})
    await asyncio.gather(*(one.look() for one in processes))
    (entry,) = await told(office)
    assert entry.kind == "server.errors"
    assert entry.facts == {"count": 6, "minutes": 5, "event": "fault", "incident": "abc"}


async def test_what_goes_on_is_not_told_again_before_the_rest_is_over(office: Office) -> None:
    signals = Signals()
    alarms = process(office, signals)
    for _ in range(3):
        signals.note("server_error", count=50)
        await alarms.look()
    assert len(await told(office)) == 1
    over = utc_now() - timedelta(seconds=1)
    await Alarm.get_pymongo_collection().update_one(
        {"_id": "server_error"}, {"$set": {"rests_until": over}}
    )
    signals.note("server_error")
    await alarms.look()
    assert [one.facts["count"] for one in await told(office)] == [50, 151]


async def test_what_is_longer_ago_than_five_minutes_does_not_count(office: Office) -> None:
    signals = Signals()
    alarms = process(office, signals)
    signals.note("server_error", count=5)
    await alarms.look()
    before = utc_now() - timedelta(minutes=5, seconds=1)
    await Alarm.get_pymongo_collection().update_one(
        {"_id": "server_error"}, {"$set": {"counts.0.at": before}}
    )
    signals.note("server_error", count=5)
    await alarms.look()
    assert await told(office) == []
    found = await Alarm.get_pymongo_collection().find_one({"_id": "server_error"})
    assert found is not None
    assert [one["count"] for one in found["counts"]] == [5]


async def test_a_clock_that_was_set_back_silences_no_alarm(office: Office) -> None:
    signals = Signals()
    await prepare_alarm("server_error")
    ahead = utc_now() + timedelta(hours=5)
    await Alarm.get_pymongo_collection().update_one(
        {"_id": "server_error"}, {"$set": {"rests_until": ahead}}
    )
    signals.note("server_error", count=6)
    await process(office, signals).look()
    assert len(await told(office)) == 1


@pytest.mark.parametrize(
    ("name", "count"), [("failed_sign_in", 4), ("reused_token", 1), ("throttled", 4)]
)
async def test_suspicious_sign_ins_are_told_with_the_reason(
    office: Office, name: str, count: int
) -> None:
    signals = Signals()
    alarms = process(office, signals)
    for _ in range(count):
        assert await told(office) == []
        signals.note(name)  # type: ignore[arg-type]
        await alarms.look()
    (entry,) = await told(office)
    assert entry.kind == "auth.suspicious"
    assert entry.facts == {"count": count, "minutes": 5, "reason": name}


async def test_who_does_not_listen_is_not_told(office: Office) -> None:
    other = await Office(office.database).open()
    await other.webhook("https://example.com", events=["message.created"])
    paused = await Office(office.database).open()
    await paused.webhook("https://example.com", events=["server.errors"], active=False)
    signals = Signals()
    signals.note("server_error", count=6)
    await process(office, signals).look()
    assert [len(await told(one)) for one in (office, other, paused)] == [1, 0, 0]


async def test_a_count_that_is_broken_off_tells_nothing_and_counts_nothing(office: Office) -> None:
    rule = AlarmRule("server_error", 1, timedelta(minutes=5), timedelta(hours=1))
    await prepare_alarm(rule.name)
    rung: list[int | None] = []

    async def broken_off(session: WriteSession) -> None:
        rung.append(await count_in_alarm(rule, 1, session))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await office.database.run_transaction(broken_off)
    async with office.database.transaction() as session:
        rung.append(await count_in_alarm(rule, 1, session))
    assert rung == [1, 1]


async def test_what_could_not_be_counted_is_counted_with_the_next(office: Office) -> None:
    class Away:
        async def run_transaction(self, _callback: object) -> None:
            raise ConnectionError

    signals = Signals()
    signals.note("server_error", count=4)
    with pytest.raises(ConnectionError):
        await Alarms(Away(), signals, THRESHOLDS).look()  # type: ignore[arg-type]
    signals.note("server_error", count=2)
    await process(office, signals).look()
    assert [one.facts["count"] for one in await told(office)] == [6]


async def test_each_error_of_the_log_is_noted_with_its_event_and_no_more() -> None:
    signals = Signals()
    with errors_noted(signals):
        logging.getLogger("a.library").warning("not this")
        logging.getLogger("a.library").error("the text of %s", "somebody")
        assert signals.last("server_error") == {"event": "a.library"}
        said = {"event": "fault", "incident": "abc", "path": "a secret"}
        logging.getLogger("parlance").error(said)
    logging.getLogger("parlance").error("after the end")
    assert signals.taken() == {"server_error": 2}
    assert signals.last("server_error") == {"event": "fault", "incident": "abc"}
    assert signals.taken() == {}


async def test_structlog_s_errors_reach_the_count_as_the_server_sets_it_up() -> None:
    record: list[object] = []

    class Keeping(logging.Handler):
        def emit(self, one: logging.LogRecord) -> None:
            record.append(one.msg)

    logger = logging.getLogger("kept")
    logger.addHandler(Keeping())
    structlog.wrap_logger(
        logger, processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    ).error("fault", incident="abc")
    assert record == [{"event": "fault", "incident": "abc"}]
