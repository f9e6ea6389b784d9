"""The server is killed, stopped, or loses its database in the middle of answers.

Time budget: 120 seconds.
"""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress

import psutil
import pytest
import pytest_asyncio
import websockets

from tests.administration import Administrator
from tests.answers import asked, asking, kinds_of, new_key, text_of
from tests.conftest import START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient, Json
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = pytest.mark.faults

PIECES = ["Rome ", "was not ", "built ", "in a ", "day."]
WHOLE = "".join(PIECES)
MakeVisitor = Callable[[str], Awaitable[GraphQLClient]]


@pytest_asyncio.fixture
async def visitor_here(own_server: ServerProcess) -> AsyncGenerator[MakeVisitor, None]:
    """A visitor of a chatbot on the test's own server."""
    made: list[GraphQLClient] = []

    async def make(embed_key: str) -> GraphQLClient:
        visitor = GraphQLClient(own_server.url, origin=own_server.url)
        made.append(visitor)
        data = await visitor.execute(START_VISIT, {"key": embed_key})
        visitor.token = data["startVisit"]["widgetToken"]
        return visitor

    yield make
    for visitor in made:
        await visitor.close()


async def chatbot_on(server: ServerProcess, model_url: str) -> str:
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    try:
        return await Administrator(admin).chatbot_with_model(model_url)
    finally:
        await admin.close()


async def seen_before_the_end(visitor: GraphQLClient, key: str, said: Dictation) -> list[Json]:
    """The events up to the third piece, which the model says and then falls silent."""
    events = []
    async with aclosing(asking(visitor, "Was it?", key)) as stream:
        for _ in range(3):
            said.say_next()
            async for event in stream:
                events.append(event)
                if event["__typename"] == "AnswerDelta":
                    break
    return events


async def resumed(visitor: GraphQLClient, key: str, seen: list[Json]) -> list[Json]:
    """The rest of the stream, as a widget gets it that connects until it may."""
    rest: list[Json] = []
    while not rest or rest[-1]["__typename"] not in {"AnswerCompleted", "AnswerFailed"}:
        after = [*seen, *rest][-1]["seq"]
        with suppress(websockets.ConnectionClosed, OSError):
            stream = asking(visitor, "Was it?", key, afterSeq=after)
            rest.extend([event async for event in stream])
    return rest


async def test_after_sigkill_the_answer_is_begun_anew_and_comes_whole(
    own_server: ServerProcess, visitor_here: MakeVisitor
) -> None:
    own_server.start()
    first, second = Dictation(PIECES), Dictation(PIECES)
    second.say_the_rest()
    async with model_that_says(first, second) as model:
        visitor = await visitor_here(await chatbot_on(own_server, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, first)
        own_server.kill()
        await asyncio.to_thread(own_server.start)
        rest = await resumed(visitor, key, seen)
        requests = len(model.requests)

    assert requests == 2
    assert kinds_of(rest)[0] == "AnswerRestarted"
    assert rest[-1]["answer"]["status"] == "COMPLETE"
    assert text_of(seen + rest) == WHOLE == rest[-1]["answer"]["content"]
    numbers = [event["seq"] for event in seen + rest]
    assert numbers == sorted(set(numbers))
    restart = rest[0]["seq"]
    assert [event["seq"] for event in rest] == list(range(restart, restart + len(rest)))


async def test_an_answer_that_is_killed_twice_ends_as_interrupted(
    own_server: ServerProcess, visitor_here: MakeVisitor
) -> None:
    own_server.start()
    dictations = [Dictation(PIECES) for _ in range(3)]
    async with model_that_says(*dictations) as model:
        visitor = await visitor_here(await chatbot_on(own_server, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, dictations[0])
        for attempt in (1, 2):
            own_server.kill()
            await asyncio.to_thread(own_server.start)
            model.asked.clear()
            if attempt == 1 and len(model.requests) == 1:
                await model.asked.wait()
        rest = await resumed(visitor, key, seen)

    assert rest[-1]["__typename"] == "AnswerFailed"
    assert rest[-1]["code"] == "INTERRUPTED"
    assert rest[-1]["retryable"] is True


async def test_sigterm_lets_a_running_answer_finish(
    own_server: ServerProcess, visitor_here: MakeVisitor
) -> None:
    own_server.start()
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        visitor = await visitor_here(await chatbot_on(own_server, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, said)
        os.kill(own_server.pid, signal.SIGTERM)
        said.say_the_rest()
        assert await asyncio.to_thread(own_server.stop) == 0
        await asyncio.to_thread(own_server.start)
        rest = await resumed(visitor, key, seen)
        requests = len(model.requests)

    assert requests == 1
    assert text_of(seen + rest) == WHOLE
    assert rest[-1]["answer"]["status"] == "COMPLETE"


async def test_sigterm_hands_an_answer_over_that_takes_too_long(
    own_server: ServerProcess, visitor_here: MakeVisitor
) -> None:
    own_server.start()
    first, second = Dictation(PIECES), Dictation(PIECES)
    second.say_the_rest()
    async with model_that_says(first, second) as model:
        visitor = await visitor_here(await chatbot_on(own_server, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, first)
        assert await asyncio.to_thread(own_server.stop) == 0
        await asyncio.to_thread(own_server.start)
        rest = await resumed(visitor, key, seen)

    assert kinds_of(rest)[0] == "AnswerRestarted"
    assert rest[0]["seq"] == seen[-1]["seq"] + 1, "after a clean stop not even a number is lost"
    assert text_of(seen + rest) == WHOLE


async def test_the_embedded_database_is_killed_and_comes_back_by_itself(
    own_server: ServerProcess, visitor_here: MakeVisitor
) -> None:
    own_server.start()
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        visitor = await visitor_here(await chatbot_on(own_server, model.url))
        key, events, killed = new_key(), list[Json](), False
        async with aclosing(asking(visitor, "Was it?", key)) as stream:
            said.say_next()
            async for event in stream:
                events.append(event)
                if kinds_of(events).count("AnswerDelta") == 1 and not killed:
                    killed = True
                    mongod_of(own_server).kill()
                    said.say_the_rest()
        answers = await visitor.send("{ conversations { totalCount } }")
        while "errors" in answers:
            assert answers["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            answers = await visitor.send("{ conversations { totalCount } }")

    assert text_of(events) == WHOLE
    assert events[-1]["answer"]["content"] == WHOLE
    assert answers["data"]["conversations"]["totalCount"] == 1
    assert (await asked(visitor, "What now?", new_key()))[-1]["__typename"] in {
        "AnswerCompleted",
        "AnswerFailed",
    }


async def test_after_sigkill_the_database_goes_too_and_nothing_acknowledged_is_lost(
    own_server: ServerProcess, visitor_here: MakeVisitor
) -> None:
    own_server.start()
    visitor = await visitor_here("demo")
    events = await asked(visitor, "What is Parlance?")
    mongod = mongod_of(own_server)
    own_server.kill()
    await asyncio.to_thread(mongod.wait, 10)
    await asyncio.to_thread(own_server.start)

    again = await visitor.execute(
        "query ($id: ID!) { messages(conversationId: $id) { edges { node { content } } } }",
        {"id": events[0]["conversationId"]},
    )

    contents = [edge["node"]["content"] for edge in again["messages"]["edges"]]
    assert contents == ["What is Parlance?", text_of(events)]


def mongod_of(server: ServerProcess) -> psutil.Process:
    """The database of a server: the child that listens for MongoDB's protocol."""
    children = psutil.Process(server.pid).children(recursive=True)
    return next(child for child in children if "mongod" in child.name())
