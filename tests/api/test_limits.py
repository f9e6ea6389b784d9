"""The limits on the running server: every way in refuses the same documents, and goes on."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import httpx
import pytest
import websockets
from graphql import get_introspection_query

from graphql_schema.limits.allowances import PEOPLE, VISITORS
from tests.administration import Administrator
from tests.answers import FOLLOW, asking, text_of
from tests.graphql_clients import GraphQLClient, GraphQLFailure, Json
from tests.providers.dictation import Dictation, model_that_says
from tests.unit.limits.test_measuring import doubling, longest_chain

VisitorOf = Callable[..., Awaitable[GraphQLClient]]
MAX_FRAME_BYTES = 256 * 1024
OPERATIONS_PER_SOCKET = 50

PAGES_OF_PAGES = """
{
  clients(first: 100) { edges { node { chatbots(first: 100) { edges { node {
    conversations(first: 100) { totalCount }
  } } } } } }
}
"""

HOSTILE: dict[str, tuple[str, str]] = {
    "25 fragments that double": (
        doubling(25).replace("me {", "viewer {").replace("on User", "on Viewer"),
        "TOO_COMPLEX",
    ),
    "2,000 equal fields": ("{ " + "viewer { __typename } " * 2_000 + "}", "DOCUMENT_TOO_LARGE"),
    "900 equal fields": ("{ " + "__typename " * 900 + "}", "TOO_COMPLEX"),
    "100,000 brackets": ("{" * 100_000, "DOCUMENT_TOO_LARGE"),
    "5,000 brackets": ("{a" * 5_000, "TOO_DEEP"),
    "11 fields deep": ("{ clients " + "{ a " * 10 + "}" * 11, "TOO_DEEP"),
    "16 aliases": ("{ " + " ".join(f"a{n}: __typename" for n in range(16)) + " }", "TOO_COMPLEX"),
    "21 directives": ("{ __typename " + "@skip(if: true) " * 21 + "}", "TOO_COMPLEX"),
    "two operations": ("query A { __typename } query B { __typename }", "ONE_OPERATION_ONLY"),
    "pages of pages": (
        PAGES_OF_PAGES,
        "TOO_COMPLEX",
    ),
}


@pytest.fixture(params=list(HOSTILE.values()), ids=list(HOSTILE))
def hostile(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A document that is refused, and under which code."""
    document, code = request.param
    return document, code


async def first_of(stream: AsyncGenerator[Json, None], kind: str | None = None) -> Json:
    """The first event of a stream (of a kind), which stays open."""
    async for event in stream:
        if kind is None or event["__typename"] == kind:
            return event
    raise AssertionError("the stream ended")


async def on_a_socket(caller: GraphQLClient, document: str) -> list[Json]:
    """The errors of an operation on a socket of its own."""
    with pytest.raises(GraphQLFailure) as refused:
        await first_of(caller.subscribe(document))
    return refused.value.errors


async def as_events(caller: GraphQLClient, document: str) -> list[Json]:
    """The errors of an operation as server-sent events."""
    headers = caller.headers() | {"accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=caller.url, trust_env=False) as http:
        answer = await http.post("/graphql", json={"query": document}, headers=headers)
    data = next(line for line in answer.text.splitlines() if line.startswith("data: {"))
    errors: list[Json] = json.loads(data.removeprefix("data: "))["errors"]
    return errors


async def test_a_hostile_document_is_refused_on_every_way_in(
    admin: GraphQLClient, hostile: tuple[str, str]
) -> None:
    document, code = hostile
    posted = await admin.send(document)

    assert posted["errors"] == await on_a_socket(admin, document)
    assert posted["errors"] == await as_events(admin, document)
    assert [error["extensions"]["code"] for error in posted["errors"]] == [code]


async def test_wrong_variables_have_one_code_on_every_way_in(admin: GraphQLClient) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } }"
    subscription = "subscription ($id: ID!) { answer(messageId: $id) { seq } }"
    for document in (query, subscription):
        for refused in (await on_a_socket(admin, document), await as_events(admin, document)):
            assert [error["extensions"]["code"] for error in refused] == ["BAD_USER_INPUT"]


async def test_a_stream_goes_on_beside_hostile_documents(
    admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    said = Dictation([f"Piece {number}. " for number in range(len(HOSTILE))])
    async with model_that_says(said) as model:
        key = await Administrator(admin).chatbot_with_model(model.url)
        visitor = await visitor_of(key)
        deltas: list[Json] = []
        async with (
            visitor.socket() as socket,
            aclosing(asking(visitor, "What do you say?")) as stream,
        ):
            for document, code in HOSTILE.values():
                said.say_next()
                with pytest.raises(GraphQLFailure) as refused:
                    await first_of(socket.subscribe(document))
                assert refused.value.codes in ([code], ["TOO_DEEP"])
                deltas.append(await first_of(stream, "AnswerDelta"))
            rest = [event async for event in stream]

    assert text_of(deltas + rest) == "".join(f"Piece {n}. " for n in range(len(HOSTILE)))


async def test_the_longest_chain_of_fragments_is_no_fault(admin: GraphQLClient) -> None:
    answer = await admin.send(longest_chain().replace("{ name }", "{ __typename }"))
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}

    assert codes <= {"GRAPHQL_VALIDATION_FAILED"}  # it may be too deep for a rule of graphql-core


async def test_limits_name_themselves_and_what_was_sent(nobody: GraphQLClient) -> None:
    (error,) = (await nobody.send("{ a " * 9 + "}" * 9))["errors"]

    assert error["extensions"] == {"code": "TOO_DEEP", "limit": VISITORS.depth, "value": 9}
    assert error["message"] == "The operation is 9 fields deep; at most 8 are allowed."


async def test_people_have_the_room_that_visitors_have_not(
    admin: GraphQLClient, nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    document = "{ " + "__typename " * (VISITORS.fields + 1) + "}"

    assert await admin.execute(document) == {"__typename": "Query"}
    for other in (nobody, await visitor_of()):
        (error,) = (await other.send(document))["errors"]
        assert error["extensions"]["limit"] == VISITORS.fields


async def test_page_sizes_count_in_variables_of_a_known_document(admin: GraphQLClient) -> None:
    document = """
    query ($n: Int!) {
      clients(first: 100) { edges { node { chatbots(first: $n) { edges { cursor } } } } }
    }
    """
    assert "errors" not in await admin.send(document, {"n": 1})
    (error,) = (await admin.send(document, {"n": 1_000}))["errors"]

    assert error["extensions"]["code"] == "TOO_COMPLEX"
    assert error["extensions"]["limit"] == PEOPLE.rows
    assert "errors" not in await admin.send(document, {"n": 1})


async def test_introspection_is_on_for_people_and_off_for_the_rest(
    admin: GraphQLClient, nobody: GraphQLClient, visitor_of: VisitorOf
) -> None:
    document = get_introspection_query()
    assert "__schema" in await admin.execute(document)

    for other in (nobody, await visitor_of()):
        for asked in (document, '{ __type(name: "Query") { name } }'):
            with pytest.raises(GraphQLFailure) as refused:
                await other.execute(asked)
            assert refused.value.codes == ["INTROSPECTION_OFF"]
        assert await other.execute("{ __typename }") == {"__typename": "Query"}


async def test_a_frame_over_the_limit_closes_its_socket_and_no_other(
    nobody: GraphQLClient,
) -> None:
    async with nobody.socket() as one, nobody.socket() as other:
        frame = json.dumps({"type": "ping", "payload": {"": "x" * MAX_FRAME_BYTES}})
        await one.raw.send(frame)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await one.raw.recv()

        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        assert await first_of(other.subscribe("{ __typename }")) == {"__typename": "Query"}


async def test_a_frame_within_the_limit_is_read(nobody: GraphQLClient) -> None:
    async with nobody.socket() as socket:
        await socket.raw.send(json.dumps({"type": "ping", "payload": {"": "x" * 250_000}}))

        assert json.loads(await socket.raw.recv()) == {"type": "pong"}


async def test_a_socket_has_a_number_of_operations(
    visitor_of: VisitorOf, admin: GraphQLClient
) -> None:
    said = Dictation(["Late."])
    async with model_that_says(said) as model:
        visitor = await visitor_of(await Administrator(admin).chatbot_with_model(model.url))
        async with (
            aclosing(asking(visitor, "Are you there?")) as stream,
            visitor.socket() as socket,
        ):
            started = await anext(stream)
            payload = {"query": FOLLOW, "variables": {"id": started["messageId"], "after": 0}}
            for number in range(OPERATIONS_PER_SOCKET + 1):
                message = {"type": "subscribe", "id": str(number), "payload": payload}
                await socket.raw.send(json.dumps(message))
            refused = await frame_of(socket.raw, str(OPERATIONS_PER_SOCKET))
            said.say_the_rest()
            for _ in range(OPERATIONS_PER_SOCKET):
                await frame_of(socket.raw, kind="complete")
    assert refused["type"] == "error"
    extensions = refused["payload"][0]["extensions"]
    assert extensions == {"code": "TOO_MANY_OPERATIONS", "limit": OPERATIONS_PER_SOCKET}


async def frame_of(
    raw: websockets.ClientConnection, operation: str | None = None, kind: str | None = None
) -> Json:
    """The next frame of an operation, or of a kind."""
    while True:
        message: Json = json.loads(await raw.recv())
        if message.get("id") == operation or message["type"] == kind:
            return message
