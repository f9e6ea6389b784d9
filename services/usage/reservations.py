"""Reserving from a client's quota and budget before a model is asked, and settling afterwards.

What is reserved is an upper bound, so that however many questions come at once, what is spent in
the end never lies above the budget. A reservation ends with its answer, whoever ends that: also
the answer of a process that died is taken over and ended by another, see `services.answering`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from documents.base import utc_now
from documents.clients import Client
from documents.messages import Message
from documents.usage_daily import usage_between
from documents.usage_months import (
    Held,
    Room,
    UsageMonth,
    exchange,
    held_for,
    open_month,
    reserve,
    usage_month,
)
from services.usage.periods import Period, midnight, month_at, zone_of
from services.usage.thresholds import tell_used_up

LimitName = Literal["quota", "budget"]
WithinQuota = Literal["soft", "hard"]

_TRIES = 10
"""One opens the month. Further ones are for room that came free between a refusal and the look for
its reason."""


class LimitReachedError(Exception):
    """A client's quota or budget holds no more answers this month.

    Attributes:
        limit: which.
        resets_at: when the next month begins.
        resets_on: its first day by the client's clock.
    """

    def __init__(self, limit: LimitName, resets_at: datetime, resets_on: date) -> None:
        super().__init__(limit)
        self.limit: LimitName = limit
        self.resets_at = resets_at
        self.resets_on = resets_on


@dataclass(frozen=True, slots=True)
class Wish:
    """What an answer would take.

    Attributes:
        within: up to which quota: the soft one, from where on the fallback model answers, or the
            hard one.
        micros: the most that it can cost.
    """

    within: WithinQuota
    micros: int


@dataclass(frozen=True, slots=True)
class MonthLimits:
    """A client's limits of a month."""

    client_id: str
    month: Period
    resets_at: datetime
    soft_quota: int | None
    hard_quota: int | None
    budget_micros: int | None

    @property
    def name(self) -> str:
        """Of the month: "2026-11"."""
        return f"{self.month.since:%Y-%m}"

    def room(self, wish: Wish) -> Room:
        """Up to where a wish may be granted."""
        quota = self.soft_quota if wish.within == "soft" else self.hard_quota
        return Room(quota, self.budget_micros)

    def empty_month(self) -> UsageMonth:
        """The month, with nothing used of it."""
        return UsageMonth(
            client_id=self.client_id,
            month=self.name,
            quota=self.soft_quota,
            budget_micros=self.budget_micros,
        )

    def reached(self, limit: LimitName) -> LimitReachedError:
        """The refusal because of a limit."""
        return LimitReachedError(limit, self.resets_at, self.month.until)


def limits_of(client: Client, at: datetime) -> MonthLimits:
    """The limits that hold for a client at a moment."""
    zone = zone_of(client)
    month = month_at(at, zone)
    soft, hard = client.monthly_quota, client.hard_quota
    return MonthLimits(
        client.client_id,
        month,
        midnight(month.until, zone),
        soft_quota=hard if soft is None else soft,
        hard_quota=soft if hard is None else hard,
        budget_micros=client.budget.micros if client.budget else None,
    )


async def reserve_one_of(client: Client, answer: Message, wishes: Sequence[Wish]) -> int:
    """Reserve for an answer what the first of the wishes takes for which there is room; its place.

    It takes the place of what is reserved for the answer already: by a process that died, or to
    understand the question.

    Raises:
        LimitReachedError: there is room for none.
    """
    limits = limits_of(client, answer.created_at)
    blank = limits.empty_month()
    wanted = [_held(answer, wish) for wish in wishes]
    rooms = [limits.room(wish) for wish in wishes]
    reason: LimitName = "quota"
    for _ in range(_TRIES):
        for place, (one, room) in enumerate(zip(wanted, rooms, strict=True)):
            if await _held_now(blank, answer, one, room):
                return place
        month = await usage_month(client.client_id, limits.name)
        if month is None:
            await open_month(await _counted(client, limits))
        else:
            own = await held_for(client.client_id, answer.id)
            others = _without(own, month)
            in_the_way = [_in_the_way(others, *each) for each in zip(wanted, rooms, strict=True)]
            reason = in_the_way[-1] or reason
            if all(in_the_way):
                if _is_used_up(month, wanted):
                    await tell_used_up(month)
                break
    raise limits.reached(reason)


async def reserve_if_room(client: Client, answer: Message, wish: Wish) -> bool:
    """Reserve for an answer what a wish takes; False, and nothing is told, if there is no room."""
    limits = limits_of(client, answer.created_at)
    wanted, room = _held(answer, wish), limits.room(wish)
    if await _held_now(limits.empty_month(), answer, wanted, room):
        return True
    if await usage_month(client.client_id, limits.name) is not None:
        return False
    await open_month(await _counted(client, limits))
    return await _held_now(limits.empty_month(), answer, wanted, room)


async def _held_now(blank: UsageMonth, answer: Message, wanted: Held, room: Room) -> bool:
    if await reserve(blank, answer.id, wanted, room):
        return True
    return await exchange(blank, answer.id, wanted, room)


def _without(own: Held | None, month: UsageMonth) -> UsageMonth:
    """A month as the others have left it."""
    if own is None:
        return month
    left = {
        "reserved": month.reserved - own.questions,
        "reserved_micros": month.reserved_micros - own.micros,
    }
    others: UsageMonth = month.model_copy(update=left)
    return others


def _held(answer: Message, wish: Wish) -> Held:
    questions = 0 if answer.preview_until else 1
    generation = answer.stream.generation if answer.stream else 1
    return Held(questions=questions, micros=wish.micros, since=utc_now(), generation=generation)


def _in_the_way(month: UsageMonth, wanted: Held, room: Room) -> LimitName | None:
    """Which limit refuses a reservation, the month being what it is; None if there is room now."""
    taken = month.used + month.reserved + wanted.questions
    if wanted.questions and room.questions is not None and taken > room.questions:
        return "quota"
    committed = month.spent_micros + month.reserved_micros + wanted.micros
    if wanted.micros and room.micros is not None and committed > room.micros:
        return "budget"
    return None


def _is_used_up(month: UsageMonth, wanted: Sequence[Held]) -> bool:
    """Whether the budget refuses all of it also when nothing else is reserved."""
    budget = month.budget_micros
    least = min(one.micros for one in wanted)
    return budget is not None and bool(least) and month.spent_micros + least > budget


async def standing(client: Client) -> UsageMonth:
    """How far a client is in the running month; as it is counted if nothing was reserved yet."""
    limits = limits_of(client, utc_now())
    stored = await usage_month(client.client_id, limits.name)
    return stored or await _counted(client, limits)


async def _counted(client: Client, limits: MonthLimits) -> UsageMonth:
    """A month as it was before anything was reserved in it: what was counted all the same."""
    month = limits.empty_month()
    async for hour in usage_between(client.client_id, *limits.month.moments(zone_of(client))):
        month.used += hour.quota_used
        month.spent_micros += hour.cost_micros
    return month
