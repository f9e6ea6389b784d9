"""Which questions are asked again and again, and which conversations are long.

A question is known again by a fingerprint of its words without signs and capitals. The longest
conversations of a day are kept exactly, since a conversation's length only grows. Of questions that
are hardly ever repeated the least frequent are forgotten: only a bounded number is kept of a day.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.usage_days import DayKey
from documents.usage_events import UsageEvent
from documents.usage_highlights import (
    Asked,
    UsageHighlights,
    highlights_of_days,
    replace_highlights,
)
from services.usage.days import Whose
from services.usage.highlight_months import QuestionsField, asked_in, longest_in
from services.usage.periods import Period

QUESTIONS_OF_A_DAY = 50
CONVERSATIONS_OF_A_DAY = 20

_QUESTION_OF_ANSWER = frozenset({"question_id"})
_WORDS_OF_QUESTION = frozenset({"content"})


@dataclass(frozen=True, slots=True)
class QuestionCount:
    """A question, how often it was asked, and where somebody asked it last."""

    text: str
    count: int
    last_at: datetime
    question_id: PydanticObjectId


async def note_highlights(
    client_id: str, rows: Iterable[UsageEvent], zone: ZoneInfo, session: WriteSession
) -> None:
    """Add what stands out among rows to their days."""
    days = by_day(rows, zone)
    if not days:
        return
    there = {
        (one.day, one.chatbot_id): one
        for one in await highlights_of_days(client_id, days.keys(), session)
    }
    changed = []
    for key, own in days.items():
        name = (f"{key.day}", key.chatbot_id)
        day = there.get(name) or UsageHighlights(
            client_id=client_id, day=name[0], chatbot_id=key.chatbot_id
        )
        add_highlights(day, own)
        changed.append(day)
    await replace_highlights(client_id, changed, session)


def add_highlights(day: UsageHighlights, rows: Iterable[UsageEvent]) -> None:
    """Add rows of a chatbot's day, and forget the least of what is too much."""
    for row in rows:
        if row.question_key and row.answer_id:
            _count(day.asked, row.question_key, row.at, row.answer_id)
            if row.unanswered:
                _count(day.unanswered, row.question_key, row.at, row.answer_id)
        if row.conversation_id and row.seq:
            name = str(row.conversation_id)
            day.longest[name] = max(row.seq, day.longest.get(name, 0))
    day.asked = _most_asked(day.asked, QUESTIONS_OF_A_DAY)
    day.unanswered = _most_asked(day.unanswered, QUESTIONS_OF_A_DAY)
    longest = sorted(day.longest.items(), key=lambda one: (-one[1], one[0]))
    day.longest = dict(longest[:CONVERSATIONS_OF_A_DAY])


async def questions_asked_most(
    whose: Whose, period: Period, field: QuestionsField, most: int
) -> Sequence[QuestionCount]:
    """The questions of a period that were asked most, as far as their words are still there."""
    # More than are wanted: of some nothing is left to be told.
    ordered = (await asked_in(whose, period, field)).most(3 * most)
    questions = await _questions_of(whose.client_id, [one.answer_id for one in ordered])
    found = [
        QuestionCount(question.content, one.count, one.last_at, question.id)
        for one in ordered
        if (question := questions.get(one.answer_id))
    ]
    return found[:most]


async def longest_conversations(
    whose: Whose, period: Period, most: int
) -> Sequence[PydanticObjectId]:
    """The conversations with most messages by their last answer in a period, longest first."""
    longest = await longest_in(whose, period)
    return [PydanticObjectId(name) for name in longest.most(most)]


async def _questions_of(
    client_id: str, answer_ids: Sequence[PydanticObjectId]
) -> Mapping[PydanticObjectId, Message]:
    """The questions of answers, by the answers' ids; without those that are gone."""
    messages = TenantScope.one(client_id).of(Message)
    answers = await messages.find_parts(
        {"_id": {"$in": list(answer_ids)}}, _QUESTION_OF_ANSWER, limit=max(1, len(answer_ids))
    )
    wanted = [one.question_id for one in answers if one.question_id is not None]
    found = await messages.find_parts(
        {"_id": {"$in": wanted}}, _WORDS_OF_QUESTION, limit=max(1, len(wanted))
    )
    questions = {one.id: one for one in found}
    return {
        one.id: questions[one.question_id]
        for one in answers
        if one.question_id is not None and one.question_id in questions
    }


def by_day(rows: Iterable[UsageEvent], zone: ZoneInfo) -> dict[DayKey, list[UsageEvent]]:
    """The rows that may stand out, by days and chatbots."""
    days: defaultdict[DayKey, list[UsageEvent]] = defaultdict(list)
    for row in rows:
        if row.kind == "question" and row.answer_id is not None:
            days[DayKey(row.at.astimezone(zone).date(), row.chatbot_id)].append(row)
    return days


def _count(counts: dict[str, Asked], key: str, at: datetime, answer_id: PydanticObjectId) -> None:
    known = counts.get(key)
    if known is None:
        counts[key] = Asked(count=1, last_at=at, answer_id=answer_id)
        return
    known.count += 1
    if at >= known.last_at:
        known.last_at, known.answer_id = at, answer_id


def _most_asked(counts: Mapping[str, Asked], most: int) -> dict[str, Asked]:
    ordered = sorted(counts.items(), key=lambda one: (one[1].count, one[1].last_at), reverse=True)
    return dict(ordered[:most])
