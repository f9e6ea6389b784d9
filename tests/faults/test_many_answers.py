"""Twenty answers at once, and then something goes away: the database, the server, one of two.

Every visitor ends with the whole text and numbers without a gap. Time budget: 150 seconds.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

import pytest
import pytest_asyncio
import websockets

from tests.answers import STOP, asking, followed, kinds_of, new_key, text_of
from tests.browser.relay import Balancer, balancer_before
from tests.faults.test_server_kill import (
    MakeVisitor,
    Pair,
    chatbot_on,
    lone_server,
    mongod_of,
    started,
    two_servers,
    visitor_of_chatbot,
)
from tests.graphql_clients import GraphQLClient, Json
from tests.providers.byte_server import ByteServer
from tests.providers.dictation import Dictation, model_that_says
from tests.redis_server import running_redis
from tests.server_process import ServerProcess

__all__ = ["lone_server", "visitor_of_chatbot"]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

MANY = 20
PIECES = [f"word{number} " for number in range(12)]
WHOLE = "".join(PIECES)
PAUSE_SECONDS = 0.05
"""Before a widget connects anew."""

AWAY_SECONDS = 10.0
"""How long the database is stopped."""

ENDS = {"AnswerCompleted", "AnswerFailed"}


class Reading:
    """A visitor's widget: it follows one answer, and comes back when its connection breaks."""

    def __init__(self, visitor: GraphQLClient) -> None:
        self.visitor = visitor
        self.key = new_key()
        self.events: list[Json] = []
        self.grew = asyncio.Condition()

    async def read(self) -> None:
        """Read to the end, connecting anew as often as needed."""
        while not self.events or self.events[-1]["__typename"] not in ENDS:
            with suppress(websockets.WebSocketException, OSError, EOFError):
                await self._read_on()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _read_on(self) -> None:
        after = self.events[-1]["seq"] if self.events else 0
        async for event in asking(self.visitor, "Was it?", self.key, afterSeq=after):
            async with self.grew:
                self.events.append(event)
                self.grew.notify_all()

    async def until_pieces(self, count: int) -> None:
        """Wait until so many pieces of the answer were shown."""
        async with self.grew:
            await self.grew.wait_for(lambda: text_of(self.events) == "".join(PIECES[:count]))

    def check_whole(self) -> None:
        """The whole text, and every number once; only a restart may leave some out."""
        assert text_of(self.events) == WHOLE == self.events[-1]["answer"]["content"]
        assert self.events[-1]["answer"]["status"] == "COMPLETE"
        for before, event in zip([{"seq": 0}, *self.events], self.events, strict=False):
            gap = event["seq"] - before["seq"]
            assert gap == 1 or (event["__typename"] == "AnswerRestarted" and gap > 0)


@dataclass(frozen=True)
class Scene:
    """Twenty visitors in the middle of their answers."""

    readings: Sequence[Reading]
    said: Sequence[Dictation]
    model: ByteServer
    reading: asyncio.Task[object]

    def say_next(self) -> None:
        for one in self.said:
            one.say_next()

    async def all_have(self, count: int) -> None:
        async with asyncio.timeout(60):
            await asyncio.gather(*(one.until_pieces(count) for one in self.readings))

    async def ended(self) -> None:
        async with asyncio.timeout(90):
            await self.reading


@asynccontextmanager
async def scene(
    server: ServerProcess, visitor_of_chatbot: MakeVisitor, *, again: int = 0, url: str = ""
) -> AsyncIterator[Scene]:
    """Every answer has begun and shown two pieces; a model asked again says all at once."""
    said = [Dictation(PIECES) for _ in range(MANY)]
    later = [Dictation(PIECES) for _ in range(again)]
    for one in later:
        one.say_the_rest()
    async with model_that_says(*said, *later) as model:
        embed_key = await chatbot_on(server, model.url)
        visitors = [await visitor_of_chatbot(server, embed_key) for _ in range(MANY)]
        for visitor in visitors:
            visitor.url = url or visitor.url
        readings = [Reading(one) for one in visitors]
        task = asyncio.gather(*(one.read() for one in readings))
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(_awaited(task))
            running = Scene(readings, said, model, reading)
            for count in (1, 2):
                running.say_next()
                await running.all_have(count)
            yield running
            for one in said:
                one.say_the_rest()
            await running.ended()


async def _awaited(task: Awaitable[object]) -> object:
    return await task


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that is there and does nothing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_database_that_stands_still_stops_no_stream_and_gets_all_texts_afterwards(
    lone_server: ServerProcess, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(lone_server)
    async with scene(lone_server, visitor_of_chatbot) as running:
        with stopped(mongod_of(lone_server).pid):
            began = time.monotonic()
            for count in range(3, 9):
                running.say_next()
                await running.all_have(count)
            shown_after = time.monotonic() - began
            await asyncio.sleep(max(0.0, AWAY_SECONDS - shown_after))
        for one in running.said:
            one.say_the_rest()
        await running.ended()
        requests = len(running.model.requests)

    assert shown_after < AWAY_SECONDS, "the words came while the database stood still"
    assert requests == MANY, "nobody asked the model twice"
    for reading in running.readings:
        reading.check_whole()
        assert "AnswerRestarted" not in kinds_of(reading.events)
    for reading in running.readings[::7]:
        assert await stored_texts(reading.visitor) == ["Was it?", WHOLE]


def restarts(running: Scene) -> Counter[str]:
    """Why answers began anew, as their visitors were told."""
    events = [event for one in running.readings for event in one.events]
    return Counter(one["reason"] for one in events if one["__typename"] == "AnswerRestarted")


async def stored_texts(visitor: GraphQLClient) -> list[str]:
    found = await visitor.execute(
        "{ conversations { edges { node { messages { edges { node { content } } } } } } }"
    )
    (conversation,) = found["conversations"]["edges"]
    return [one["node"]["content"] for one in conversation["node"]["messages"]["edges"]]


async def test_every_answer_is_finished_through_a_restart(
    lone_server: ServerProcess, visitor_of_chatbot: MakeVisitor
) -> None:
    """Half of the models finish before the server must go; the other half is asked once more."""
    await started(lone_server)
    async with scene(lone_server, visitor_of_chatbot, again=MANY) as running:
        stopping = asyncio.create_task(asyncio.to_thread(lone_server.stop))
        for one in running.said[: MANY // 2]:
            one.say_the_rest()
        assert await stopping == 0
        await started(lone_server)
        await running.ended()
        requests = len(running.model.requests)

    begun_anew = restarts(running)["WORKER_LOST"]
    assert MANY // 2 <= begun_anew < MANY, "some read their text to its end"
    assert requests == MANY + begun_anew
    for reading in running.readings:
        reading.check_whole()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Pair, None]:
    """Two servers that share a Redis."""
    folder = tmp_path_factory.mktemp("balanced")
    with running_redis(folder) as redis:
        settings = {"PARLANCE_REDIS_URL": redis.url, "PARLANCE_DRAIN_SECONDS": "2"}
        async with two_servers(folder, **settings) as servers:
            yield servers


@pytest_asyncio.fixture
async def balancer(pair: Pair) -> AsyncGenerator[Balancer, None]:
    await started(pair.one, pair.other)
    async with balancer_before(pair.one.port, pair.other.port) as running:
        yield running


@pytest.mark.redis
async def test_behind_a_balancer_every_connection_may_reach_any_server(
    pair: Pair, balancer: Balancer, visitor_of_chatbot: MakeVisitor
) -> None:
    url = balancer.url
    async with scene(pair.one, visitor_of_chatbot, url=url) as running:
        first = running.readings[0]
        answer_id = first.events[0]["messageId"]
        balanced = balancer.connections.copy()
        balancer.cut()  # every widget comes back, to whichever server has the turn
        balancer.mend()
        running.say_next()
        await running.all_have(3)
        followers = [
            asyncio.create_task(followed(at(url, first.visitor), answer_id, after))
            for after in (0, 0, 1, 3)
        ]
        stopped_one = running.readings[-1]
        stop = {"id": stopped_one.events[0]["messageId"]}
        elsewhere = at(url, stopped_one.visitor)
        data = await elsewhere.execute(STOP, stop)
        await elsewhere.close()
        for one in running.said:
            one.say_the_rest()
        await running.ended()
        seen = await asyncio.gather(*followers)

    assert min(balanced[pair.one.port], balanced[pair.other.port]) > MANY // 4
    assert data["stopAnswer"]["answer"]["status"] == "STOPPED"
    assert stopped_one.events[-1]["answer"]["content"] == "".join(PIECES[:3])
    for reading in running.readings[:-1]:
        reading.check_whole()
    for after, events in zip((0, 0, 1, 3), seen, strict=True):
        assert events == first.events[after:]


@pytest.mark.redis
async def test_behind_a_balancer_answers_survive_one_of_the_servers(
    pair: Pair, balancer: Balancer, visitor_of_chatbot: MakeVisitor
) -> None:
    url = balancer.url
    async with scene(pair.other, visitor_of_chatbot, url=url, again=MANY) as running:
        pair.one.kill()
        for one in running.said:
            one.say_the_rest()
        await running.ended()
        requests = len(running.model.requests)

    begun_anew = restarts(running)["WORKER_LOST"]
    assert 0 < begun_anew < MANY
    assert requests == MANY + begun_anew, "each answer of the dead server was asked for once"
    for reading in running.readings:
        reading.check_whole()


def at(url: str, visitor: GraphQLClient) -> GraphQLClient:
    """The same visitor by another way."""
    return GraphQLClient(url, visitor.token, origin=visitor.origin)
