"""Servers are killed, stopped, or lose their database in the middle of answers.

The tests of one server share it, and leave it running or dead as they please: whoever needs it
starts it. Time budget: 90 seconds.
"""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
import websockets

from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from services.answering.limits import DEFAULT_LIMITS
from tests.administration import Administrator
from tests.answers import STOP, asked, asking, followed, kinds_of, new_key, text_of
from tests.conftest import START_VISIT, signed_in
from tests.graphql_clients import GraphQLClient, Json
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ServerProcess

pytestmark = pytest.mark.faults

PIECES = ["Rome ", "was not ", "built ", "in a ", "day."]
WHOLE = "".join(PIECES)
SEEN = "".join(PIECES[:3])
DRAIN_SECONDS = "2"
MakeVisitor = Callable[[ServerProcess, str], Awaitable[GraphQLClient]]


@pytest.fixture(scope="module")
def lone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with its own database."""
    folder = tmp_path_factory.mktemp("lone") / "data folder"
    process = ServerProcess(folder, PARLANCE_DRAIN_SECONDS=DRAIN_SECONDS)
    yield process
    process.stop()


@dataclass(frozen=True)
class Pair:
    """Two servers on one database that is neither's child."""

    one: ServerProcess
    other: ServerProcess


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    async with two_servers(folder, PARLANCE_DRAIN_SECONDS=DRAIN_SECONDS) as pair:
        yield pair


@asynccontextmanager
async def two_servers(folder: Path, **more: str) -> AsyncIterator[Pair]:
    """Two servers with these settings, not started yet; they and their database end afterwards."""
    database = await open_database(DatabaseOptions(mongodb_url=None, data_dir=folder / "mongodb"))
    settings = {
        "PARLANCE_MONGODB_URL": database.url,
        "PARLANCE_SECRET_KEY": secrets.token_urlsafe(48),
        **more,
    }
    pair = Pair(*(ServerProcess(folder / name, **settings) for name in ("one", "other")))
    try:
        yield pair
    finally:
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in (pair.one, pair.other)))
        await database.close()


async def started(*servers: ServerProcess) -> None:
    """Start those that do not run."""
    for server in servers:
        if not is_running(server):
            await asyncio.to_thread(server.start)


def is_running(server: ServerProcess) -> bool:
    return server._process is not None and server._process.poll() is None


@pytest_asyncio.fixture
async def visitor_of_chatbot() -> AsyncGenerator[MakeVisitor, None]:
    """A visitor of a chatbot, by server and embed key."""
    made: list[GraphQLClient] = []

    async def make(server: ServerProcess, embed_key: str) -> GraphQLClient:
        visitor = GraphQLClient(server.url, origin=server.url)
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


def check_begun_anew(seen: list[Json], rest: list[Json]) -> None:
    """A restart, then the whole text; no number twice and none left out but before the restart."""
    assert kinds_of(rest)[0] == "AnswerRestarted"
    assert rest[0]["seq"] > seen[-1]["seq"]
    assert [event["seq"] for event in rest] == list(
        range(rest[0]["seq"], rest[0]["seq"] + len(rest))
    )
    assert rest[-1]["answer"]["status"] == "COMPLETE"
    assert text_of(seen + rest) == WHOLE == rest[-1]["answer"]["content"]


async def test_after_sigkill_the_answer_is_begun_anew_and_comes_whole(
    lone_server: ServerProcess, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(lone_server)
    first, second = Dictation(PIECES), Dictation(PIECES)
    second.say_the_rest()
    async with model_that_says(first, second) as model:
        visitor = await visitor_of_chatbot(lone_server, await chatbot_on(lone_server, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, first)
        lone_server.kill()
        await started(lone_server)
        rest = await resumed(visitor, key, seen)
        requests = len(model.requests)

    assert requests == 2
    check_begun_anew(seen, rest)


async def test_an_answer_that_is_killed_twice_ends_as_interrupted(
    lone_server: ServerProcess, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(lone_server)
    dictations = [Dictation(PIECES) for _ in range(3)]
    async with model_that_says(*dictations) as model:
        visitor = await visitor_of_chatbot(lone_server, await chatbot_on(lone_server, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, dictations[0])
        model.asked.clear()
        lone_server.kill()
        await started(lone_server)
        await model.asked.wait()
        lone_server.kill()
        await started(lone_server)
        rest = await resumed(visitor, key, seen)
        requests = len(model.requests)

    assert requests == 2
    assert rest[-1]["__typename"] == "AnswerFailed"
    assert rest[-1]["code"] == "INTERRUPTED"
    assert rest[-1]["retryable"] is True


async def test_sigterm_lets_a_running_answer_finish(
    lone_server: ServerProcess, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(lone_server)
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        visitor = await visitor_of_chatbot(lone_server, await chatbot_on(lone_server, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, said)
        os.kill(lone_server.pid, signal.SIGTERM)
        said.say_the_rest()
        assert await asyncio.to_thread(lone_server.stop) == 0
        await started(lone_server)
        rest = await resumed(visitor, key, seen)
        requests = len(model.requests)

    assert requests == 1
    assert text_of(seen + rest) == WHOLE
    assert rest[-1]["answer"]["status"] == "COMPLETE"


async def test_sigterm_hands_an_answer_over_that_takes_too_long(
    lone_server: ServerProcess, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(lone_server)
    first, second = Dictation(PIECES), Dictation(PIECES)
    second.say_the_rest()
    async with model_that_says(first, second) as model:
        visitor = await visitor_of_chatbot(lone_server, await chatbot_on(lone_server, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, first)
        assert await asyncio.to_thread(lone_server.stop) == 0
        await started(lone_server)
        rest = await resumed(visitor, key, seen)

    check_begun_anew(seen, rest)
    assert rest[0]["seq"] == seen[-1]["seq"] + 1, "after a clean stop not even a number is lost"


async def test_the_embedded_database_is_killed_and_comes_back_by_itself(
    lone_server: ServerProcess, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(lone_server)
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        visitor = await visitor_of_chatbot(lone_server, await chatbot_on(lone_server, model.url))
        key, events, killed = new_key(), list[Json](), False
        async with aclosing(asking(visitor, "Was it?", key)) as stream:
            said.say_next()
            async for event in stream:
                events.append(event)
                if kinds_of(events).count("AnswerDelta") == 1 and not killed:
                    killed = True
                    mongod_of(lone_server).kill()
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
    lone_server: ServerProcess, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(lone_server)
    visitor = await visitor_of_chatbot(lone_server, "demo")
    events = await asked(visitor, "What is Parlance?")
    mongod = mongod_of(lone_server)
    lone_server.kill()
    await asyncio.to_thread(mongod.wait, 10)
    await started(lone_server)

    again = await visitor.execute(
        "query ($id: ID!) { messages(conversationId: $id) { edges { node { content } } } }",
        {"id": events[0]["conversationId"]},
    )

    contents = [edge["node"]["content"] for edge in again["messages"]["edges"]]
    assert contents == ["What is Parlance?", text_of(events)]


async def test_an_answer_is_stopped_and_followed_through_the_other_server(
    servers: Pair, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(servers.one, servers.other)
    said = Dictation(PIECES)
    async with model_that_says(said) as model:
        visitor = await visitor_of_chatbot(servers.one, await chatbot_on(servers.one, model.url))
        seen = await seen_before_the_end(visitor, new_key(), said)
        there = at(servers.other, visitor)
        following = asyncio.create_task(followed(there, seen[0]["messageId"], seen[-1]["seq"]))
        began = time.monotonic()
        stopped = await there.execute(STOP, {"id": seen[0]["messageId"]})
        took = time.monotonic() - began
        await asyncio.wait_for(model.client_closed.wait(), 5)
        rest = await following
        await there.close()

    assert stopped["stopAnswer"]["answer"]["status"] == "STOPPED"
    assert stopped["stopAnswer"]["answer"]["content"] == SEEN
    assert took < 3
    assert kinds_of(rest) == ["AnswerRestarted", "AnswerDelta", "AnswerCompleted"]
    assert rest[0]["reason"] == "LOG_EXPIRED"
    assert text_of(rest) == SEEN


async def test_a_server_that_stops_hands_its_answer_to_the_other_one_at_once(
    servers: Pair, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(servers.one, servers.other)
    first, second = Dictation(PIECES), Dictation(PIECES)
    second.say_the_rest()
    async with model_that_says(first, second) as model:
        visitor = await visitor_of_chatbot(servers.one, await chatbot_on(servers.one, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, first)
        there = at(servers.other, visitor)
        following = asyncio.create_task(resumed(there, key, seen))
        assert await asyncio.to_thread(servers.one.stop) == 0
        rest = await asyncio.wait_for(following, 5)
        await there.close()

    check_begun_anew(seen, rest)
    assert rest[0]["seq"] == seen[-1]["seq"] + 1


async def test_a_killed_servers_answer_comes_whole_from_the_other_one_within_the_lease(
    servers: Pair, visitor_of_chatbot: MakeVisitor
) -> None:
    await started(servers.one, servers.other)
    first, second = Dictation(PIECES), Dictation(PIECES)
    second.say_the_rest()
    async with model_that_says(first, second) as model:
        visitor = await visitor_of_chatbot(servers.one, await chatbot_on(servers.one, model.url))
        key = new_key()
        seen = await seen_before_the_end(visitor, key, first)
        there = at(servers.other, visitor)
        servers.one.kill()
        began = time.monotonic()
        rest = await resumed(there, key, seen)
        took = time.monotonic() - began
        requests = len(model.requests)
        await there.close()

    check_begun_anew(seen, rest)
    assert rest[0]["reason"] == "WORKER_LOST"
    assert requests == 2
    assert took < DEFAULT_LIMITS.lease_s + 15, "also on a machine that does something else"


def at(server: ServerProcess, visitor: GraphQLClient) -> GraphQLClient:
    """The same visitor at another server."""
    return GraphQLClient(server.url, visitor.token, origin=visitor.origin)


def mongod_of(server: ServerProcess) -> psutil.Process:
    """The database of a server: the child that listens for MongoDB's protocol."""
    children = psutil.Process(server.pid).children(recursive=True)
    return next(child for child in children if "mongod" in child.name())
