"""What receivers answer: it gives no secret away, and whatever it is like, a 2xx is a 2xx."""

import gzip
import json
from collections.abc import AsyncGenerator
from urllib.parse import quote

import pytest
import pytest_asyncio

from documents.database.database import Database
from documents.deliveries import Delivery
from graphql_schema.limits.extension import EXECUTION_SECONDS, LONG_POLL_SECONDS
from services.integrations.attempting import TRIAL_S, Attempting
from services.integrations.http_posts import HttpPosts, retry_after, told_seconds
from services.integrations.outcomes import MAX_RESPONSE_EXCERPT
from services.integrations.schedule import LONGEST_WISH, pause_after
from tests.receivers import Receiver, Reply, receiver
from tests.unit.integrations.offices import SEALS, Office, process, running

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/services/T0/B0/SECRET123"


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> Office:
    await Delivery.get_pymongo_collection().delete_many({})
    return await Office(database).open()


@pytest_asyncio.fixture(loop_scope="session")
async def outside() -> AsyncGenerator[Receiver, None]:
    async with receiver() as server:
        yield server


def echoes(url: str) -> list[str]:
    """What receivers make of an address that they repeat."""
    return [
        url,
        f"Cannot POST {PATH}",
        "no such room: SECRET123",
        json.dumps({"url": url}).replace("/", "\\/"),
        f"/login?next={quote(PATH, safe='')}",
        "x" * (MAX_RESPONSE_EXCERPT - 12) + PATH,
    ]


@pytest.mark.parametrize("place", range(6))
async def test_no_form_of_an_address_stands_in_the_log_of_deliveries(
    office: Office, outside: Receiver, place: int
) -> None:
    url = f"{outside.url}{PATH}"
    outside.otherwise = Reply(404, echoes(url)[place].encode())
    await office.integration("slack", {"url": url})
    await office.happens()
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    shown = delivery.attempts[0].response_excerpt or ""
    assert "(secret" in shown
    assert "SECRET" not in shown
    assert "T0" not in shown


async def test_ordinary_words_of_an_address_are_no_secrets(outside: Receiver) -> None:
    outside.otherwise = Reply(200, b"services of webhooks are at your service")
    posts = HttpPosts(["127.0.0.1"])
    outcome = await posts.post(f"{outside.url}/services/webhooks/Zx9-aa0-11", b"{}", {})
    await posts.close()
    assert outcome.response_excerpt == "services of webhooks are at your service"


LONG = Reply(200, b"x" * 1_000_000)
PACKED = Reply(202, gzip.compress(b"taken"), {"content-encoding": "gzip"})


@pytest.mark.parametrize("reply", [LONG, PACKED])
async def test_any_2xx_is_a_delivery(office: Office, outside: Receiver, reply: Reply) -> None:
    outside.otherwise = reply
    await office.webhook(outside.url)
    await office.happens()
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.status == "delivered"
    (attempt,) = delivery.attempts
    assert attempt.http_status == reply.status
    assert len(attempt.response_excerpt or "") <= MAX_RESPONSE_EXCERPT


async def test_waits_that_no_clock_knows_are_not_followed() -> None:
    assert retry_after("Sun, 22 Nov 2026 07:00:00 +99999999999999999999") is None
    for nonsense in (float("nan"), float("inf"), -1, 10**400, True, "5", None):
        assert told_seconds(nonsense) is None
    assert told_seconds(1.5) == 1.5


async def test_no_wish_is_followed_beyond_the_longest(office: Office, outside: Receiver) -> None:
    longest = pause_after(1, 1e300)
    assert longest is not None
    assert LONGEST_WISH <= longest <= LONGEST_WISH * 1.2
    outside.otherwise = Reply(429, b'{"retry_after":1e300}')
    await office.integration("discord", {"url": outside.url})
    await office.happens()
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.status == "retrying"


async def test_a_trial_ends_before_the_operation_that_asked_for_it(
    office: Office, outside: Receiver
) -> None:
    assert TRIAL_S < EXECUTION_SECONDS + LONG_POLL_SECONDS
    outside.otherwise = Reply(hangs=True)
    integration = await office.webhook(outside.url)
    channels = process(office, deadline_s=60)._attempting._channels
    tried = await Attempting(channels, SEALS, trial_s=0.1).try_out(integration, "quota.threshold")
    await channels.close()
    assert tried.problem == "It did not come to an end in time."
