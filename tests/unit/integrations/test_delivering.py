"""Delivering: nothing is lost, nothing is sent twice, and nobody waits for somebody else."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.clients import Client
from documents.database.database import Database
from documents.database_clock import database_now
from documents.deliveries import Delivery, take_due_delivery
from documents.erasure import erase_chatbot, erase_visitors
from documents.event_counters import EventCounter
from documents.ids import PydanticObjectId
from documents.integrations import Integration
from documents.outgoing_mails import OutgoingMail
from documents.users import Membership, User
from services.integrations.delivering import Pace
from services.integrations.schedule import PAUSES
from services.integrations.spreading import _spread, spread_some
from tests.receivers import Receiver, Reply, receiver
from tests.unit.answering.processes import until
from tests.unit.integrations.offices import PATIENCE_S, Office, process, running

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> Office:
    await Delivery.get_pymongo_collection().delete_many({})
    return await Office(database).open()


@pytest_asyncio.fixture(loop_scope="session")
async def outside() -> AsyncGenerator[Receiver, None]:
    async with receiver() as server:
        yield server


async def test_many_processes_send_each_event_once(office: Office, outside: Receiver) -> None:
    await office.webhook(f"{outside.url}/a")
    await office.webhook(f"{outside.url}/b")
    await office.happens(60)
    async with running(*(process(office) for _ in range(3))):
        await office.ended(120)
    sent = [(one.path, one.headers["webhook-id"]) for one in outside.received]
    assert len(sent) == len(set(sent)) == 120
    assert {one.status for one in await office.deliveries()} == {"delivered"}
    assert not any(one.to_spread for one in await office.to_spread())


async def test_events_of_a_conversation_are_numbered_once_however_many_spread_them(
    office: Office, outside: Receiver
) -> None:
    await office.webhook(outside.url)
    await office.answered("One?", "One.")
    await asyncio.gather(*(spread_some() for _ in range(8)))
    (delivery,) = await office.deliveries()
    (entry,) = await office.to_spread()
    assert delivery.seq == entry.seq is not None


async def test_a_receiver_that_hangs_delays_nobody(office: Office, outside: Receiver) -> None:
    outside.by_path = {"/slow": Reply(hangs=True)}
    await office.webhook(f"{outside.url}/slow")
    await office.webhook(f"{outside.url}/quick")
    await office.happens(40)
    async with running(process(office, deadline_s=60.0)):

        async def quick_has_all() -> bool:
            return len([one for one in outside.received if one.path == "/quick"]) == 40

        await until(quick_has_all, PATIENCE_S)
        slow = [one for one in outside.received if one.path == "/slow"]
        assert len(slow) == 4
        outside.let_go.set()
        await office.ended(80)


async def test_what_waits_for_room_goes_on_as_soon_as_there_is_some(
    office: Office, outside: Receiver
) -> None:
    await office.webhook(outside.url)
    await office.happens(5)
    hour = Pace(for_one=1, look_s=3_600)
    async with running(process(office, pace=hour)):
        await office.ended(5, status="delivered")
    assert len(outside.received) == 5
    assert outside.most_at_once == 1


async def test_a_client_with_many_receivers_that_hang_delays_no_other_client(
    office: Office, database: Database, outside: Receiver
) -> None:
    outside.by_path = {"/slow": Reply(hangs=True)}
    for _ in range(4):
        await office.webhook(f"{outside.url}/slow")
    other = await Office(database).open()
    await other.webhook(f"{outside.url}/quick")
    await office.happens(20)
    await other.happens(20)
    async with running(process(office, deadline_s=60.0, pace=Pace(at_once=12, look_s=0.01))):
        await other.ended(20)
        slow = [one for one in outside.received if one.path == "/slow"]
        assert len(slow) == 8
        outside.let_go.set()
        await office.ended(80)


async def test_what_fails_is_tried_at_longer_and_longer_intervals_and_then_given_up(
    office: Office, outside: Receiver
) -> None:
    outside.otherwise = Reply(500)
    await office.webhook(outside.url)
    await office.happens()
    waits: list[timedelta] = []
    async with running(process(office)):
        for number in range(1, len(PAUSES) + 2):

            async def attempted(so_many: int = number) -> bool:
                found = await office.deliveries()
                return [len(one.attempts) for one in found] == [so_many]

            await until(attempted, PATIENCE_S)
            (one,) = await office.deliveries()
            if one.open:
                waits.append(one.due_at - one.attempts[-1].at)
                await office.let_be_due()
    (delivery,) = await office.deliveries()
    assert (delivery.status, len(delivery.attempts)) == ("dead", 8)
    for wait, pause in zip(waits, PAUSES, strict=True):
        assert pause <= wait <= 1.2 * pause + timedelta(seconds=30)
    assert len({one.headers["webhook-id"] for one in outside.received}) == 1


async def test_a_receiver_s_wish_for_later_is_followed(office: Office, outside: Receiver) -> None:
    outside.otherwise = Reply(429, headers={"retry-after": "7200"})
    await office.webhook(outside.url)
    await office.happens()
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.due_at - utc_now() > timedelta(hours=1, minutes=59)


async def test_a_redirect_to_a_private_address_is_not_followed(
    office: Office, outside: Receiver
) -> None:
    outside.otherwise = Reply(302, headers={"location": "http://127.0.0.1:1/inside"})
    await office.webhook(outside.url)
    await office.happens()
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.attempts[0].problem == (
        "It answered 302, a redirect; redirects are not followed."
    )


async def test_an_address_that_is_not_allowed_any_more_is_not_called(
    office: Office, outside: Receiver
) -> None:
    await office.webhook(outside.url.replace("http:", "https:"))
    await office.happens()
    async with running(process(office, allowed=())):
        (delivery,) = await office.ended(1)
    assert "The address may not be called" in str(delivery.attempts[0].problem)
    assert outside.received == []


async def test_a_secret_that_the_receiver_repeats_is_not_stored(
    office: Office, outside: Receiver
) -> None:
    outside.otherwise = Reply(400, f"{office.secret} {outside.url}/?key=abc".encode())
    await office.webhook(f"{outside.url}/?key=abc")
    await office.happens()
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.attempts[0].response_excerpt == "(secret) (secret)"


@pytest.mark.parametrize("repeated", ["/rooms/T0/B0?key=abcdef", "/rooms/T0/B0", "key=abcdef"])
async def test_a_part_of_the_address_that_the_receiver_repeats_is_not_stored(
    office: Office, outside: Receiver, repeated: str
) -> None:
    outside.otherwise = Reply(404, f"Cannot POST {repeated}".encode())
    await office.webhook(f"{outside.url}/rooms/T0/B0?key=abcdef")
    await office.happens()
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.attempts[0].response_excerpt == "Cannot POST (secret)"


async def test_a_process_that_died_leaves_one_attempt_to_be_repeated(
    office: Office, outside: Receiver
) -> None:
    await office.webhook(outside.url)
    await office.happens()
    await office.spread()
    left = await take_due_delivery("one that dies", timedelta(seconds=0.3))
    assert left is not None
    assert await take_due_delivery("another", timedelta(minutes=1)) is None
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert (delivery.status, delivery.tries) == ("delivered", 2)
    assert len(outside.received) == 1


async def test_what_was_erased_is_told_to_nobody(office: Office, outside: Receiver) -> None:
    await office.webhook(outside.url)
    answer = await office.answered("My number is 12345", "Thanks.")
    await office.spread()
    await erase_visitors(office.client_id, [answer.visitor_id])
    assert await office.deliveries() == []
    late = await office.answered("My number is 12345", "Thanks.")
    await erase_visitors(office.client_id, [late.visitor_id])
    async with running(process(office)):
        await office.happens()
        await office.ended(1)
    assert not any(b"12345" in one.body for one in outside.received)


async def test_what_the_api_deleted_meanwhile_is_given_up(
    office: Office, outside: Receiver
) -> None:
    await office.webhook(outside.url)
    answer = await office.answered("One?", "One.")
    await office.spread()
    await office.scope.of(type(answer)).delete_one({"_id": answer.id})
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.status == "dead"
    assert delivery.attempts[0].problem == "What it speaks of was deleted."
    assert outside.received == []


async def test_a_receiver_that_fails_for_days_is_paused_and_its_owners_hear_of_it(
    office: Office, outside: Receiver
) -> None:
    owner = User(
        email=f"owner@{office.client_id}.example",
        full_name="Olga",
        hashed_password="none",
        memberships=[Membership(client_id=office.client_id, role="owner")],
    )
    await owner.insert()
    outside.otherwise = Reply(500)
    six_days = utc_now() - timedelta(days=6)
    integration = await office.webhook(outside.url, failing_since=six_days)
    await office.happens()
    async with running(process(office)):

        async def is_paused() -> bool:
            found = await office.scope.of(Integration).get(integration.id)
            return found is not None and not found.active

        await until(is_paused, PATIENCE_S)

        async def nothing_waits() -> bool:
            return not await office.deliveries(open=True)

        await until(nothing_waits, PATIENCE_S)
    found = await office.scope.of(Integration).get(integration.id)
    assert found is not None
    assert "failed for 5 days" in str(found.paused_reason)
    mails = OutgoingMail.get_pymongo_collection()
    assert await mails.count_documents({"client_id": office.client_id}) == 1


async def test_a_success_ends_the_time_of_failing(office: Office, outside: Receiver) -> None:
    since = utc_now() - timedelta(days=4)
    integration = await office.webhook(outside.url, failing_since=since)
    await office.happens()
    async with running(process(office)):

        async def is_healed() -> bool:
            found = await office.scope.of(Integration).get(integration.id)
            return found is not None and found.failing_since is None

        await until(is_healed, PATIENCE_S)


async def test_a_receiver_that_is_gone_for_good_is_paused_at_once(
    office: Office, outside: Receiver
) -> None:
    outside.otherwise = Reply(410)
    integration = await office.webhook(outside.url)
    await office.happens()
    async with running(process(office)):

        async def is_paused() -> bool:
            found = await office.scope.of(Integration).get(integration.id)
            return found is not None and not found.active

        await until(is_paused, PATIENCE_S)
    assert len(outside.received) == 1


async def test_what_happened_before_there_was_the_integration_is_not_told(
    office: Office, outside: Receiver
) -> None:
    await office.happens()
    await office.webhook(outside.url, created_at=utc_now() + timedelta(seconds=1))
    await office.spread()
    assert await office.deliveries() == []


async def test_a_client_that_is_gone_is_told_nothing(office: Office, outside: Receiver) -> None:
    await office.webhook(outside.url)
    await office.happens()
    await office.spread()
    await office.scope.of(Client).delete_many({})
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.status == "dead"
    assert outside.received == []


async def test_an_event_that_cannot_be_spread_holds_up_nobody_else(
    office: Office, database: Database, outside: Receiver
) -> None:
    broken = await Office(database).open(time_zone="Mars/Olympus_Mons")
    await broken.webhook(f"{outside.url}/broken")
    await broken.happens()
    await office.webhook(f"{outside.url}/whole")
    await office.happens()
    async with running(process(office)):
        await office.ended(1)
    assert [one.path for one in outside.received] == ["/whole"]
    zone = {"$set": {"time_zone": "Europe/Berlin"}}
    await broken.scope.of(Client).update_one({}, zone)
    await broken.let_be_spread_again()
    async with running(process(office)):
        await broken.ended(1)
    assert [one.path for one in outside.received] == ["/whole", "/broken"]


async def test_many_events_that_cannot_be_spread_are_in_nobody_s_way(
    office: Office, database: Database
) -> None:
    broken = await Office(database).open(time_zone="Mars/Olympus_Mons")
    await broken.webhook("https://hooks.example.com/broken")
    await broken.happens(3)
    await office.webhook("https://hooks.example.com/whole")
    await office.happens()
    while await spread_some(at_once=3):
        pass
    assert len(await office.deliveries()) == 1
    waiting = await broken.to_spread()
    assert len(waiting) == 3
    assert all(one.to_spread and one.spread_due_at for one in waiting)


async def test_spreading_what_was_erased_meanwhile_leaves_nothing(office: Office) -> None:
    integration = await office.webhook("https://hooks.example.com/a")
    answer = await office.answered("One?", "One.")
    (entry,) = await office.to_spread()
    await erase_visitors(office.client_id, [answer.visitor_id])
    await _spread(entry, [integration], await database_now())
    assert await office.deliveries() == []
    assert await office.scope.of(EventCounter).find({}, limit=10) == []


async def test_an_attempt_that_goes_on_is_kept_and_its_process_s_death_costs_half_a_minute(
    office: Office, outside: Receiver
) -> None:
    outside.otherwise = Reply(hangs=True)
    await office.webhook(outside.url)
    await office.happens()
    pace = Pace(look_s=0.01, lease_s=20.0)
    async with running(*(process(office, deadline_s=120.0, pace=pace) for _ in range(2))):

        async def is_under_way() -> bool:
            return len(outside.received) == 1

        await until(is_under_way, PATIENCE_S)
        (first,) = await office.deliveries()
        assert first.due_at - await database_now() <= timedelta(seconds=pace.lease_s)

        async def is_kept() -> bool:
            (now,) = await office.deliveries()
            return now.due_at > first.due_at and now.taken_by == first.taken_by

        await until(is_kept, PATIENCE_S)
        outside.let_go.set()
        (delivery,) = await office.ended(1)
    assert delivery.status == "delivered"
    assert len(outside.received) == 1
    assert Pace().lease_s <= 30


async def test_an_integration_of_a_deleted_chatbot_is_not_told_of_others(office: Office) -> None:
    gone, kept = PydanticObjectId(), PydanticObjectId()
    alone = await office.webhook("https://hooks.example.com/a", chatbot_ids=[gone])
    both = await office.webhook("https://hooks.example.com/b", chatbot_ids=[gone, kept])
    await erase_chatbot(office.client_id, gone)
    first, second = [await office.scope.of(Integration).get(one.id) for one in (alone, both)]
    assert first is not None
    assert second is not None
    assert (first.active, first.paused_reason) == (False, "Its chatbot was deleted.")
    assert (second.active, second.chatbot_ids) == (True, [kept])
