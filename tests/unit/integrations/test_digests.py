"""Digests: each event of one keeps its own attempts, its own receivers, and its own words."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.database.database import Database
from documents.deliveries import Delivery
from documents.erasure import erase_visitors
from services.integrations.schedule import PAUSES
from services.mail.smtp_carrier import SmtpCarrier, SmtpServer
from tests.mail_server import mail_server
from tests.receivers import Receiver, Reply, receiver
from tests.unit.integrations.offices import Office, process, running

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> Office:
    await Delivery.get_pymongo_collection().delete_many({})
    return await Office(database).open()


@pytest_asyncio.fixture(loop_scope="session")
async def outside() -> AsyncGenerator[Receiver, None]:
    async with receiver() as server:
        yield server


async def two_waiting(office: Office, **of_the_first: object) -> tuple[Delivery, Delivery]:
    """Two events for one digest; what is given of the first is as if it had been tried before."""
    await office.happens(2)
    await office.spread()
    first, second = await office.deliveries()
    if of_the_first:
        await office.scope.of(Delivery).update_one({"_id": first.id}, {"$set": of_the_first})
    await office.let_be_due()
    return first, second


async def test_no_delivery_keeps_the_words_of_another_visitor(
    office: Office, outside: Receiver
) -> None:
    outside.otherwise = Reply(200, b"Posted: My number is 12345")
    await office.integration("slack", {"url": outside.url}, digest_minutes=60)
    await office.answered("When do you open?", "At nine.")
    erased = await office.answered("My number is 12345", "Thanks.")
    await office.spread()
    await office.let_be_due()
    async with running(process(office)):
        await office.ended(2, status="delivered")
    assert len(outside.received) == 1
    await erase_visitors(office.client_id, [erased.visitor_id])
    (kept,) = await office.deliveries()
    assert "12345" not in kept.model_dump_json()
    assert str(kept.attempts[0].request_excerpt).startswith("2 events")


async def test_a_fresh_event_is_not_given_up_with_an_old_one(
    office: Office, outside: Receiver
) -> None:
    outside.otherwise = Reply(500)
    await office.integration("slack", {"url": outside.url}, digest_minutes=60)
    old, fresh = await two_waiting(office, tries=len(PAUSES))
    async with running(process(office)):
        await office.ended(2)
    first, second = await office.deliveries()
    assert (first.id, second.id) == (old.id, fresh.id)
    assert (first.status, second.status) == ("dead", "retrying")
    assert second.due_at - utc_now() < timedelta(minutes=1)


async def test_an_event_whose_attempts_never_ended_takes_no_other_with_it(
    office: Office, outside: Receiver
) -> None:
    await office.integration("slack", {"url": outside.url}, digest_minutes=60)
    await two_waiting(office, tries=len(PAUSES) + 1)
    async with running(process(office)):
        await office.ended(2)
    first, second = await office.deliveries()
    assert first.attempts[0].problem == "The attempts never came to an end."
    assert (first.status, second.status) == ("dead", "delivered")


async def test_who_got_an_old_event_already_gets_the_fresh_one(office: Office) -> None:
    both = ["a@example.com", "b@example.com"]
    async with mail_server() as server:
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", server.port, tls="never"))
        await office.integration("email", {"addresses": both}, digest_minutes=60)
        await two_waiting(office, handled=both[:1])
        async with running(process(office, carrier=carrier)):
            await office.ended(2, status="delivered")
    assert sorted(one["To"] for one in server.received) == [both[0], both[1], both[1]]
