"""The questions to which a chatbot's knowledge held no answer, those alike together.

They are read from what `services.usage.highlights` keeps of each day, so a question of which
nothing is left any more is not told, and putting them together is done anew for each reader.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from documents.settled_questions import SettledQuestion, settled_among
from services.unanswered.grouping import grouped
from services.unanswered.likeness import Likeness, likeness_of
from services.usage.days import Whose
from services.usage.fingerprints import fingerprint_of
from services.usage.highlights import QuestionCount, questions_asked_most
from services.usage.periods import Period

MOST_READ = 600
"""Different questions that are compared: 0.2 s of processor time, in a thread."""


@dataclass(frozen=True, slots=True)
class UnansweredGroup:
    """Questions that ask for the same, the most asked first; at least one."""

    questions: Sequence[QuestionCount]

    @property
    def count(self) -> int:
        """How often they were asked."""
        return sum(one.count for one in self.questions)

    @property
    def last_at(self) -> datetime:
        """When one of them was asked last."""
        return max(one.last_at for one in self.questions)


async def unanswered_groups(
    whose: Whose, period: Period, language: str, *, with_dismissed: bool = False
) -> list[UnansweredGroup]:
    """The open questions of a chatbot in a period by groups, the most asked first.

    Args:
        whose: Which chatbot's.
        period: Asked in which days.
        language: For questions that do not tell theirs.
        with_dismissed: Also those that somebody dismissed.
    """
    found = await questions_asked_most(whose, period, "unanswered", MOST_READ)
    questions = await _open(whose, found, with_dismissed=with_dismissed)
    groups = await asyncio.to_thread(_groups, questions, language)
    return sorted(groups, key=lambda one: (one.count, one.last_at), reverse=True)


async def _open(
    whose: Whose, found: Sequence[QuestionCount], *, with_dismissed: bool
) -> list[QuestionCount]:
    if whose.chatbot_id is None:
        raise ValueError("questions are settled for one chatbot")
    keys = {one.question_id: fingerprint_of(one.text) or "" for one in found}
    settled = await settled_among(whose.client_id, whose.chatbot_id, set(keys.values()))
    return [
        one
        for one in found
        if _is_open(one, settled.get(keys[one.question_id]), with_dismissed=with_dismissed)
    ]


def _is_open(
    question: QuestionCount, settled: SettledQuestion | None, *, with_dismissed: bool
) -> bool:
    if settled is None:
        return True
    if settled.source_id is None:
        return with_dismissed
    return question.last_at > settled.settled_at


def _groups(questions: Sequence[QuestionCount], language: str) -> list[UnansweredGroup]:
    likeness = likeness_of([one.text for one in questions], language)
    return [
        UnansweredGroup([questions[place] for place in _ordered(group, questions, likeness)])
        for group in grouped(likeness)
    ]


def _ordered(
    group: Sequence[int], questions: Sequence[QuestionCount], likeness: Likeness
) -> list[int]:
    """The most asked first; of equal ones that which is most like the others."""
    central = {place: float(likeness[place, list(group)].sum()) for place in group}
    return sorted(group, key=lambda place: (-questions[place].count, -central[place], place))
