"""A month is one by the client's clock, and no number of processes reserves more than it holds."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from documents.clients import Budget, Client
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.messages import AnswerStream, Message
from documents.tenancy import TenantScope
from documents.usage_daily import UsageDaily
from documents.usage_months import UsageMonth, settle, usage_month
from services.usage.reservations import (
    LimitReachedError,
    Wish,
    limits_of,
    reserve_one_of,
    standing,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROGRAM = "tests.unit.usage.programs.reserve_many"
A_MILLISECOND = timedelta(milliseconds=1)
BOUNDARIES = {
    # Summer time begins on 29 March, between the two resets: the month has 743 hours.
    "Europe/Berlin": ("2026-03", "2026-02-28T23:00Z", "2026-03-31T22:00Z"),
    # It ends on the very first of November, two hours after the reset: a month of 721 hours.
    "America/New_York": ("2026-11", "2026-11-01T04:00Z", "2026-12-01T05:00Z"),
    # Half an hour of summer time, which begins on 4 October; the day there is ahead of ours.
    "Australia/Lord_Howe": ("2026-10", "2026-09-30T13:30Z", "2026-10-31T13:00Z"),
}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def new_client(**fields: object) -> Client:
    client = Client(client_id=f"client-{uuid4().hex[:8]}", name="A client", **fields)
    await TenantScope.one(client.client_id).of(Client).insert(client)
    return client


def answer_at(client: Client, at: datetime) -> Message:
    """An answer that is being given; nothing of it but the id and the moment matters."""
    return Message(
        client_id=client.client_id,
        conversation_id=PydanticObjectId(),
        chatbot_id=PydanticObjectId(),
        visitor_id=PydanticObjectId(),
        seq=2,
        sender="bot",
        status="streaming",
        content="",
        created_at=at,
        stream=AnswerStream(seq_ceiling=0),
    )


@pytest.mark.parametrize("zone", BOUNDARIES)
async def test_a_quota_resets_at_midnight_on_the_first_by_the_clients_clock(
    database: Database, zone: str
) -> None:
    month, begins, ends = BOUNDARIES[zone]
    client = await new_client(time_zone=zone, monthly_quota=1)
    within = answer_at(client, moment(ends) - A_MILLISECOND)
    too_many = answer_at(client, moment(begins))
    before = answer_at(client, moment(begins) - A_MILLISECOND)
    after = answer_at(client, moment(ends))

    await reserve_one_of(client, within, [Wish("soft", 0)])
    with pytest.raises(LimitReachedError) as reached:
        await reserve_one_of(client, too_many, [Wish("soft", 0)])
    await reserve_one_of(client, before, [Wish("soft", 0)])
    await reserve_one_of(client, after, [Wish("soft", 0)])

    assert reached.value.resets_at == moment(ends)
    assert reached.value.resets_on.day == 1
    assert limits_of(client, too_many.created_at).name == month
    held = await TenantScope.one(client.client_id).of(UsageMonth).find_one({"month": month})
    assert held is not None
    assert list(held.held) == [str(within.id)]


async def test_an_answer_that_ends_in_the_next_month_counts_to_the_one_it_was_asked_in(
    database: Database,
) -> None:
    client = await new_client(time_zone="Asia/Tokyo", monthly_quota=1)
    asked = answer_at(client, moment("2026-05-31T14:59:59Z"))
    await reserve_one_of(client, asked, [Wish("soft", 5)])
    await settle(client.client_id, asked.id, questions=1, micros=3)
    may, june = [await usage_month(client.client_id, name) for name in ("2026-05", "2026-06")]
    assert may is not None
    assert (may.used, may.reserved, may.spent_micros, may.reserved_micros) == (1, 0, 3, 0)
    assert june is None


async def test_a_month_begins_with_what_was_counted_in_it_already(database: Database) -> None:
    client = await new_client(monthly_quota=5)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    sums = UsageDaily(
        client_id=client.client_id,
        hour=now,
        chatbot_id=PydanticObjectId(),
        quota_used=4,
        cost_micros=70,
    )
    await TenantScope.one(client.client_id).of(UsageDaily).insert(sums)
    assert (await standing(client)).used == 4
    await reserve_one_of(client, answer_at(client, now), [Wish("soft", 0)])
    month = await standing(client)
    assert (month.used, month.reserved, month.spent_micros) == (4, 1, 70)
    with pytest.raises(LimitReachedError):
        await reserve_one_of(client, answer_at(client, now), [Wish("soft", 0)])


async def test_reserving_once_more_for_an_answer_takes_the_place_of_what_it_had(
    database: Database,
) -> None:
    client = await new_client(monthly_quota=1, budget=Budget(micros=10, currency="USD"))
    answer = answer_at(client, datetime.now(UTC))
    for micros in (10, 7, 9):
        assert await reserve_one_of(client, answer, [Wish("soft", micros)]) == 0
    month = await standing(client)
    assert (month.reserved, month.reserved_micros, month.holds) == (1, 9, 1)


async def test_a_budget_of_nothing_still_holds_what_is_free(database: Database) -> None:
    client = await new_client(budget=Budget(micros=0, currency="USD"))
    wishes = [Wish("soft", 1), Wish("hard", 0)]
    assert await reserve_one_of(client, answer_at(client, datetime.now(UTC)), wishes) == 1


async def test_four_processes_reserve_from_one_month_exactly_what_it_holds(
    database: Database, database_folder: Path
) -> None:
    client = await new_client(
        monthly_quota=1_000, budget=Budget(micros=50 * 700, currency="USD"), time_zone="UTC"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", PROGRAM, str(database_folder), client.client_id, "50"),
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    outputs = [(await process.communicate())[0] for process in processes]

    assert [process.returncode for process in processes] == [0] * 4
    granted = [int(output.split()[-1]) for output in outputs]
    assert sum(granted) == 50
    month = await TenantScope.one(client.client_id).of(UsageMonth).find_one({})
    assert month is not None
    assert (month.used, month.reserved, month.holds, month.held) == (50, 0, 0, {})
    assert (month.spent_micros, month.reserved_micros) == (50 * 700, 0)
