"""Spans, sketches and periods: what sums are made of."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from documents.ids import PydanticObjectId
from services.usage.periods import GranularityName, Period, hour_of, midnight, month_at
from services.usage.spans import LONGEST_SPAN, SPANS, Spans, percentile, span_of
from services.usage.visitor_sketch import register_of, visitors_in


def counts_of(durations: Iterable[int]) -> Spans:
    return np.bincount([span_of(took) for took in durations], minlength=SPANS)


@pytest.mark.parametrize("took", [1, 2, 17, 420, 999, 12_345, 600_000])
def test_a_percentile_is_off_by_a_fortieth_at_most(took: int) -> None:
    told = percentile(counts_of([took] * 3), 0.5)
    assert told is not None
    assert abs(told - took) <= max(1, 0.025 * took)


def test_percentiles_of_many() -> None:
    counts = counts_of(range(1, 1_001))
    for share in (0.5, 0.95):
        told = percentile(counts, share)
        assert told is not None
        assert abs(told - share * 1_000) <= share * 50
    assert percentile(counts_of([]), 0.5) is None
    assert percentile(counts_of([0]), 0.5) == 0
    assert span_of(10**9) == LONGEST_SPAN


@pytest.mark.parametrize("count", [0, 1, 2, 100, 5_000, 40_000])
def test_different_visitors_are_told_within_two_percent(count: int) -> None:
    registers: dict[int, int] = {}
    for number in range(count):
        visitor = PydanticObjectId(f"{number:024x}")
        for _ in range(2):  # who comes again is the same one
            register, rank = register_of(visitor)
            registers[register] = max(rank, registers.get(register, 0))
    assert abs(visitors_in(registers) - count) <= 0.02 * count


def test_hours_are_those_of_the_clients_clock() -> None:
    moment = datetime(2026, 11, 21, 16, 40, tzinfo=UTC)
    assert hour_of(moment, ZoneInfo("Asia/Kolkata")) == moment.replace(minute=30)
    assert hour_of(moment, ZoneInfo("Europe/Berlin")) == moment.replace(minute=0)
    back = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # the second 2:30 of that night
    assert hour_of(back, ZoneInfo("Europe/Berlin")) == back.replace(minute=0)


def test_a_month_begins_at_the_clients_midnight() -> None:
    zone = ZoneInfo("America/New_York")
    month = month_at(datetime(2026, 12, 1, 4, 0, tzinfo=UTC), zone)
    assert month == Period(date(2026, 11, 1), date(2026, 12, 1))
    assert midnight(month.until, zone) == datetime(2026, 12, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("granularity", "firsts"),
    [
        ("day", [date(2026, 11, day) for day in range(28, 31)] + [date(2026, 12, 1)]),
        ("week", [date(2026, 11, 28), date(2026, 11, 30)]),
        ("month", [date(2026, 11, 28), date(2026, 12, 1)]),
    ],
)
def test_the_steps_of_a_period(granularity: GranularityName, firsts: list[date]) -> None:
    period = Period(date(2026, 11, 28), date(2026, 12, 2))
    assert [*period.steps(granularity)] == firsts


def test_the_period_before_is_as_many_months_or_days() -> None:
    def before(since: str, until: str) -> tuple[str, str]:
        found = Period(date.fromisoformat(since), date.fromisoformat(until)).before
        return str(found.since), str(found.until)

    assert before("2026-03-01", "2026-04-01") == ("2026-02-01", "2026-03-01")
    assert before("2026-01-01", "2027-01-01") == ("2025-01-01", "2026-01-01")
    assert before("2026-01-01", "2026-04-01") == ("2025-10-01", "2026-01-01")
    assert before("2026-03-02", "2026-03-09") == ("2026-02-23", "2026-03-02")
