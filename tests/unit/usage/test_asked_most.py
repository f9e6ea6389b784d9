"""Packed questions add up as a count of each of them does."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from documents.ids import PydanticObjectId
from services.usage.asked_most import AskedMost

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_day(dice: random.Random, questions: int) -> dict[str, dict[str, Any]]:
    return {
        f"{dice.randrange(300):016x}": {
            "count": dice.randrange(1, 9),
            "last_at": NOON + timedelta(milliseconds=dice.randrange(10**9)),
            "answer_id": PydanticObjectId(dice.randbytes(11) + b"\0"),
        }
        for _ in range(questions)
    }


def test_days_and_months_add_up_as_each_question_counts() -> None:
    dice = random.Random("questions")
    days = [a_day(dice, 40) for _ in range(60)]
    counts, last = Counter[str](), dict[str, Any]()
    for key, one in (item for day in days for item in day.items()):
        counts[key] += one["count"]
        seen = (one["last_at"], one["answer_id"])
        last[key] = max(seen, last.get(key, seen), key=lambda seen: seen[0])
    year = AskedMost()
    for day in days[:20]:
        year.add_day(day)
    for month in (days[20:40], days[40:]):
        merged = AskedMost()
        for day in month:
            merged.add_day(day)
        year.add(merged.packed(1_000))
    ordered = sorted(counts, key=lambda key: (counts[key], last[key][0]), reverse=True)
    told = [(one.count, one.last_at, one.answer_id) for one in year.most(50)]
    assert told == [(counts[key], *last[key]) for key in ordered[:50]]


def test_nothing_asked_is_nothing_told() -> None:
    nothing = AskedMost()
    nothing.add_day({})
    nothing.add(b"")
    assert nothing.most(5) == []
    assert nothing.packed(5) == AskedMost().packed(5) == b""
