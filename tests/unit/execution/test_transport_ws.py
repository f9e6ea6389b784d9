"""graphql-transport-ws as a client meets it: a real uvicorn, a real socket, a toy schema."""

import asyncio
import gc
import json
import threading
import uuid
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
import strawberry
import structlog.testing
from fastapi import FastAPI
from graphql import GraphQLError
from starlette.websockets import WebSocket
from strawberry.exceptions import ConnectionRejectionError
from strawberry.extensions import MaskErrors
from strawberry.fastapi import GraphQLRouter
from strawberry.scalars import JSON
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.http_protocol import HttpProtocol
from api.websocket_protocol import WebSocketProtocol
from graphql_schema.execution.planned_context import PlannedContext
from graphql_schema.execution.schema import ParlanceSchema
from graphql_schema.execution.together import together
from graphql_schema.execution.transport_ws import AnswerTransportView, AnswerTransportWSHandler
from tests.unit.execution.running_server import running_server

DEADLINE_S = 20
PROTOCOL = "graphql-transport-ws"

ended: dict[str, threading.Event] = defaultdict(threading.Event)
"""By name of a `waiting` or `endless` subscription: set when it ends, for whatever reason."""

watch_ended = threading.Event()
"""Set when the server has stopped watching the token `revocable`."""

revoked = asyncio.Event()
"""Set to end what the token `revocable` may do."""


@strawberry.type
class Tick:
    number: int
    text: str = "tick"

    @strawberry.field
    def broken(self) -> str:
        raise ValueError("the password is hunter2")


@strawberry.type
class Query:
    @strawberry.field
    def ready(self) -> bool:
        return True


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def revoke(self) -> bool:
        revoked.set()
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, count: int, text: str = "tick") -> AsyncGenerator[Tick, None]:
        for number in range(count):
            yield Tick(number=number, text=text)

    @strawberry.subscription
    async def bundles(self, sizes: list[int], at_once: int) -> AsyncGenerator[Tick, None]:
        ticks = [Tick(number=number, text="x" * size) for number, size in enumerate(sizes)]
        for first in range(0, len(ticks), at_once):
            yield together(ticks[first : first + at_once])

    @strawberry.subscription
    async def endless(self, name: str) -> AsyncGenerator[Tick, None]:
        """Never awaits anything: only the transport gives others their turn."""
        try:
            while True:
                yield Tick(number=1)
        finally:
            ended[name].set()

    @strawberry.subscription
    async def waiting(self, name: str) -> AsyncGenerator[Tick, None]:
        try:
            yield Tick(number=1)
            await asyncio.Event().wait()
        finally:
            ended[name].set()

    @strawberry.subscription
    async def half_character(self) -> AsyncGenerator[Tick, None]:
        yield Tick(number=1, text="\ud83d")

    @strawberry.subscription
    async def unsendable(self) -> AsyncGenerator[JSON, None]:
        yield cast("JSON", object())


class Router(AnswerTransportView, GraphQLRouter[Any, None]):
    async def on_ws_connect(self, context: dict[str, Any]) -> Any:
        token = context["connection_params"].get("authorization")
        if token == "rejected":
            raise ConnectionRejectionError
        if token == "fault":
            raise RuntimeError("the database is down")
        return strawberry.UNSET

    def authorization_end(self, context: dict[str, Any]) -> Awaitable[GraphQLError] | None:
        token = context["connection_params"].get("authorization")
        if token == "unwatchable":
            return self._fail_to_watch()
        return self._wait_for_revocation() if token == "revocable" else None

    async def _fail_to_watch(self) -> GraphQLError:
        raise RuntimeError("the database is down")

    async def _wait_for_revocation(self) -> GraphQLError:
        try:
            await revoked.wait()
        finally:
            watch_ended.set()
        return GraphQLError("Token revoked.", extensions={"code": "TOKEN_REVOKED"})


@pytest.fixture(scope="module", params=[False])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """`host:port`; with the parameter True one that compresses."""
    schema = ParlanceSchema(Query, Mutation, Subscription, extensions=[MaskErrors])
    application = FastAPI()
    application.include_router(Router(schema), prefix="/graphql")
    impatient = Router(schema, connection_init_wait_timeout=timedelta(milliseconds=50))
    application.include_router(impatient, prefix="/impatient")
    with running_server(application, compresses=request.param) as address:
        yield address


@asynccontextmanager
async def opened(
    server: str, *, path: str = "/graphql", protocols: Sequence[str] = (PROTOCOL,)
) -> AsyncIterator[ClientConnection]:
    subprotocols = [Subprotocol(each) for each in protocols] or None
    async with asyncio.timeout(DEADLINE_S):
        async with connect(f"ws://{server}{path}", subprotocols=subprotocols) as socket:
            yield socket


@asynccontextmanager
async def connected(server: str, **payload: str) -> AsyncIterator[ClientConnection]:
    async with opened(server) as socket:
        await send(socket, type="connection_init", payload=payload)
        assert await receive(socket) == {"type": "connection_ack"}
        yield socket


@pytest.fixture
def name() -> str:
    """A name for the subscriptions of one test."""
    return uuid.uuid4().hex


def waiting(name: str) -> str:
    return f'subscription {{ waiting(name: "{name}") {{ number }} }}'


def endless(name: str) -> str:
    return f'subscription {{ endless(name: "{name}") {{ number }} }}'


async def send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def subscribe(socket: ClientConnection, id: str, query: str, **payload: Any) -> None:  # noqa: A002
    await send(socket, type="subscribe", id=id, payload={"query": query, **payload})


async def receive(socket: ClientConnection) -> Any:
    frame = await socket.recv()
    assert isinstance(frame, str), "graphql-transport-ws speaks in text frames"
    return json.loads(frame)


async def receive_for(socket: ClientConnection, id: str) -> Any:  # noqa: A002
    while True:
        message = await receive(socket)
        if message["id"] == id:
            return message


async def receive_everything(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


async def close_of(socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        await receive_everything(socket)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


async def test_a_stream_arrives_and_completes(server: str) -> None:
    async with connected(server) as socket:
        await subscribe(socket, "1", "subscription { ticks(count: 2) { number text } }")

        assert [await receive(socket) for _ in range(3)] == [
            {
                "id": "1",
                "type": "next",
                "payload": {"data": {"ticks": {"number": number, "text": "tick"}}},
            }
            for number in range(2)
        ] + [{"id": "1", "type": "complete"}]


SIZES = [1, 40, 70, 300, 65_400, 65_500, 70_000, 0, 200_000, 5]
"""Around the sizes at which the header of a frame grows."""


@pytest.mark.parametrize("server", [False, True], indirect=True, ids=["plain", "compressed"])
@pytest.mark.parametrize("at_once", [1, 4, len(SIZES)])
@pytest.mark.parametrize("broken", ["", "broken"])
async def test_events_that_come_together_are_messages_of_their_own(
    server: str, at_once: int, broken: str
) -> None:
    document = """
    subscription ($sizes: [Int!]!, $atOnce: Int!) {
      bundles(sizes: $sizes, atOnce: $atOnce) { number text %s }
    }
    """
    async with connected(server) as socket:
        variables = {"sizes": SIZES, "atOnce": at_once}
        await subscribe(socket, "1", document % broken, variables=variables)
        messages = [await receive(socket) for _ in range(len(SIZES) + 1)]

    *events, end = messages
    assert end == {"id": "1", "type": "complete"}
    if broken:
        assert [one["payload"]["errors"][0]["message"] for one in events] == [
            "Unexpected error."
        ] * len(SIZES)
        return
    ticks = [one["payload"]["data"]["bundles"] for one in events]
    assert [tick["number"] for tick in ticks] == list(range(len(SIZES)))
    assert [tick["text"] == "x" * size for tick, size in zip(ticks, SIZES, strict=True)] == [
        True
    ] * len(SIZES)


OF_A_SOCKET = (
    HttpProtocol,
    WebSocketProtocol,
    WebSocket,
    AnswerTransportWSHandler,
    PlannedContext,
)


def parts_of_sockets() -> dict[int, str]:
    """What there is of sockets. In this process only this module's server has any."""
    parts = (one for one in gc.get_objects() if isinstance(one, OF_A_SOCKET))
    return {id(one): type(one).__name__ for one in parts}


@pytest.mark.parametrize("breaks_off", [False, True])
async def test_a_closed_socket_leaves_nothing_that_must_be_searched_for(
    server: str, name: str, *, breaks_off: bool
) -> None:
    """Python's search for garbage goes through everything there is, and stops every stream."""
    gc.collect()
    before = parts_of_sockets().keys()

    def new_parts() -> set[str]:
        return {name for part, name in parts_of_sockets().items() if part not in before}

    gc.disable()
    try:
        async with connected(server, authorization="revocable") as socket:
            await subscribe(socket, "1", waiting(name))
            await receive(socket)
            assert new_parts() == {one.__name__ for one in OF_A_SOCKET} - {"HttpProtocol"}
            if breaks_off:
                socket.transport.abort()
        assert await asyncio.to_thread(ended[name].wait, DEADLINE_S)
        async with asyncio.timeout(DEADLINE_S):
            while new_parts():  # noqa: ASYNC110 - it ends in the server's thread
                await asyncio.sleep(0.05)
    finally:
        gc.enable()


@pytest.mark.parametrize("query", ["{ ready }", "query Q { ready }"])
async def test_a_query_runs_over_the_socket(server: str, query: str) -> None:
    async with connected(server) as socket:
        await subscribe(socket, "1", query)

        assert (await receive(socket))["payload"] == {"data": {"ready": True}}
        assert await receive(socket) == {"id": "1", "type": "complete"}


@pytest.mark.parametrize("message", [{}, {"payload": None}, {"payload": {}}])
async def test_init_needs_no_payload(server: str, message: dict[str, Any]) -> None:
    async with opened(server) as socket:
        await send(socket, type="connection_init", **message)

        assert await receive(socket) == {"type": "connection_ack"}


async def test_a_rejected_token_closes_4403(server: str) -> None:
    async with opened(server) as socket:
        await send(socket, type="connection_init", payload={"authorization": "rejected"})

        assert await close_of(socket) == (4403, "Forbidden")


async def test_a_fault_while_connecting_asks_to_try_again(server: str) -> None:
    async with opened(server) as socket:
        await send(socket, type="connection_init", payload={"authorization": "fault"})

        assert await close_of(socket) == (1013, "Try again later")


async def test_a_socket_that_never_says_init_closes_4408(server: str) -> None:
    async with opened(server, path="/impatient") as socket:
        assert await close_of(socket) == (4408, "Connection initialisation timeout")


async def test_no_view_waits_longer_than_ten_seconds_for_init() -> None:
    schema = ParlanceSchema(Query)
    view = Router(schema, connection_init_wait_timeout=timedelta(hours=1))
    handler = view.graphql_transport_ws_handler_class(
        view=view,
        websocket=None,  # type: ignore[arg-type]
        context=None,
        root_value=None,
        schema=schema,
        connection_init_wait_timeout=view.connection_init_wait_timeout,
    )

    assert handler.connection_init_wait_timeout == timedelta(seconds=10)


@pytest.mark.parametrize("protocols", [["graphql-ws"], ["something-else"], []])
async def test_any_other_protocol_closes_4406(server: str, protocols: list[str]) -> None:
    async with opened(server, protocols=protocols) as socket:
        assert await close_of(socket) == (4406, "Subprotocol not acceptable")


MALFORMED: list[str | bytes] = [
    "no JSON",
    "",
    "null",
    "5",
    '"text"',
    "[]",
    "[" * 100_000,
    "{}",
    b'{"type":"ping"}',
    json.dumps({"type": None}),
    json.dumps({"type": ["subscribe"]}),
    json.dumps({"type": "x" * 1_000}),
    json.dumps({"type": "connection_init", "payload": []}),
    json.dumps({"type": "ping", "payload": "x"}),
    json.dumps({"type": "complete"}),
    json.dumps({"type": "complete", "id": 5}),
    json.dumps({"type": "subscribe"}),
    json.dumps({"type": "subscribe", "id": "1"}),
    json.dumps({"type": "subscribe", "id": "1", "payload": None}),
    json.dumps({"type": "subscribe", "id": "1", "payload": []}),
    json.dumps({"type": "subscribe", "id": "1", "payload": {}}),
    json.dumps({"type": "subscribe", "id": "1", "payload": {"query": None}}),
    json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}),
    json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{a}", "operationName": 1}}),
    json.dumps({"type": "subscribe", "id": 1, "payload": {"query": "{ ready }"}}),
    json.dumps({"type": "subscribe", "id": None, "payload": {"query": "{ ready }"}}),
    json.dumps({"type": "subscribe", "id": ["1"], "payload": {"query": "{ ready }"}}),
    json.dumps({"type": "subscribe", "id": "", "payload": {"query": "{ ready }"}}),
    json.dumps({"type": "subscribe", "id": "x" * 257, "payload": {"query": "{ ready }"}}),
]


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("message", MALFORMED, ids=lambda message: repr(message[:70]))
async def test_a_malformed_message_closes_4400(
    server: str, message: str | bytes, acknowledged: bool
) -> None:
    async with opened(server) as socket:
        if acknowledged:
            await send(socket, type="connection_init")
            await receive(socket)
        await socket.send(message)

        code, reason = await close_of(socket)

    assert code == 4400
    assert reason


async def test_subscribing_before_the_acknowledgement_closes_4401(server: str) -> None:
    async with opened(server) as socket:
        await subscribe(socket, "1", "{ ready }")

        assert await close_of(socket) == (4401, "Unauthorized")


async def test_a_second_init_closes_4429(server: str) -> None:
    async with connected(server) as socket:
        await send(socket, type="connection_init")

        assert (await close_of(socket))[0] == 4429


async def test_an_id_in_use_closes_4409_even_when_it_is_long(server: str, name: str) -> None:
    identifier = "x" * 256
    async with connected(server) as socket:
        for _ in range(2):
            await subscribe(socket, identifier, waiting(name))

        code, reason = await close_of(socket)

    assert code == 4409
    assert reason.startswith("Subscriber for xxx")


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("subscription {", {}),
        ("", {}),
        ("subscription { unknown }", {}),
        ("subscription { ticks { number } }", {}),
        ("query A { ready }", {"operationName": "B"}),
        ("query A($count: Int!) { ready @include(if: $count) }", {"variables": {"count": 1}}),
        ("subscription($n: Int!) { ticks(count: $n) { number } }", {"variables": {"n": "x"}}),
        ("fragment F on Query { ready }", {}),
    ],
)
async def test_a_faulty_operation_gets_an_error_and_the_others_go_on(
    server: str, name: str, query: str, options: dict[str, Any]
) -> None:
    async with connected(server) as socket:
        await subscribe(socket, "running", waiting(name))
        await receive_for(socket, "running")
        await subscribe(socket, "faulty", query, **options)

        message = await receive(socket)
        assert (message["id"], message["type"]) == ("faulty", "error")
        assert message["payload"][0]["message"]

        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}
        assert not ended[name].is_set()
        await subscribe(socket, "faulty", "{ ready }")
        assert (await receive_for(socket, "faulty"))["type"] == "next"


async def test_an_error_of_a_resolver_is_masked(server: str) -> None:
    async with connected(server) as socket:
        await subscribe(socket, "1", "subscription { ticks(count: 1) { broken } }")

        frame = await socket.recv()

    assert "hunter2" not in str(frame)
    payload = json.loads(frame)["payload"]
    assert payload["data"] is None
    assert payload["errors"][0]["message"] == "Unexpected error."
    assert payload["errors"][0]["path"] == ["ticks", "broken"]


async def test_what_cannot_be_sent_ends_its_operation_only(server: str) -> None:
    async with connected(server) as socket:
        await subscribe(socket, "1", "subscription { unsendable }")

        message = await receive(socket)
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"] == [
            {"message": "Unexpected error.", "extensions": {"code": "INTERNAL"}}
        ]

        await subscribe(socket, "1", "{ ready }")
        assert (await receive(socket))["type"] == "next"


async def test_half_a_character_is_sent_as_it_is(server: str) -> None:
    async with connected(server) as socket:
        await subscribe(socket, "1", "subscription { halfCharacter { text } }")

        assert (await receive(socket))["payload"]["data"] == {"halfCharacter": {"text": "\ud83d"}}


async def test_complete_ends_the_subscription(server: str, name: str) -> None:
    async with connected(server) as socket:
        await subscribe(socket, "1", waiting(name))
        await receive(socket)
        await send(socket, type="complete", id="1")

        assert await asyncio.to_thread(ended[name].wait, DEADLINE_S)


@pytest.mark.parametrize("abruptly", [False, True])
async def test_closing_the_socket_ends_the_subscription(
    server: str, name: str, abruptly: bool
) -> None:
    async with connected(server) as socket:
        await subscribe(socket, "1", waiting(name))
        await receive(socket)
        if abruptly:
            socket.transport.abort()

    assert await asyncio.to_thread(ended[name].wait, DEADLINE_S)


async def test_a_client_that_leaves_an_endless_stream_is_no_fault(server: str, name: str) -> None:
    with structlog.testing.capture_logs() as logs:
        async with connected(server) as socket:
            await subscribe(socket, "1", endless(name))
            await receive(socket)
            socket.transport.abort()
        assert await asyncio.to_thread(ended[name].wait, DEADLINE_S)

    assert logs == []


async def test_a_stream_that_never_waits_starves_nobody(server: str, name: str) -> None:
    async with connected(server) as busy, connected(server) as other:
        await subscribe(busy, "1", endless(name))
        for _ in range(1_000):
            await receive(busy)
        await subscribe(busy, "2", "{ ready }")
        await subscribe(other, "1", "{ ready }")

        assert (await receive(other))["type"] == "next"
        assert (await receive_for(busy, "2"))["type"] == "next"
        busy.transport.abort()  # a closing handshake would wait behind all that was sent


async def test_the_authorisation_of_a_closed_socket_is_no_longer_watched(server: str) -> None:
    watch_ended.clear()
    async with connected(server, authorization="revocable"):
        assert not watch_ended.is_set()

    assert await asyncio.to_thread(watch_ended.wait, DEADLINE_S)


async def test_a_fault_while_watching_asks_to_try_again(server: str) -> None:
    async with connected(server, authorization="unwatchable") as socket:
        assert await close_of(socket) == (1013, "Try again later")


async def test_a_revoked_token_ends_every_operation_and_the_socket(server: str, name: str) -> None:
    async with connected(server, authorization="revocable") as socket:
        for identifier in ("1", "2"):
            await subscribe(socket, identifier, waiting(name))
            await receive(socket)
        async with connected(server) as other:
            await subscribe(other, "1", "mutation { revoke }")
            await receive(other)

            messages = [await receive(socket) for _ in range(2)]
            assert await close_of(socket) == (4401, "TOKEN_REVOKED")

            await send(other, type="ping")
            await receive_for_type(other, "pong")

    assert sorted(message["id"] for message in messages) == ["1", "2"]
    assert {message["type"] for message in messages} == {"error"}
    assert {message["payload"][0]["extensions"]["code"] for message in messages} == {
        "TOKEN_REVOKED"
    }
    assert await asyncio.to_thread(ended[name].wait, DEADLINE_S)


async def receive_for_type(socket: ClientConnection, type: str) -> Any:  # noqa: A002
    while True:
        message = await receive(socket)
        if message["type"] == type:
            return message
