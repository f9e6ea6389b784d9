"""A visit is told while it goes on, counted once when it has ended, and stays when it is gone."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from documents.base import utc_now
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.messages import Message
from documents.migrations.m0007_visits_are_summed import migrate
from documents.usage_daily import UsageDaily
from documents.usage_days import UsageDay
from documents.usage_events import UsageEvent
from documents.usage_highlights import UsageHighlights
from documents.usage_merged import UsageMerged
from documents.visits import Visit
from documents.work_leases import free_work_leases
from services.conversations.rating import Rater, Ratings, Said
from services.privacy.retention import Retention
from services.usage.counting import Counting
from services.usage.days import Whose
from services.usage.figures import PeriodFigures, usage_of
from services.usage.periods import Period, zone_of
from services.usage.rebuilding import Rebuilding
from services.usage.refusals import Refusals
from services.usage.stays import StayFigures, stays_in
from services.visits.visitors import anonymous_visitor
from tests.unit.answering.conftest import MakeProcess, make_log, process_of, redis_url, visitor
from tests.unit.answering.processes import Visitor
from tests.unit.answering.scripted_models import Script
from tests.unit.privacy.test_erasing import erasing_in

__all__ = ["make_log", "process_of", "redis_url", "visitor"]

pytestmark = pytest.mark.asyncio(loop_scope="session")
SUMS = (UsageDaily, UsageDay, UsageMerged, UsageHighlights)
LONG_AGO = timedelta(days=40)


async def visit_of(visitor: Visitor, *, minutes: int, messages: int, ended: bool) -> Visit:
    now = utc_now()
    visit = Visit(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=visitor.visitor_id,
        origin="",
        started_at=now,
        last_activity_at=now + timedelta(minutes=minutes),
        ended_at=now if ended else None,
        message_count=messages,
    )
    return await visitor.scope.of(Visit).insert(visit)


async def client_of(visitor: Visitor) -> Client:
    client = await visitor.scope.of(Client).find_one({})
    assert client is not None
    return client


async def this_month(visitor: Visitor) -> PeriodFigures:
    return (await usage_of(await client_of(visitor), None, "day")).period


async def stays(visitor: Visitor) -> StayFigures:
    today = utc_now().date()
    around = Period(today - timedelta(days=1), today + timedelta(days=2))
    whose = Whose(visitor.client_id, zone_of(await client_of(visitor)))
    return await stays_in(whose, around, (await this_month(visitor)).totals)


async def test_visits_count_once_whoever_counts_and_stay_when_they_are_gone(
    visitor: Visitor, database: Database
) -> None:
    for minutes, messages in ((1, 2), (4, 6)):
        await visit_of(visitor, minutes=minutes, messages=messages, ended=True)
    going = await visit_of(visitor, minutes=5, messages=10, ended=False)
    all_three = StayFigures(visits=3, seconds=600.0, messages=18)
    assert await stays(visitor) == all_three

    counting = [Counting(database, Refusals()) for _ in range(4)]
    await asyncio.gather(*(one.settle(visitor.client_id) for one in counting))
    assert await stays(visitor) == all_three
    rows = await visitor.scope.of(UsageEvent).find({"kind": "visit"}, limit=9)
    assert [one.visitor_id for one in rows] == [None, None], "they name nobody"

    ended = {"$set": {"ended_at": utc_now()}, "$inc": {"message_count": 2}}
    await visitor.scope.of(Visit).update_one({"_id": going.id}, ended)
    await counting[0].settle(visitor.client_id)
    await visitor.scope.of(Visit).delete_many({})
    assert await stays(visitor) == StayFigures(visits=3, seconds=600.0, messages=20)
    assert (await this_month(visitor)).totals.numbers["requests"] == 0, "a visit is no request"


async def test_visits_of_an_earlier_version_are_counted(
    visitor: Visitor, database: Database
) -> None:
    await visit_of(visitor, minutes=1, messages=2, ended=True)
    visits = visitor.scope.of(Visit)
    await visits.update_many({}, {"$unset": {"unsummed": ""}})
    for _ in range(2):
        await migrate(database.database)
        await Counting(database, Refusals()).settle(visitor.client_id)
        assert (await stays(visitor)).visits == 1


async def test_what_is_made_anew_after_pruning_and_erasure_is_what_was_counted(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(*(Script("Rome ", "was built.") for _ in range(6)))
    people = [
        replace(visitor, visitor_id=(await anonymous_visitor(visitor.client_id, None)).id)
        for _ in range(3)
    ]
    for person in people:
        await visit_of(person, minutes=2, messages=4, ended=True)
        for _ in range(2):
            answer = (await process.ask(person)).answer
            await process.follow(person, answer.id)
        rater = Rater(person.client_id, person.chatbot_id, person.visitor_id)
        await Ratings(database).rate(rater, answer.id, Said("up"))
    counting = Counting(database, Refusals())
    await counting.settle(visitor.client_id)
    before = await this_month(visitor)
    numbers = before.totals.numbers
    assert (numbers["requests"], numbers["feedback_up"], numbers["visits"]) == (6, 3, 3)

    erasing = erasing_in(database, process)
    await erasing.erase(visitor.scope, people[0].visitor_id)
    await pruned(visitor, Retention(database, erasing))
    assert await everything_left(visitor) == 0
    for kind in SUMS:
        await visitor.scope.of(kind).delete_many({})
    found = await Rebuilding(database).rebuild(await client_of(visitor), lambda _days: None)
    assert found.wrong == found.hours > 0
    after = await this_month(visitor)
    assert after.totals.numbers == before.totals.numbers
    assert [day.numbers for _, day in after.series] == [day.numbers for _, day in before.series]
    assert after.totals.visitors == before.totals.visitors == 3


async def pruned(visitor: Visitor, retention: Retention) -> None:
    """Let all that was said lie long ago, and prune it."""
    await visitor.scope.of(Client).update_many({}, {"$set": {"retention_days": 30}})
    then = utc_now() - LONG_AGO
    for kind, fields in (
        (Conversation, ("created_at", "last_message_at")),
        (Message, ("created_at",)),
        (Visit, ("started_at", "last_activity_at", "ended_at")),
    ):
        await visitor.scope.of(kind).update_many({}, {"$set": dict.fromkeys(fields, then)})
    await free_work_leases()
    await retention.apply(no_checkpoint)


async def no_checkpoint() -> None:
    return


async def everything_left(visitor: Visitor) -> int:
    kinds = (Conversation, Message, Visit)
    return sum([await visitor.scope.of(kind).count({}, limit=100) for kind in kinds])
