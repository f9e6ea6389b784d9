"""Following live events: in order, without a gap, whatever happens to whom."""

import asyncio
import gc
from datetime import timedelta

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.database.database import Database
from documents.erasure import erase_client
from documents.ids import PydanticObjectId
from documents.live_events import (
    KEPT,
    LiveEvent,
    close_numbers,
    events_between,
    last_number,
    numbers_taken,
)
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.live.following import CannotGoOnError
from services.live.wanted import Wanted
from tests.unit.answering.processes import stopped_mongod
from tests.unit.live.watchers import (
    EVERYTHING,
    PATIENCE_SECONDS,
    QUICK,
    Tenant,
    feed_of,
    following,
    process,
    taking_a_number,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(database: Database) -> Tenant:
    return Tenant.new(database)


async def event_of(tenant: Tenant, message_id: PydanticObjectId) -> LiveEvent:
    events = TenantScope.one(tenant.client_id).of(LiveEvent)
    found = await events.find_one({"message_id": message_id})
    assert found is not None
    return found


async def test_a_follower_gets_what_happens_from_now_on_in_order(tenant: Tenant) -> None:
    await tenant.happened()
    async with process() as live, following(live, tenant) as watcher:
        happened = [await tenant.happened() for _ in range(10)]
        assert await watcher.next_messages(10) == happened


async def test_a_follower_goes_on_after_any_event_it_saw(tenant: Tenant) -> None:
    happened = [await tenant.happened() for _ in range(12)]
    async with process() as live:
        for seen in range(11):
            last = await event_of(tenant, happened[seen])
            async with following(live, tenant, after=last.id) as watcher:
                assert await watcher.next_messages(11 - seen) == happened[seen + 1 :]


async def test_every_process_hears_of_every_change(tenant: Tenant) -> None:
    async with (
        process() as one,
        process() as other,
        following(one, tenant) as here,
        following(other, tenant) as there,
    ):
        happened = [await tenant.happened() for _ in range(5)]
        assert await here.next_messages(5) == happened
        assert await there.next_messages(5) == happened


async def test_fifty_changes_at_once_reach_all_followers_in_one_order(tenant: Tenant) -> None:
    async with (
        process() as one,
        process() as other,
        following(one, tenant) as here,
        following(other, tenant) as there,
    ):
        happened = await asyncio.gather(*(tenant.happened() for _ in range(50)))
        seen = await here.next(50)
        assert [event.message_id for event in seen] == await there.next_messages(50)
    assert {event.message_id for event in seen} == set(happened)
    numbers = [event.seq for event in seen]
    assert numbers == sorted(numbers)
    first = numbers[0]
    stored = await events_between(tenant.client_id, first - 1, None, limit=100)
    assert [one.seq for one in stored] == list(range(first, stored[-1].seq + 1))


async def test_a_change_that_is_slow_to_commit_is_waited_for(tenant: Tenant) -> None:
    """Its number is lower than that of a change which is there already."""
    async with process(QUICK) as live, following(live, tenant) as watcher:
        async with tenant.database.transaction() as session:
            slow = await taking_a_number(tenant, session, await numbers_taken(tenant.client_id, 1))
            quick = await tenant.happened()
            # Long enough for the hole to be closed, if a stored event could be closed away.
            await asyncio.sleep(QUICK.hole_s * 3)
        assert await watcher.next_messages(2) == [slow, quick]


async def test_a_number_whose_change_never_came_stops_nobody(tenant: Tenant) -> None:
    async with process() as live, following(live, tenant) as watcher:
        lost = await numbers_taken(tenant.client_id, 3)
        happened = await tenant.happened()
        assert await watcher.next_messages() == [happened]
    closed = await events_between(tenant.client_id, lost - 1, lost + 2, limit=10)
    assert [one.kind for one in closed] == ["nothing"] * 3


async def test_a_change_that_comes_too_late_for_its_number_takes_another(tenant: Tenant) -> None:
    taken: list[int] = []

    async def change(session: WriteSession) -> PydanticObjectId:
        await TenantScope.one(tenant.client_id).of(LiveEvent).count({}, limit=1)
        await taking_a_number(tenant, session, -1 - len(taken))  # the transaction has begun
        taken.append(await numbers_taken(tenant.client_id, 1))
        if len(taken) == 1:
            await close_numbers(tenant.client_id, taken)
        return await taking_a_number(tenant, session, taken[-1])

    late = await tenant.database.run_transaction(change)

    assert len(taken) == 2
    assert (await event_of(tenant, late)).seq == taken[1]


async def test_a_follower_begins_when_what_has_a_number_is_settled(tenant: Tenant) -> None:
    """Or a slow change would come after its beginning, and under a number before it."""
    async with process() as live:
        stream = live.follow(tenant.client_id, EVERYTHING, None)
        async with tenant.database.transaction() as session:
            number = await numbers_taken(tenant.client_id, 1)
            await tenant.happened()
            await taking_a_number(tenant, session, number)
            came = asyncio.ensure_future(anext(stream))
            await until(lambda: live.followers == 1)
            feed = feed_of(live, tenant)
            await asyncio.sleep(0.1)
            assert not feed.started.is_set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await feed.started.wait()
            happened = await tenant.happened()
            assert (await came).message_id == happened
        await stream.aclose()


async def test_a_visitor_gets_the_own_events_and_those_for_everybody(tenant: Tenant) -> None:
    visitor, other = PydanticObjectId(), PydanticObjectId()
    wanted = Wanted(
        kinds=("answer_created", "chatbot_published"),
        chatbot_id=tenant.chatbot_id,
        visitor_id=visitor,
    )
    async with process() as live, following(live, tenant, wanted) as watcher:
        await tenant.happened(visitor_id=other)
        await tenant.happened("conversation_closed", visitor_id=visitor)
        own = await tenant.happened(visitor_id=visitor)
        await tenant.happened(visitor_id=visitor, chatbot_id=PydanticObjectId())
        await tenant.happened("chatbot_published", chatbot_id=PydanticObjectId())
        await tenant.happened()  # of a visitor who was erased
        for_all = await tenant.happened("chatbot_published")
        assert await watcher.next_messages(2) == [own, for_all]


async def test_a_seldom_event_is_found_behind_many_others(tenant: Tenant) -> None:
    conversation = PydanticObjectId()
    first = await tenant.happened()
    for _ in range(QUICK.window * 2):
        await tenant.happened()
    rare = await tenant.happened(conversation_id=conversation)
    wanted = Wanted(kinds=EVERYTHING.kinds, conversation_id=conversation)
    after = (await event_of(tenant, first)).id
    async with process() as live, following(live, tenant, wanted, after) as watcher:
        assert await watcher.next_messages() == [rare]


async def test_others_events_are_none_of_a_clients(tenant: Tenant, database: Database) -> None:
    other = Tenant.new(database)
    async with process() as live, following(live, tenant) as watcher:
        await other.happened()
        own = await tenant.happened()
        assert await watcher.next_messages() == [own]


async def test_nobody_goes_on_after_what_is_not_known(tenant: Tenant, database: Database) -> None:
    other = Tenant.new(database)
    foreign = await event_of(other, await other.happened())
    old = await event_of(tenant, await tenant.happened())
    await (
        TenantScope.one(tenant.client_id)
        .of(LiveEvent)
        .update_one(
            {"_id": old.id}, {"$set": {"created_at": utc_now() - KEPT - timedelta(seconds=1)}}
        )
    )
    async with process() as live:
        for event_id in (PydanticObjectId(), foreign.id, old.id):
            async with following(live, tenant, after=event_id) as watcher:
                with pytest.raises(CannotGoOnError):
                    await watcher.next()


async def test_followers_of_a_client_that_began_anew_are_told(tenant: Tenant) -> None:
    await tenant.happened()
    async with process() as live, following(live, tenant) as watcher:
        await erase_client(tenant.client_id)
        with pytest.raises(CannotGoOnError):
            await watcher.next()
        async with following(live, tenant) as again:
            happened = await tenant.happened()
            assert await again.next_messages() == [happened]


async def test_without_notifications_followers_look_by_themselves(tenant: Tenant) -> None:
    async with process(watching=False) as live, following(live, tenant) as watcher:
        happened = await tenant.happened()
        assert await watcher.next_messages() == [happened]


async def test_a_database_that_does_not_answer_for_a_while_costs_nothing(tenant: Tenant) -> None:
    async with process() as live, following(live, tenant) as watcher:
        before = await tenant.happened()
        with stopped_mongod(tenant.database):
            late = asyncio.create_task(tenant.happened())
            await asyncio.sleep(0.5)
        after = await tenant.happened()
        assert await watcher.next_messages() == [before]
        assert set(await watcher.next_messages(2)) == {await late, after}


async def test_a_slow_follower_holds_no_more_than_a_page(tenant: Tenant) -> None:
    async with process() as live, following(live, tenant) as watcher:
        happened = [await tenant.happened() for _ in range(40)]
        assert await watcher.next_messages() == happened[:1]
        last = await last_number(tenant.client_id)
        await until(lambda: feed_of(live, tenant).horizon == last)
        gc.collect()
        held = [
            one
            for one in gc.get_objects()
            if isinstance(one, LiveEvent) and one.client_id == tenant.client_id
        ]
        assert len(held) <= QUICK.page
        assert await watcher.next_messages(39) == happened[1:]


async def test_nothing_is_left_of_followers_that_went(tenant: Tenant) -> None:
    async with process() as live:
        async with following(live, tenant), following(live, tenant):
            assert live.followers == 2
        assert live.followers == 0
        assert not live._feeds
        left = f"live {tenant.client_id}"
        await until(lambda: left not in {task.get_name() for task in asyncio.all_tasks()})
