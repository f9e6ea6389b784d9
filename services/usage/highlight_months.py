"""What stood out in a period: read from whole months, and from days only beside them.

A month is merged from its days when somebody asks for it, and keeps a bounded number of questions,
so how long a year takes is bounded; up to there it grows with how many different ones were asked.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Literal

from documents.ids import PydanticObjectId
from documents.usage_highlights import stored_highlights
from documents.usage_merged import keep_merged, stored_merged
from services.usage.days import Whose
from services.usage.merging import first_day, month_of, parts_of, span_name
from services.usage.periods import Period

QUESTIONS_OF_A_MONTH = 200
CONVERSATIONS_OF_A_MONTH = 50

QuestionsField = Literal["asked", "unanswered"]
HighlightsField = Literal["asked", "unanswered", "longest"]

FIELDS: Sequence[HighlightsField] = ("asked", "unanswered", "longest")


class AskedMost:
    """Adds questions up by their fingerprints."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = defaultdict(int)
        self._last: dict[str, tuple[datetime, PydanticObjectId]] = {}

    def add(self, asked: Mapping[str, Any]) -> None:
        """Add those of a day or a month as they are stored."""
        for key, one in asked.items():
            self._counts[key] += one["count"]
            seen = (one["last_at"], one["answer_id"])
            self._last[key] = max(seen, self._last.get(key, seen))

    def most(self, number: int) -> dict[str, dict[str, Any]]:
        """Those that were asked most, the most asked first, as they are stored."""
        counts, last = self._counts, self._last
        ordered = sorted(counts, key=lambda key: (counts[key], last[key]), reverse=True)
        return {
            key: {"count": counts[key], "last_at": last[key][0], "answer_id": last[key][1]}
            for key in ordered[:number]
        }


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


async def highlights_in(
    whose: Whose, period: Period, field: HighlightsField
) -> AsyncGenerator[Mapping[str, Any], None]:
    """One field of the months and days of a period, in no order."""
    parts = parts_of(period)
    for days in (parts.before, parts.after):
        async with aclosing(_days(whose, days, [field])) as stored:
            async for day in stored:
                yield day.get(field) or {}
    if not parts.months.days:
        return
    since, until = (span_name(day, "month") for day in (parts.months.since, parts.months.until))
    fields = ("told", field)
    found = stored_merged(whose.client_id, "month", since, until, whose.chatbot_id, fields)
    async with aclosing(found) as batches:
        async for batch in batches:
            for month in batch:
                is_fresh = month.get("told") == month["revision"]
                yield (month if is_fresh else await _merged(whose, month)).get(field) or {}


async def _merged(whose: Whose, month: Mapping[str, Any]) -> Mapping[str, Any]:
    """Merge a month from its days, and keep it."""
    asked, unanswered, longest = AskedMost(), AskedMost(), Longest()
    async with aclosing(_days(whose, month_of(first_day(month)), FIELDS)) as days:
        async for day in days:
            asked.add(day.get("asked") or {})
            unanswered.add(day.get("unanswered") or {})
            longest.add(day.get("longest") or {})
    values = {
        "told": month["revision"],
        "asked": asked.most(QUESTIONS_OF_A_MONTH),
        "unanswered": unanswered.most(QUESTIONS_OF_A_MONTH),
        "longest": longest.most(CONVERSATIONS_OF_A_MONTH),
    }
    await keep_merged(whose.client_id, "month", [(month, values)])
    return values


def _days(
    whose: Whose, days: Period, fields: Sequence[str]
) -> AsyncGenerator[Mapping[str, Any], None]:
    return stored_highlights(whose.client_id, fields, days.since, days.until, whose.chatbot_id)
