"""An answer that one process writes is followed in another, through losses of Redis too."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from beanie import PydanticObjectId
from redis.asyncio import Redis

from services.answering.answer_news import channel_of
from services.answering.event_json import event_from_json, event_to_json
from services.answering.event_log import LogMissingError, LogSilentError, LogUnavailableError
from services.answering.events import (
    AnswerCompleted,
    AnswerDelta,
    AnswerEvent,
    AnswerFailed,
    AnswerRestarted,
    AnswerStarted,
    AnswerStep,
)
from services.answering.shared_event_log import SharedEventLog, _key, connect_redis
from tests.redis_server import RedisServer, running_redis
from tests.unit.answering.conftest import QUICK_TIMES
from tests.unit.answering.processes import until
from tests.unit.answering.test_memory_event_log import events_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.redis]

MakeShared = Callable[[str], SharedEventLog]
PATIENCE_SECONDS = 15.0


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that tests may kill; it runs when a test begins."""
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def client(redis: RedisServer) -> AsyncIterator[Redis]:
    async with connect_redis(redis.url) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def logs(redis: RedisServer) -> AsyncIterator[list[SharedEventLog]]:
    """Those of two processes."""
    made = [SharedEventLog(connect_redis(redis.url), QUICK_TIMES) for _ in range(2)]
    yield made
    for one in made:
        await one.close()


async def followed(log: SharedEventLog, answer_id: PydanticObjectId, after: int = 0) -> list[int]:
    """The numbers that a follower gets; it fails rather than hang."""
    got: list[int] = []
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(log.follow(answer_id, after)) as batches:
        async for batch in batches:
            got += [event.seq for event in batch]
    return got


async def is_copied(client: Redis, answer_id: PydanticObjectId, seq: int) -> None:
    """Wait until an event stands in Redis."""

    async def is_there() -> bool:
        return bool(await client.xrange(_key(answer_id), min=f"{seq}-0", max=f"{seq}-0"))

    await until(is_there)


async def five_of_ten(log: SharedEventLog, client: Redis) -> PydanticObjectId:
    """An answer whose first half stands in Redis."""
    answer_id = PydanticObjectId()
    await log.open(answer_id)
    await log.append(answer_id, events_of(10)[:5])
    await is_copied(client, answer_id, 5)
    return answer_id


async def opened(here: SharedEventLog, there: SharedEventLog) -> PydanticObjectId:
    """An answer without an event yet, as another process sees it too."""
    answer_id = PydanticObjectId()
    await here.open(answer_id)
    await until(lambda: is_open(there, answer_id))
    return answer_id


@asynccontextmanager
async def following(
    log: SharedEventLog, answer_id: PydanticObjectId, client: Redis, after: int = 0
) -> AsyncIterator[asyncio.Task[list[int]]]:
    """A follower that waits for more."""
    task = asyncio.create_task(followed(log, answer_id, after))

    async def waits() -> bool:
        [(_, count)] = await client.pubsub_numsub(channel_of(answer_id))
        return bool(count)

    await until(waits)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("first", [1, 4097])
@pytest.mark.parametrize("writes", [[200], [1, 1, 198], [50, 100, 50], [1] * 200])
async def test_followers_elsewhere_get_every_event_from_any_number_on(
    logs: list[SharedEventLog], first: int, writes: Sequence[int]
) -> None:
    here, there = logs
    answer_id, events = PydanticObjectId(), events_of(200, first)
    positions = [0, first, first + 1, first + 31, first + 32, first + 198, first + 199]
    await here.open(answer_id)
    await until(lambda: is_open(there, answer_id))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(followed(there, answer_id, after)) for after in positions]
        written = 0
        for count in writes:
            await here.append(answer_id, events[written : written + count])
            written += count
            await asyncio.sleep(0)

    numbers = [event.seq for event in events]
    assert [task.result() for task in tasks] == [
        [seq for seq in numbers if seq > after] for after in positions
    ]


async def is_open(log: SharedEventLog, answer_id: PydanticObjectId) -> bool:
    try:
        await log._has_ended(answer_id, 0)
    except LogMissingError:
        return False
    return True


async def test_an_answer_that_nobody_has_begun_has_no_log(logs: list[SharedEventLog]) -> None:
    with pytest.raises(LogMissingError):
        await followed(logs[1], PydanticObjectId())


async def test_a_number_that_has_no_successor_is_not_guessed(
    logs: list[SharedEventLog], client: Redis
) -> None:
    here, there = logs
    answer_id = PydanticObjectId()
    await here.open(answer_id)
    await here.append(answer_id, events_of(5))
    await is_copied(client, answer_id, 5)
    assert await followed(there, answer_id, 5) == []
    with pytest.raises(LogMissingError):
        await followed(there, answer_id, 6)
    await client.xdel(_key(answer_id), "3-0")
    with pytest.raises(LogMissingError):
        await followed(there, answer_id, 2)


async def test_an_answer_goes_on_while_redis_is_away_and_is_whole_there_afterwards(
    logs: list[SharedEventLog], redis: RedisServer, client: Redis
) -> None:
    here, there = logs
    answer_id, events = PydanticObjectId(), events_of(100)
    await here.open(answer_id)
    await here.append(answer_id, events[:40])
    await is_copied(client, answer_id, 40)
    own = asyncio.create_task(followed(here, answer_id))
    async with following(there, answer_id, client) as elsewhere:
        redis.kill()
        await here.append(answer_id, events[40:])
        assert await own == [event.seq for event in events]
        with pytest.raises(LogUnavailableError):
            await elsewhere

    redis.start()  # and it has forgotten everything
    await is_copied(client, answer_id, 100)
    assert await followed(there, answer_id, 40) == [event.seq for event in events[40:]]
    assert await followed(there, answer_id) == [event.seq for event in events]


async def test_what_is_followed_for_the_first_time_while_redis_is_away_is_told(
    logs: list[SharedEventLog], redis: RedisServer
) -> None:
    redis.kill()
    try:
        with pytest.raises(LogUnavailableError):
            await followed(logs[1], PydanticObjectId())
    finally:
        redis.start()


async def test_a_process_that_lost_the_answer_writes_nothing_more(
    logs: list[SharedEventLog], client: Redis
) -> None:
    lost, taken = logs
    answer_id = await five_of_ten(lost, client)
    reader = SharedEventLog(connect_redis(client_url(client)), QUICK_TIMES)
    async with following(reader, answer_id, client) as follower:
        await taken.open(answer_id)
        await taken.append(answer_id, events_of(5, 4097)[:2])
        await is_copied(client, answer_id, 4098)
        await lost.append(answer_id, [AnswerDelta(6, "late")])
        await lost.leave(answer_id)
        await taken.append(answer_id, events_of(5, 4097)[2:])
        assert await follower == [*range(1, 6), *range(4097, 4102)]
    await reader.close()


def client_url(client: Redis) -> str:
    given = client.connection_pool.connection_kwargs
    return f"redis://{given['host']}:{given['port']}/0"


async def test_a_discarded_log_is_gone_for_everybody_at_once(
    logs: list[SharedEventLog], client: Redis
) -> None:
    here, there = logs
    answer_id = await five_of_ten(here, client)
    async with following(there, answer_id, client) as follower:
        await there.discard(answer_id)  # by whichever process
        with pytest.raises(LogMissingError):
            await follower
    assert not await client.exists(_key(answer_id))


async def test_a_log_that_nobody_writes_any_more_sends_its_followers_elsewhere(
    logs: list[SharedEventLog], client: Redis
) -> None:
    here, there = logs
    answer_id = await five_of_ten(here, client)
    await here.leave(answer_id)
    with pytest.raises(LogSilentError):
        await followed(there, answer_id)


async def test_logs_end_by_themselves_later(logs: list[SharedEventLog], client: Redis) -> None:
    here, answer_id = logs[0], PydanticObjectId()
    await here.open(answer_id)
    await here.append(answer_id, events_of(3)[:1])
    await is_copied(client, answer_id, 1)
    assert QUICK_TIMES.ended < await client.ttl(_key(answer_id)) <= QUICK_TIMES.running
    await here.append(answer_id, events_of(3)[1:])

    async def ends_soon() -> bool:
        return 0 < await client.ttl(_key(answer_id)) <= QUICK_TIMES.ended

    await until(ends_soon)


async def test_whoever_leaves_is_told_nothing_more(
    logs: list[SharedEventLog], client: Redis
) -> None:
    here, there = logs
    answer_id = await opened(here, there)
    async with following(there, answer_id, client):
        pass

    async def nobody_listens() -> bool:
        [(_, count)] = await client.pubsub_numsub(channel_of(answer_id))
        return not count

    await until(nobody_listens)
    assert not there._news._followers


async def test_followers_count_wherever_they_are(
    logs: list[SharedEventLog], redis: RedisServer, client: Redis
) -> None:
    here, there = logs
    answer_id = await opened(here, there)
    assert await here.followers(answer_id) == 0
    own = asyncio.create_task(followed(here, answer_id))
    async with following(there, answer_id, client):
        assert await here.followers(answer_id) == 2
    own.cancel()
    await asyncio.gather(own, return_exceptions=True)
    redis.kill()
    try:
        assert await here.followers(answer_id) == 1, "nobody can know"
    finally:
        redis.start()


async def test_lost_news_delay_a_follower_and_lose_nothing(
    logs: list[SharedEventLog], client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = logs
    answer_id = await opened(here, there)
    monkeypatch.setattr(there._news, "_wake", lambda _channel: None)
    async with following(there, answer_id, client) as follower:
        await here.append(answer_id, events_of(5))
        assert await follower == [1, 2, 3, 4, 5]


EVENTS: list[AnswerEvent] = [
    AnswerStarted(1, PydanticObjectId(), PydanticObjectId(), PydanticObjectId()),
    AnswerStep(2, "thinking", "Ich denke nach …"),
    AnswerDelta(3, "🦜 \u0000 \u2028 </script>"),
    AnswerRestarted(4, "worker_lost"),
    AnswerCompleted(5, PydanticObjectId()),
    AnswerFailed(6, "rate_limited", "Später.", True, datetime(2026, 1, 2, tzinfo=UTC)),
    AnswerFailed(7, "blocked", "No.", False),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
async def test_an_event_is_the_same_after_its_way(event: AnswerEvent) -> None:
    assert event_from_json(event_to_json(event)) == event


async def test_what_a_newer_version_adds_is_left_out() -> None:
    assert event_from_json(b'["delta", {"seq": 1, "text": "a", "new": 2}]') == AnswerDelta(1, "a")


async def test_no_address_of_a_redis_is_no_address() -> None:
    with pytest.raises(ValueError, match="redis"):
        connect_redis("http://127.0.0.1")


async def test_what_another_process_discarded_is_not_copied_anew_from_memory(
    logs: list[SharedEventLog], client: Redis
) -> None:
    here, there = logs
    answer_id = await five_of_ten(here, client)
    await there.discard(answer_id)
    await here.append(answer_id, events_of(10)[5:])  # it has not heard that the answer is erased

    async def copied_no_more() -> bool:
        return answer_id not in here._copying

    await until(copied_no_more)
    assert not await client.exists(_key(answer_id))
    with pytest.raises(LogMissingError):
        await followed(there, answer_id)
