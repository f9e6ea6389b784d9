"""Any bytes, frames and documents: no fault, no silent end, and the next caller is served."""

import json
from collections.abc import Generator, Sequence
from typing import Any

import httpx
import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.sync.client import ClientConnection, connect

from tests.conftest import START_VISIT
from tests.server_process import ServerProcess

WAIT_SECONDS = 20.0
EXPECTED_STATUS = {200, 400, 406, 413, 415}
EXPECTED_CLOSE = {1002, 1003, 1007, 1009, 4400, 4401, 4403, 4409, 4429}
"""What the server may say when it closes. 1006 is what a client notes when nothing was said."""

GREETING = [{"type": "connection_ack"}, {"type": "pong"}]

fuzzed = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["", "\x00", "\ud800", "__proto__", "Q2xpZW50OjE=", "9" * 400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)

PUNCTUATION = [*'{}()[]:=!|&@$#"', "...", '"""', "\ufeff", "\x00", "\u2028", "\U0001f99c"]
WORDS = ["query", "mutation", "subscription", "fragment", "on", "type", "extend", "schema", "$a"]
FIELDS = ["__typename", "__schema", "__type", "node", "nodes(ids:[])", "viewer", "ask", "messages"]
ARGUMENTS = ["first:5", "first:-1", "last:1e9", 'after:"x"', "@skip(if:true)", "$a:[ID!]!", "-0"]
token_soup = st.lists(st.sampled_from(PUNCTUATION + WORDS + FIELDS + ARGUMENTS), max_size=40).map(
    " ".join
)

OPERATIONS = [
    "query ($a: ID!) { node(id: $a) { __typename id } }",
    "query ($a: [ID!]!) { nodes(ids: $a) { __typename id } }",
    "query ($a: ID!) { messages(conversationId: $a) { totalCount } }",
    "query ($a: String) { conversations(after: $a) { totalCount edges { cursor } } }",
    "query ($a: Int!) { conversations(first: $a) { totalCount edges { cursor } } }",
    "query ($a: ID!) { answerEvents(messageId: $a, waitMs: 0) { seq } }",
    "mutation ($a: StartVisitInput!) { startVisit(input: $a) { __typename } }",
    "mutation ($a: String!) { startVisit(input: {embedKey: $a}) { __typename } }",
    "mutation ($a: String!) { refreshSession(input: {refreshToken: $a}) { __typename } }",
    "mutation ($a: AskInput!) { askOnce(input: $a) { __typename } }",
    "subscription ($a: AskInput!) { ask(input: $a) { seq } }",
    "subscription ($a: ID!) { answer(messageId: $a) { seq } }",
    "query Q($a: Boolean = true) { __typename @skip(if: $a) }",
]
documents = token_soup | st.sampled_from(OPERATIONS) | st.text()
payloads = st.fixed_dictionaries(
    {"query": documents | junk},
    optional={
        "variables": st.fixed_dictionaries({"a": junk}) | junk,
        "operationName": st.sampled_from(["Q", ""]) | junk,
        "extensions": junk,
    },
)


def as_json(value: object) -> bytes:
    """JSON as a careless client writes it, half characters and all."""
    return json.dumps(value).encode()


bodies = st.binary() | junk.map(as_json) | payloads.map(as_json)
headers = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(["application/json", "application/json; charset=x", "a"]),
        "accept": st.sampled_from(["application/graphql-response+json", "a", "text/event-stream"]),
        "authorization": st.sampled_from(["Bearer", "Bearer x", "Bearer a.b.c", "Basic eA=="]),
    },
)

messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["ping", "pong", "subscribe", "complete", "connection_init"]) | junk},
    optional={
        "id": st.sampled_from(["1", "2", "", "x" * 300]) | junk,
        "payload": payloads | st.none() | junk,
    },
)
subscriptions = st.builds(
    lambda number, payload: {"type": "subscribe", "id": str(number), "payload": payload},
    st.integers(1, 3),
    payloads,
)
frames = (messages | subscriptions | junk).map(json.dumps) | st.text() | st.binary()


@pytest.fixture
def untroubled(server: ServerProcess) -> Generator[ServerProcess, None, None]:
    """The server, whose log must not tell of a fault when the test is over."""
    already = len(server.log)
    yield server
    written = server.log[already:]
    for sign in ("Traceback", "[error", "never awaited"):
        assert sign not in written, written[-6_000:]


@pytest.fixture
def http(server: ServerProcess) -> Generator[httpx.Client, None, None]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=WAIT_SECONDS) as client:
        yield client


@pytest.fixture
def widget_token(server: ServerProcess, http: httpx.Client) -> str:
    """The token of a visitor, so that what is sent gets as far as the resolvers."""
    body = {"query": START_VISIT, "variables": {"key": "demo"}}
    answer = http.post("/graphql", json=body, headers={"origin": server.url})
    token: str = answer.json()["data"]["startVisit"]["widgetToken"]
    return token


@fuzzed
@given(body=bodies, header=headers)
def test_any_body_is_answered_in_json(
    untroubled: ServerProcess,
    http: httpx.Client,
    widget_token: str,
    body: bytes,
    header: dict[str, str],
) -> None:
    known = {"content-type": "application/json", "authorization": f"Bearer {widget_token}"}
    sent = known | {"origin": untroubled.url} | header
    response = http.post("/graphql", content=body, headers=sent)
    again = http.post("/graphql", json={"query": "{ __typename }"})

    assert response.status_code in EXPECTED_STATUS
    if not response.headers["content-type"].startswith("text/event-stream"):
        codes = codes_in(response.json())
        assert "INTERNAL" not in codes
        assert None not in codes
    assert again.json() == {"data": {"__typename": "Query"}}


def codes_in(answer: Any) -> set[str | None]:
    """The codes of the errors of a response, None for an error without."""
    return {error.get("extensions", {}).get("code") for error in answer.get("errors", ())}


def opened(server: ServerProcess) -> ClientConnection:
    return connect(
        f"{server.url.replace('http', 'ws', 1)}/graphql",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        origin=websockets.Origin(server.url),
        proxy=None,
        close_timeout=WAIT_SECONDS,
    )


def conversation(
    socket: ClientConnection, sent: Sequence[str | bytes]
) -> tuple[list[Any], int | None]:
    """What the server says to these frames and to a last ping, and the code if it closes."""
    said: list[Any] = []
    pongs = 1 + sum(1 for frame in sent if is_ping(frame))
    try:
        for frame in [*sent, '{"type": "ping"}']:
            socket.send(frame)
        while pongs:
            said.append(json.loads(socket.recv(timeout=WAIT_SECONDS)))
            pongs -= said[-1]["type"] == "pong"
    except websockets.ConnectionClosed as closed:
        return said, closed.rcvd.code if closed.rcvd else 1006
    return said, None


def is_ping(frame: str | bytes) -> bool:
    """Whether the server answers the frame with a pong."""
    try:
        message = json.loads(frame)
    except ValueError:
        return False
    return isinstance(message, dict) and message.get("type") == "ping"


@fuzzed
@given(sent=st.lists(frames, min_size=1, max_size=4), initialised=st.booleans())
def test_any_frames_are_answered_or_close_with_a_reason(
    untroubled: ServerProcess, widget_token: str, sent: list[str | bytes], initialised: bool
) -> None:
    token = {"authorization": f"Bearer {widget_token}"}
    greeting = json.dumps({"type": "connection_init", "payload": token})
    first = [greeting] if initialised else []
    with opened(untroubled) as socket:
        said, closed = conversation(socket, [*first, *sent])
    assert closed in EXPECTED_CLOSE | {None}
    for message in said:
        if message["type"] == "error":
            codes = codes_in({"errors": message["payload"]})
            assert not codes & {"INTERNAL", None}, message

    with opened(untroubled) as other:
        assert conversation(other, ['{"type": "connection_init"}']) == (GREETING, None)
