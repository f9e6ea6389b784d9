"""Windows that processes share through the database."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from documents.database.clock import clock_difference_s
from documents.database.database import Database
from services.rate_limits.stored_windows import StoredWindows
from services.rate_limits.windows import Limit

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("database")]
START = datetime(2126, 8, 1, 12, 0, tzinfo=UTC)
"""In the future, or the database would clear the windows away in the middle of a test."""


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def new_limit(most: int = 3, seconds: float = 60) -> Limit:
    return Limit(f"test-{uuid4().hex}", most, timedelta(seconds=seconds))


async def test_window_moves_with_each_moment() -> None:
    clock, limit = Clock(), new_limit()
    windows = StoredWindows(clock)
    for _ in range(3):
        assert await windows.hit(limit, "anna") is None
        clock.pass_seconds(10)
    assert await windows.hit(limit, "anna") == START + timedelta(seconds=60)
    assert await windows.hit(limit, "bert") is None
    clock.now = START + timedelta(seconds=59.9)
    assert await windows.hit(limit, "anna") is not None
    clock.now = START + timedelta(seconds=60)
    assert await windows.hit(limit, "anna") is None
    assert await windows.hit(limit, "anna") == START + timedelta(seconds=70)


async def test_what_is_refused_does_not_count() -> None:
    clock, limit = Clock(), new_limit(most=1)
    windows = StoredWindows(clock)
    for _ in range(5):
        await windows.hit(limit, "anna")
        clock.pass_seconds(10)
    clock.pass_seconds(10)
    assert await windows.hit(limit, "anna") is None


async def test_no_more_pass_than_the_limit_however_many_come_at_once() -> None:
    limit = new_limit(most=5)
    processes = [StoredWindows() for _ in range(4)]
    outcomes = await asyncio.gather(
        *(process.hit(limit, "anna") for process in processes for _ in range(10))
    )
    assert outcomes.count(None) == 5


async def test_a_key_that_is_forgotten_starts_anew_in_every_process() -> None:
    limit = new_limit(most=1)
    one, other = StoredWindows(), StoredWindows()
    assert await one.hit(limit, "anna") is None
    assert await other.hit(limit, "anna") is not None
    await other.forget(limit, "anna")
    assert await one.hit(limit, "anna") is None


async def test_a_limit_that_was_lowered_says_when_there_is_room_under_it() -> None:
    clock, high = Clock(), new_limit(most=3)
    windows, low = StoredWindows(clock), Limit(high.name, 1, high.per)
    for _ in range(3):
        assert await windows.hit(high, "anna") is None
        clock.pass_seconds(10)
    room = await windows.hit(low, "anna")
    assert room == START + timedelta(seconds=80)
    clock.now = room
    assert await windows.hit(low, "anna") is None


async def test_the_time_is_the_databases_own(database: Database) -> None:
    limit = new_limit(most=1)
    await StoredWindows().hit(limit, "anna")
    room = await StoredWindows().hit(limit, "anna")
    assert room is not None
    there = datetime.now(UTC) + timedelta(seconds=await clock_difference_s(database))
    assert timedelta(seconds=40) < room - there <= timedelta(seconds=61)


async def test_the_database_clears_windows_away_when_they_are_over(database: Database) -> None:
    clock, limit = Clock(), new_limit()
    await StoredWindows(clock).hit(limit, "anna")
    windows = database.database["rate_windows"]
    stored = await windows.find_one({"key": f"{limit.name}/anna"})
    assert stored is not None
    assert stored["expires_at"] == START + timedelta(seconds=60)
    assert (await windows.index_information())["expiry"]["expireAfterSeconds"] == 0
