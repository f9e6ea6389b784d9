"""Two servers on one database and one Redis: any of them serves any follower, through losses.

The tests share the servers and Redis; whoever needs them starts them. Time budget: 60 seconds.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.answers import FOLLOW, STOP, asking, followed, kinds_of, new_key, text_of
from tests.faults.test_server_kill import (
    PIECES,
    WHOLE,
    MakeVisitor,
    chatbot_on,
    started,
    two_servers,
    visitor_of_chatbot,
)
from tests.graphql_clients import GraphQLClient, GraphQLFailure, Json
from tests.providers.dictation import Dictation, model_that_says
from tests.redis_server import RedisServer, running_redis
from tests.server_process import ServerProcess

__all__ = ["visitor_of_chatbot"]

pytestmark = [pytest.mark.faults, pytest.mark.redis]


@dataclass(frozen=True)
class Farm:
    """Two servers, and the Redis between them."""

    one: ServerProcess
    other: ServerProcess
    redis: RedisServer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Farm]:
    folder = tmp_path_factory.mktemp("farm")
    with running_redis(folder) as redis:
        async with two_servers(folder, PARLANCE_REDIS_URL=redis.url) as pair:
            yield Farm(pair.one, pair.other, redis)


async def until_text(stream: AsyncGenerator[Json, None], events: list[Json], text: str) -> None:
    """Read on until the text so far is this one."""
    while text_of(events) != text:
        events.append(await anext(stream))


async def following(visitor: GraphQLClient, answer_id: str) -> AsyncGenerator[Json, None]:
    stream = visitor.subscribe(FOLLOW, {"id": answer_id, "after": 0})
    async with aclosing(stream) as results:
        async for data in results:
            yield data["answer"]


@dataclass(frozen=True)
class Scene:
    """An answer that grows on one server, and who follows it there and on the other."""

    here: AsyncGenerator[Json, None]
    there: AsyncGenerator[Json, None]
    asked: list[Json]
    seen: list[Json]
    elsewhere: GraphQLClient

    @property
    def answer_id(self) -> str:
        answer_id: str = self.asked[0]["messageId"]
        return answer_id


@asynccontextmanager
async def scene(farm: Farm, visitor: GraphQLClient, said: Dictation) -> AsyncIterator[Scene]:
    """After the first piece, which both have seen."""
    elsewhere = GraphQLClient(farm.other.url, visitor.token, origin=visitor.origin)
    asked_events, seen = list[Json](), list[Json]()
    async with aclosing(asking(visitor, "Was it?", new_key())) as here:
        said.say_next()
        await until_text(here, asked_events, PIECES[0])
        async with aclosing(following(elsewhere, asked_events[0]["messageId"])) as there:
            await until_text(there, seen, PIECES[0])
            yield Scene(here, there, asked_events, seen, elsewhere)
    await elsewhere.close()


async def test_an_answer_grows_on_every_server_at_once(
    farm: Farm, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(farm.one, farm.other)
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        visitor = await visitor_of_chatbot(farm.one, await chatbot_on(farm.one, model.url))
        async with scene(farm, visitor, said) as one:
            for count in range(2, len(PIECES) + 1):
                said.say_next()  # the model says no more before both have it
                await until_text(one.here, one.asked, "".join(PIECES[:count]))
                await until_text(one.there, one.seen, "".join(PIECES[:count]))
            one.asked.extend([event async for event in one.here])
            one.seen.extend([event async for event in one.there])
            again = await followed(one.elsewhere, one.answer_id)

    assert [event["seq"] for event in one.seen] == list(range(1, len(one.seen) + 1))
    assert one.asked == one.seen == again
    assert one.seen[-1]["answer"]["content"] == WHOLE


async def test_an_answer_is_stopped_from_another_server(
    farm: Farm, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(farm.one, farm.other)
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        visitor = await visitor_of_chatbot(farm.one, await chatbot_on(farm.one, model.url))
        async with scene(farm, visitor, said) as one:
            stopped = await one.elsewhere.execute(STOP, {"id": one.answer_id})
            await asyncio.wait_for(model.client_closed.wait(), 10)
            ends = [[event async for event in stream][-1] for stream in (one.here, one.there)]

    assert stopped["stopAnswer"]["answer"]["status"] == "STOPPED"
    assert stopped["stopAnswer"]["answer"]["content"] == PIECES[0]
    assert ends[0] == ends[1]
    assert ends[0]["answer"]["status"] == "STOPPED"


async def test_without_redis_the_answer_goes_on_and_followers_elsewhere_are_told_to_come_again(
    farm: Farm, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(farm.one, farm.other)
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        visitor = await visitor_of_chatbot(farm.one, await chatbot_on(farm.one, model.url))
        async with scene(farm, visitor, said) as one:
            farm.redis.kill()
            said.say_next()
            await until_text(one.here, one.asked, "".join(PIECES[:2]))
            with pytest.raises(GraphQLFailure) as failure:
                await until_text(one.there, one.seen, WHOLE)
            farm.redis.start()
            said.say_next()
            resumed = following(one.elsewhere, one.answer_id)
            seen = list[Json]()
            await until_text(resumed, seen, "".join(PIECES[:3]))
            said.say_the_rest()
            one.asked.extend([event async for event in one.here])
            seen.extend([event async for event in resumed])

    (error,) = failure.value.errors
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert error["extensions"]["retryable"] is True
    assert seen == one.asked
    assert seen[-1]["answer"]["content"] == WHOLE


async def test_a_follower_elsewhere_sees_an_answer_begun_anew_when_its_server_is_killed(
    farm: Farm, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(farm.one, farm.other)
    first, second = Dictation(PIECES), Dictation(PIECES)
    second.say_the_rest()
    async with model_that_says(first, second) as model:
        visitor = await visitor_of_chatbot(farm.one, await chatbot_on(farm.one, model.url))
        async with scene(farm, visitor, first) as one:
            await asyncio.to_thread(farm.one.kill)
            one.seen.extend([event async for event in one.there])
            requests = len(model.requests)

    assert requests == 2
    assert "AnswerRestarted" in kinds_of(one.seen)
    assert text_of(one.seen) == WHOLE == one.seen[-1]["answer"]["content"]
    numbers = [event["seq"] for event in one.seen]
    assert numbers == sorted(set(numbers)), "nothing twice, nothing out of order"


async def test_a_server_that_stops_hands_its_answer_to_the_other_without_a_lost_number(
    farm: Farm, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(farm.one, farm.other)
    first, second = Dictation(PIECES), Dictation(PIECES)
    second.say_the_rest()
    async with model_that_says(first, second) as model:
        visitor = await visitor_of_chatbot(farm.one, await chatbot_on(farm.one, model.url))
        async with scene(farm, visitor, first) as one:
            await asyncio.to_thread(farm.one.stop)
            one.seen.extend([event async for event in one.there])

    assert text_of(one.seen) == WHOLE == one.seen[-1]["answer"]["content"]
    assert [event["seq"] for event in one.seen] == list(range(1, len(one.seen) + 1))
