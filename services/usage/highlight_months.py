"""What stood out in a period: read from whole months, and from days only beside them.

A month is merged from its days when somebody asks for it, and keeps a bounded number of questions,
so how long a year takes is bounded; up to there it grows with how many different ones were asked.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal

from documents.usage_highlights import stored_highlights
from documents.usage_merged import keep_merged, stored_merged
from services.usage.asked_most import LAYOUT, AskedMost
from services.usage.days import Whose
from services.usage.merging import Parts, first_day, month_of, parts_of, span_name
from services.usage.periods import Period

QUESTIONS_OF_A_MONTH = 200
CONVERSATIONS_OF_A_MONTH = 50

QuestionsField = Literal["asked", "unanswered"]
HighlightsField = Literal["asked", "unanswered", "longest"]

FIELDS: Sequence[HighlightsField] = ("asked", "unanswered", "longest")


class Longest:
    """Keeps how long conversations were in the end."""

    def __init__(self) -> None:
        self._lengths: dict[str, int] = {}

    def add(self, longest: Mapping[str, int]) -> None:
        """Add those of a day or a month as they are stored."""
        for name, length in longest.items():
            self._lengths[name] = max(length, self._lengths.get(name, 0))

    def most(self, number: int) -> dict[str, int]:
        """The longest, the longest first."""
        return dict(sorted(self._lengths.items(), key=lambda one: (-one[1], one[0]))[:number])


async def asked_in(whose: Whose, period: Period, field: QuestionsField) -> AskedMost:
    """The questions of a period."""
    asked, parts = AskedMost(), parts_of(period)
    async for day in _days_beside(whose, parts, field):
        asked.add_day(day)
    async for month in _months(whose, parts.months, field):
        asked.add(month)
    return asked


async def longest_in(whose: Whose, period: Period) -> Longest:
    """The conversations of a period."""
    longest, parts = Longest(), parts_of(period)
    async for day in _days_beside(whose, parts, "longest"):
        longest.add(day)
    async for month in _months(whose, parts.months, "longest"):
        longest.add(month)
    return longest


async def _days_beside(
    whose: Whose, parts: Parts, field: HighlightsField
) -> AsyncGenerator[Mapping[str, Any], None]:
    """One field of the days beside the whole months of a period."""
    for days in (parts.before, parts.after):
        async with aclosing(_days(whose, days, [field])) as stored:
            async for day in stored:
                yield day.get(field) or {}


async def _months(
    whose: Whose, months: Period, field: HighlightsField
) -> AsyncGenerator[Any, None]:
    """One field of whole months."""
    if not months.days:
        return
    since, until = (span_name(day, "month") for day in (months.since, months.until))
    fields = ("told", "told_as", field)
    found = stored_merged(whose.client_id, "month", since, until, whose.chatbot_id, fields)
    async with aclosing(found) as batches:
        async for batch in batches:
            for month in batch:
                yield (month if _is_fresh(month) else await _merged(whose, month))[field]


def _is_fresh(month: Mapping[str, Any]) -> bool:
    return month.get("told") == month["revision"] and month.get("told_as") == LAYOUT


async def _merged(whose: Whose, month: Mapping[str, Any]) -> Mapping[str, Any]:
    """Merge a month from its days, and keep it."""
    asked, unanswered, longest = AskedMost(), AskedMost(), Longest()
    async with aclosing(_days(whose, month_of(first_day(month)), FIELDS)) as days:
        async for day in days:
            asked.add_day(day.get("asked") or {})
            unanswered.add_day(day.get("unanswered") or {})
            longest.add(day.get("longest") or {})
    values = {
        "told": month["revision"],
        "told_as": LAYOUT,
        "asked": asked.packed(QUESTIONS_OF_A_MONTH),
        "unanswered": unanswered.packed(QUESTIONS_OF_A_MONTH),
        "longest": longest.most(CONVERSATIONS_OF_A_MONTH),
    }
    await keep_merged(whose.client_id, "month", [(month, values)])
    return values


def _days(
    whose: Whose, days: Period, fields: Sequence[str]
) -> AsyncGenerator[Mapping[str, Any], None]:
    return stored_highlights(whose.client_id, fields, days.since, days.until, whose.chatbot_id)
