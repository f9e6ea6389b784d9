"""The limits of questions hold for all processes together, through Redis or the database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from services.answering.shared_event_log import SharedLogTimes, connect_redis
from services.rate_limits.rate_limits import RateLimitedError, RateLimits, Rates
from services.rate_limits.redis_windows import RedisWindows
from services.rate_limits.remembered_refusals import RememberedRefusals
from services.rate_limits.stored_windows import StoredWindows
from services.rate_limits.windows import Limit, MemoryWindows, Windows
from tests.redis_server import RedisServer, running_redis

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("database")]
IMPATIENT = SharedLogTimes(answer=0.5)

MakeWindows = Callable[[], Windows]


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as redis:
        yield redis


@pytest_asyncio.fixture(loop_scope="session")
async def redis_clients() -> AsyncIterator[list[Redis]]:
    """Clients of Redis that are closed after the test."""
    made: list[Redis] = []
    yield made
    for client in made:
        await client.aclose()


@pytest.fixture(params=["database", pytest.param("redis", marks=pytest.mark.redis)])
def windows_of_a_process(request: pytest.FixtureRequest, redis_clients: list[Redis]) -> MakeWindows:
    """Makes what one process counts questions with."""
    if request.param == "database":
        return lambda: RememberedRefusals(StoredWindows())
    url = request.getfixturevalue("redis_server").url

    def make() -> Windows:
        redis_clients.append(connect_redis(url, IMPATIENT))
        return RedisWindows(redis_clients[-1], in_need=MemoryWindows())

    return make


def new_limit(most: int, seconds: float = 60) -> Limit:
    return Limit(f"test-{uuid4().hex}", most, timedelta(seconds=seconds))


async def test_no_more_pass_than_the_limit_however_many_come_to_however_many_processes(
    windows_of_a_process: MakeWindows,
) -> None:
    limit, processes = new_limit(7), [windows_of_a_process() for _ in range(4)]
    outcomes = await asyncio.gather(
        *(process.hit(limit, "anna") for process in processes for _ in range(10))
    )
    assert outcomes.count(None) == 7
    now = datetime.now(UTC)
    for retry_at in filter(None, outcomes):
        assert timedelta(seconds=30) < retry_at - now <= timedelta(seconds=61)
    assert await processes[0].hit(limit, "bert") is None


async def test_questions_of_a_visitor_are_counted_wherever_they_arrive(
    windows_of_a_process: MakeWindows,
) -> None:
    rates = Rates(questions_per_visitor=4, questions_per_address=9, questions_per_chatbot=100)
    processes = [
        RateLimits(rates, windows_of_a_process(), shared=MemoryWindows()) for _ in range(2)
    ]
    visitors, chatbot = [uuid4().hex for _ in range(3)], uuid4().hex
    address = f"2001:db8:{int(chatbot[:4], 16):x}::1"

    async def passes(visitor: str, process: RateLimits) -> bool:
        try:
            await process.question(visitor=visitor, chatbot=chatbot, address=address)
        except RateLimitedError:
            return False
        return True

    passed = {
        visitor: [await passes(visitor, processes[n % 2]) for n in range(6)] for visitor in visitors
    }
    assert passed[visitors[0]] == [True] * 4 + [False] * 2
    assert passed[visitors[1]] == [True] * 4 + [False] * 2
    assert sum(passed[visitors[2]]) == 1, "nine from one address, and each refusal took no place"


async def test_a_key_has_room_again_when_its_first_moment_has_passed(
    windows_of_a_process: MakeWindows,
) -> None:
    limit, windows = new_limit(1, seconds=0.3), windows_of_a_process()
    assert await windows.hit(limit, "anna") is None
    async with asyncio.timeout(60):
        while await windows.hit(limit, "anna") is not None:  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.02)


async def test_a_key_that_is_forgotten_starts_anew_in_every_process(
    windows_of_a_process: MakeWindows,
) -> None:
    limit, one, other = new_limit(1), windows_of_a_process(), windows_of_a_process()
    assert await one.hit(limit, "anna") is None
    assert await other.hit(limit, "anna") is not None
    await other.forget(limit, "anna")
    assert await one.hit(limit, "anna") is None


@pytest.mark.redis
async def test_while_redis_is_away_each_process_counts_for_itself(
    tmp_path_factory: pytest.TempPathFactory, redis_clients: list[Redis]
) -> None:
    limit = new_limit(2)
    with running_redis(tmp_path_factory.mktemp("redis")) as redis:
        redis_clients.append(connect_redis(redis.url, IMPATIENT))
        windows = RedisWindows(redis_clients[0], in_need=MemoryWindows(), left_alone_s=0)
        assert await windows.hit(limit, "anna") is None
        redis.kill()
        outcomes = [await windows.hit(limit, "anna") for _ in range(3)]
        assert outcomes[:2] == [None, None]
        assert outcomes[2] is not None
        redis.start()
        assert await windows.hit(limit, "anna") is None


@pytest.mark.redis
async def test_a_redis_that_hangs_holds_up_one_question_and_not_each(
    tmp_path_factory: pytest.TempPathFactory, redis_clients: list[Redis]
) -> None:
    limit = new_limit(100)
    with running_redis(tmp_path_factory.mktemp("redis")) as redis:
        redis_clients.append(connect_redis(redis.url, IMPATIENT))
        windows = RedisWindows(redis_clients[0], in_need=MemoryWindows(), left_alone_s=3600)
        assert await windows.hit(limit, "anna") is None
        redis.kill()
        assert await windows.hit(limit, "anna") is None
        redis.start()
        asked_before = await redis_clients[0].info("commandstats")
        for _ in range(50):
            assert await windows.hit(limit, "anna") is None
        asked_after = await redis_clients[0].info("commandstats")
    assert "cmdstat_evalsha" not in asked_after | asked_before


class Counted:
    """Windows that refuse always, and count how often they are asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def hit(self, limit: Limit, key: str) -> datetime | None:  # noqa: ARG002
        self.asked += 1
        return datetime(2126, 1, 1, tzinfo=UTC)

    async def forget(self, limit: Limit, key: str) -> None:
        """There is nothing to forget."""


async def test_a_flood_asks_the_database_once_a_second() -> None:
    now = 0.0
    far_away, limit = Counted(), new_limit(1)
    windows = RememberedRefusals(far_away, lambda: now)
    for _ in range(100):
        assert await windows.hit(limit, "anna") is not None
    assert far_away.asked == 1
    now = 1.0
    await windows.hit(limit, "anna")
    assert far_away.asked == 2
