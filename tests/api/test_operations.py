"""What everybody meets at the door: health, headers, origins, malformed requests, sockets' ends."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import httpx
import jwt
import psutil
import pytest
import pytest_asyncio
import websockets

from documents.ids import PydanticObjectId
from graphql_schema.node import global_id
from services.accounts.access_tokens import AccessTokens
from services.hooks.sandbox.inside.plan import LAYERS
from services.sealing.keys import DerivedKeys
from tests.administration import Administrator
from tests.answers import FOLLOW, asking
from tests.api.conftest import DASHBOARD, METRICS_TOKEN
from tests.api.operations import Json, PersonOf, VisitorOf, codes, database_of, done, new_slug
from tests.graphql_clients import GraphQLClient, GraphQLFailure
from tests.providers.dictation import Dictation, model_that_says
from tests.server_process import ROOT, ServerProcess

VIEWER = "{ viewer { user { email } visitor { id } } }"
SIGN_OUT = "mutation { signOut(input: {}) { __typename } }"
START_VISIT = """
mutation ($key: String!) {
  startVisit(input: {embedKey: $key}) { __typename ... on StartVisitSuccess { widgetToken } }
}
"""
SIGN_IN = """
mutation { signIn(input: {email: "nobody@example.com", password: "x"}) { __typename } }
"""
SHOP, OTHER_SHOP, STRANGER = (
    f"https://{name}.example" for name in ("sockets", "other-sockets", "stranger")
)
JSON_TYPE = {"content-type": "application/json"}


@asynccontextmanager
async def browser_at(
    server: ServerProcess, origin: str | None = None, **headers: str
) -> AsyncGenerator[httpx.AsyncClient, None]:
    """HTTP as a page of this origin speaks it."""
    sent = headers | ({"origin": origin} if origin else {})
    async with httpx.AsyncClient(
        base_url=server.url, headers=sent, timeout=30, trust_env=False
    ) as http:
        yield http


@pytest_asyncio.fixture
async def http(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_at(server) as client:
        yield client


@asynccontextmanager
async def handshake(
    server: ServerProcess, origin: str | None
) -> AsyncGenerator[websockets.ClientConnection, None]:
    """A WebSocket before its connection_init."""
    async with websockets.connect(
        f"{server.url.replace('http', 'ws', 1)}/graphql",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        origin=websockets.Origin(origin) if origin else None,
        proxy=None,
    ) as socket:
        yield socket


async def greeted(server: ServerProcess, origin: str | None, *payload: object) -> str | int | None:
    """The type of the answer to connection_init, or the code with which the socket is closed."""
    async with handshake(server, origin) as socket:
        first = {"type": "connection_init"} | ({"payload": payload[0]} if payload else {})
        await socket.send(json.dumps(first))
        try:
            return str(json.loads(await socket.recv())["type"])
        except websockets.ConnectionClosed:
            return socket.close_code


def bearer(token: str | None) -> Json:
    return {"authorization": f"Bearer {token}"}


async def test_a_living_process_says_ok(http: httpx.AsyncClient) -> None:
    for method in ("GET", "HEAD"):
        answer = await http.request(method, "/healthz")
        assert answer.status_code == 200
    assert (await http.get("/healthz")).text == "ok\n"


async def test_readiness_is_public_and_its_details_are_not(production: ServerProcess) -> None:
    async with browser_at(production) as http:
        public = await http.get("/readyz")
        wrong = [
            await http.get("/readyz", headers={"authorization": header})
            for header in ("Bearer nonsense", "Bearer", METRICS_TOKEN, f"Basic {METRICS_TOKEN}")
        ]
        details = await http.get("/readyz", headers=bearer(METRICS_TOKEN))

    assert {answer.text for answer in (public, *wrong)} == {'{"ready":true}'}
    assert details.json() == {
        "ready": True,
        "database": "ok",
        "running_answers": 0,
        "draining": False,
        "hooks": {"problem": None, "layers": dict.fromkeys(LAYERS, True)},
    }


async def test_metrics_need_their_token(production: ServerProcess, http: httpx.AsyncClient) -> None:
    closed = await http.get("/metrics", headers=bearer("None"))
    assert closed.status_code == 401
    assert "PARLANCE_METRICS_TOKEN" in closed.text
    async with browser_at(production) as prometheus:
        assert (await prometheus.get("/metrics")).status_code == 401
        await prometheus.request("PROPFIND", "/healthz")
        open_ = await prometheus.get("/metrics", headers=bearer(METRICS_TOKEN))

    assert open_.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'parlance_http_requests_total{method="GET",status="401"}' in open_.text
    assert 'parlance_http_requests_total{method="other",status="405"}' in open_.text
    assert "parlance_running_answers 0.0" in open_.text
    assert "PROPFIND" not in open_.text, "callers may not add to what is kept in memory"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("schema.graphql", "application/graphql"), ("possible_types.json", "application/json")],
)
async def test_the_schema_is_public_for_every_page(
    http: httpx.AsyncClient, name: str, media_type: str
) -> None:
    answer = await http.get(f"/{name}", headers={"origin": STRANGER})
    assert answer.text == (ROOT / "graphql_schema" / name).read_text()
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/<b>here</b>", 404, "NOT_FOUND"),
        ("GET", "/docs/oauth2-redirect", 404, "NOT_FOUND"),
        ("GET", "/openapi.json", 404, "NOT_FOUND"),
        ("GET", "/demo/..%2f..%2fapi%2fsettings.py", 404, "NOT_FOUND"),
        ("POST", "/healthz", 405, "BAD_REQUEST"),
        ("GET", "/graphql", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/graphql?query={viewer{__typename}}", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "/graphql", 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_what_is_not_there_is_told_as_json_errors(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (status, code)
    assert error["message"]
    assert ("allow" in answer.headers) == (status == 405)


async def test_every_answer_has_the_headers_of_a_careful_server(http: httpx.AsyncClient) -> None:
    for method, path in (
        ("GET", "/healthz"),
        ("GET", "/nothing"),
        ("POST", "/graphql"),
        ("GET", "/demo"),
        ("GET", "/schema.graphql"),
    ):
        headers = (await http.request(method, path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] in {"no-store", "no-cache"}
        assert "server" not in headers
        assert "set-cookie" not in headers


async def test_a_correlation_id_is_kept_if_it_is_harmless(
    http: httpx.AsyncClient, server: ServerProcess
) -> None:
    own = f"test-{new_slug()}"
    kept = await http.get("/nothing", headers={"x-request-id": own})
    assert kept.headers["x-request-id"] == own
    assert f"request_id={own}" in server.log
    for harmful in ("short", "x" * 65, "a b c d e f g h", "é" * 8, "<script>alert(1)</script>"):
        given = {"x-request-id": harmful.encode()}
        answer = await http.get("/healthz", headers=given)  # type: ignore[arg-type]
        assert len(answer.headers["x-request-id"]) == 16
    made = {(await http.get("/healthz")).headers["x-request-id"] for _ in range(5)}
    assert len(made) == 5


async def test_a_logged_path_has_no_query(http: httpx.AsyncClient, server: ServerProcess) -> None:
    await http.get("/nothing?code=a-one-time-code")
    assert "a-one-time-code" not in server.log


async def test_python_has_nothing_to_complain_about(
    server: ServerProcess, admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of()
    for caller in (admin, visitor):
        await caller.execute(VIEWER)
        assert [data async for data in caller.stream(VIEWER)] == [await caller.execute(VIEWER)]
    for complaint in ("Warning", "was never awaited", "was never retrieved"):
        assert complaint not in server.log


async def test_production_logs_are_json_a_line(production: ServerProcess) -> None:
    own = f"test-{new_slug()}"
    async with browser_at(production) as http:
        await http.get("/nothing", headers={"x-request-id": own})
    async with asyncio.timeout(60):
        while own not in production.log:  # noqa: ASYNC110 - written after the answer, to a file
            await asyncio.sleep(0.01)
    lines = [json.loads(line) for line in production.log.splitlines() if own in line]
    (line,) = lines
    assert (line["event"], line["path"], line["status"]) == ("request", "/nothing", 404)


def nested(depth: int) -> bytes:
    return b'{"query": "' + b"{a" * depth + b'"}'


MALFORMED = {
    "nothing": b"",
    "half of an object": b'{"query": "{ viewer',
    "a number": b"5",
    "null": b"null",
    "a text": b'"{ viewer { __typename } }"',
    "an empty list": b"[]",
    "a list": b'[{"query": "{ viewer { __typename } }"}]',
    "no query": b"{}",
    "an empty query": b'{"query": ""}',
    "a query that is null": b'{"query": null}',
    "a query that is no text": b'{"query": {"a": 1}}',
    "variables that are a list": b'{"query": "{ __typename }", "variables": []}',
    "variables that are a text": b'{"query": "{ __typename }", "variables": "{}"}',
    "extensions that are a number": b'{"query": "{ __typename }", "extensions": 7}',
    "a name that is a number": b'{"query": "{ __typename }", "operationName": 5}',
    "no UTF-8": b'{"query": "\xff"}',
    "half a surrogate pair": b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
    "deep JSON": b"[" * 100_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_body_is_answered_with_400_and_json(
    http: httpx.AsyncClient, body: bytes
) -> None:
    answer = await http.post("/graphql", content=body, headers=JSON_TYPE)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


WRONG_OPERATIONS = {
    "GRAPHQL_PARSE_FAILED": b'{"query": "{"}',
    "GRAPHQL_VALIDATION_FAILED": b'{"query": "{ nothing }"}',
    "BAD_USER_INPUT": b'{"query": "query ($id: ID!) { node(id: $id) { id } }",'
    b' "variables": {"id": {"a": 1}}}',
    "DOCUMENT_TOO_LARGE": nested(200_000),
}


@pytest.mark.parametrize(("code", "body"), WRONG_OPERATIONS.items(), ids=WRONG_OPERATIONS.keys())
async def test_a_wrong_operation_is_explained_with_a_code(
    http: httpx.AsyncClient, code: str, body: bytes
) -> None:
    answer = await http.post("/graphql", content=body, headers=JSON_TYPE)
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == code


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
async def test_bodies_that_forms_can_send_are_refused(http: httpx.AsyncClient, kind: str) -> None:
    body = b'{"query": "{ viewer { __typename } }"}'
    answer = await http.post("/graphql", content=body, headers={"content-type": kind})
    assert answer.status_code == 415
    assert answer.json()["errors"]


async def test_a_body_that_is_too_large_is_refused_and_a_large_one_is_not(
    http: httpx.AsyncClient,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000

    fits = json.dumps({"query": "{ viewer { __typename } }", "variables": {"pad": "x" * 1_400_000}})
    large = await http.post("/graphql", content=fits, headers=JSON_TYPE)
    declared = await http.post("/graphql", content=b"x" * 1_500_001, headers=JSON_TYPE)
    undeclared = await http.post("/graphql", content=endless(), headers=JSON_TYPE)

    assert large.json()["data"] == {"viewer": None}
    for answer in (declared, undeclared):
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


async def test_a_subscription_by_plain_post_is_told_where_to_go(http: httpx.AsyncClient) -> None:
    body = {"query": 'subscription { answer(messageId: "x") { seq } }'}
    answer = await http.post("/graphql", json=body)
    assert answer.status_code == 400
    message = answer.json()["errors"][0]["message"]
    for way in ("graphql-transport-ws", "text/event-stream", "askOnce", "answerEvents"):
        assert way in message


async def test_known_pages_may_read_answers_and_strangers_read_why_not(
    production: ServerProcess,
) -> None:
    async with browser_at(production, DASHBOARD) as dashboard:
        known = await dashboard.post("/graphql", json={"query": VIEWER})
    async with browser_at(production, STRANGER) as page:
        refused = await page.post("/graphql", json={"query": VIEWER})
        too_large = await page.post("/graphql", content=b"x" * 1_500_001)

    assert known.json()["data"] == {"viewer": None}
    assert refused.status_code == too_large.status_code == 403
    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"
    for told in (STRANGER, "allowedOrigins", "PARLANCE_DASHBOARD_ORIGINS"):
        assert told in error["message"]
    for answer, origin in ((known, DASHBOARD), (refused, STRANGER)):
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-expose-headers"] == "x-request-id"
        assert "origin" in answer.headers["vary"].lower()
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_preflight_allows_what_the_api_needs_and_no_credentials(
    production: ServerProcess,
) -> None:
    async with browser_at(production, STRANGER) as page:
        asked = {
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        }
        answer = await page.options("/graphql", headers=asked)

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == STRANGER
    assert answer.headers["access-control-allow-methods"] == "POST"
    for header in ("authorization", "content-type"):
        assert header in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["null", "file://", "https://", "https://a b", "x" * 5_000])
async def test_an_origin_that_is_none_is_refused(production: ServerProcess, origin: str) -> None:
    async with browser_at(production, origin) as page:
        answer = await page.post("/graphql", json={"query": VIEWER})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "ORIGIN_NOT_ALLOWED"


async def test_no_route_accepts_what_a_browser_sends_by_itself(
    server: ServerProcess, admin: GraphQLClient
) -> None:
    token = admin.token or ""
    ambient = {
        "cookie": f"authorization=Bearer {token}; access_token={token}; session={token}",
        "x-access-token": token,
        "proxy-authorization": f"Bearer {token}",
    }
    async with browser_at(server, server.url, **ambient) as browser:
        by_post = await browser.post(f"/graphql?token={token}", json={"query": VIEWER})
        basic = await browser.post(
            "/graphql", json={"query": VIEWER}, auth=httpx.BasicAuth("admin@example.com", token)
        )
    async with websockets.connect(
        f"{server.url.replace('http', 'ws', 1)}/graphql?access_token={token}",
        subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
        additional_headers=ambient,
        proxy=None,
    ) as socket:
        await socket.send('{"type": "connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        operation = {"type": "subscribe", "id": "1", "payload": {"query": VIEWER}}
        await socket.send(json.dumps(operation))
        by_socket = json.loads(await socket.recv())["payload"]

    for answer in (by_post.json(), basic.json(), by_socket):
        assert answer == {"data": {"viewer": None}}


async def test_an_unknown_page_cannot_even_open_a_socket(production: ServerProcess) -> None:
    for origin in (STRANGER, "null", "http://localhost:3000"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await greeted(production, origin)
        assert refused.value.response.status_code == 403
    for known in (DASHBOARD, production.url):
        assert await greeted(production, known) == "connection_ack"


@pytest.mark.parametrize("payload", [(), (None,), ({},), ({"authorization": None},), ({"a": 1},)])
async def test_a_socket_without_a_token_is_nobodys(
    server: ServerProcess, payload: tuple[object, ...]
) -> None:
    assert await greeted(server, server.url, *payload) == "connection_ack"


async def test_messages_are_not_compressed(server: ServerProcess) -> None:
    async with handshake(server, server.url) as socket:
        assert socket.request is not None
        assert socket.response is not None
        assert "permessage-deflate" in socket.request.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_a_socket_with_a_token_that_is_no_good_is_closed_for_good(
    server: ServerProcess, admin: GraphQLClient
) -> None:
    keys = DerivedKeys((server.data_dir / "secret.key").read_text())
    expired, _ = AccessTokens(keys, timedelta(seconds=-1)).issue(*whose(admin))
    for token, reason in (
        ("nonsense", "UNAUTHENTICATED"),
        (f"{admin.token}x", "UNAUTHENTICATED"),
        (expired, "TOKEN_EXPIRED"),
    ):
        async with handshake(server, server.url) as socket:
            first = {"type": "connection_init", "payload": bearer(token)}
            await socket.send(json.dumps(first))
            await socket.wait_closed()
        assert (socket.close_code, socket.close_reason) == (4403, reason)
    assert await greeted(server, server.url, bearer(admin.token)) == "connection_ack"


async def test_people_and_servers_need_no_origin_and_visitors_do(
    server: ServerProcess, admin: GraphQLClient, visitor_of: VisitorOf
) -> None:
    visitor = await visitor_of()
    assert await greeted(server, None, bearer(admin.token)) == "connection_ack"
    assert await greeted(server, None, bearer(visitor.token)) == 4403
    assert await greeted(server, server.url, bearer(visitor.token)) == "connection_ack"


async def test_a_visitors_socket_is_of_a_page_of_that_chatbot(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    given = {"slug": new_slug(), "name": "Shop"}
    made = await done(production_admin, "createClient", given, "client { id }")
    keys = []
    for origin in (SHOP, OTHER_SHOP):
        chatbot = {
            "clientId": made["client"]["id"],
            "name": "Helper",
            "settings": {"allowedOrigins": [origin]},
        }
        made_chatbot = await done(
            production_admin, "createChatbot", chatbot, "chatbot { embedKey }"
        )
        keys.append(made_chatbot["chatbot"]["embedKey"])
    visitor = GraphQLClient(production.url, origin=SHOP)
    started = await visitor.execute(START_VISIT, {"key": keys[0]})
    await visitor.close()
    token = started["startVisit"]["widgetToken"]

    assert await greeted(production, SHOP, bearer(token)) == "connection_ack"
    assert await greeted(production, production.url, bearer(token)) == "connection_ack"
    assert await greeted(production, OTHER_SHOP, bearer(token)) == 4403, "known, but not for this"


def whose(caller: GraphQLClient) -> tuple[PydanticObjectId, PydanticObjectId]:
    """The user and the session of a signed-in caller."""
    claims = jwt.decode(caller.token or "", options={"verify_signature": False})
    return PydanticObjectId(claims["sub"]), PydanticObjectId(claims["sid"])


@pytest_asyncio.fixture
async def silent_answer(admin: GraphQLClient, visitor_of: VisitorOf) -> AsyncIterator[str]:
    """The id of an answer whose model has said one word and then says no more."""
    said = Dictation(["Rome ", "was built."])
    async with model_that_says(said) as model:
        visitor = await visitor_of(await Administrator(admin).chatbot_with_model(model.url))
        async with aclosing(asking(visitor, "Was it?")) as stream:
            said.say_next()
            async for event in stream:
                if event["__typename"] == "AnswerStarted":
                    message_id = event["messageId"]
                if event["__typename"] == "AnswerDelta":
                    break
            yield message_id
            said.say_the_rest()
            _ = [event async for event in stream]


async def ending_of_socket(
    caller: GraphQLClient, message_id: str, until: Callable[[], Awaitable[object]]
) -> tuple[list[str | None], int | None]:
    """How a socket that follows ends: the codes of its `error` frame, and of its close."""
    async with caller.socket() as socket:
        following = socket.subscribe(FOLLOW, {"id": message_id, "after": 0})
        async with aclosing(following) as events:
            await anext(events)
            await until()
            with pytest.raises(GraphQLFailure) as failure:
                _ = [event async for event in events]
        await socket.raw.wait_closed()
        return failure.value.codes, socket.raw.close_code


async def ending_of_stream(caller: GraphQLClient, message_id: str) -> list[Json]:
    """The last of a stream of server-sent events: its errors."""
    body = {"query": FOLLOW, "variables": {"id": message_id, "after": 0}}
    headers = caller.headers() | {"accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=caller.url, timeout=30, trust_env=False) as http,
        http.stream("POST", "/graphql", json=body, headers=headers) as answer,
    ):
        lines = [line async for line in answer.aiter_lines() if line.startswith("data: {")]
    errors: list[Json] = json.loads(lines[-1].removeprefix("data: "))["errors"]
    return errors


async def test_running_streams_end_with_their_token(
    server: ServerProcess, silent_answer: str, person_of: PersonOf
) -> None:
    """One token expires and one is revoked while a socket and an event stream follow with each."""
    expiring, leaving = [await person_of("demo", "viewer") for _ in range(2)]
    keys = DerivedKeys((server.data_dir / "secret.key").read_text())
    expiring.token, _ = AccessTokens(keys, timedelta(seconds=2)).issue(*whose(expiring))
    streams = [
        asyncio.create_task(ending_of_stream(caller, silent_answer))
        for caller in (expiring, leaving)
    ]

    async def nothing() -> None:
        """Time itself does it."""

    async with asyncio.timeout(60):
        expired, revoked = await asyncio.gather(
            ending_of_socket(expiring, silent_answer, nothing),
            ending_of_socket(leaving, silent_answer, lambda: leaving.execute(SIGN_OUT)),
        )
        errors = await asyncio.gather(*streams)

    assert expired == (["TOKEN_EXPIRED"], 4401)
    assert revoked == (["TOKEN_REVOKED"], 4401)
    assert [one["extensions"]["code"] for (one,) in errors] == ["TOKEN_EXPIRED", "TOKEN_REVOKED"]


async def test_running_streams_end_with_the_account(
    admin: GraphQLClient, silent_answer: str, person_of: PersonOf
) -> None:
    person = await person_of("demo", "viewer")

    async def deactivate() -> None:
        user_id = global_id("User", whose(person)[0])
        await done(admin, "deactivateUser", {"id": user_id}, "__typename")

    async with asyncio.timeout(60):
        ended = await ending_of_socket(person, silent_answer, deactivate)
    assert ended == (["TOKEN_REVOKED"], 4401)


async def test_a_fault_is_masked_and_its_number_stands_in_the_log(
    server: ServerProcess, person_of: PersonOf
) -> None:
    """A document that no longer parses is a fault of ours; what it holds is nobody's business."""
    person = await person_of("demo", "viewer")
    damaged = {"$set": {"full_name": {"first": "Anna"}}}
    async with database_of(server) as database:
        users, own = database.database["users"], {"_id": whose(person)[0]}
        await users.update_one(own, damaged)
        (error,) = (await person.send(VIEWER))["errors"]
        await users.delete_one(own)  # or nobody could list the client's members any more

    assert error["extensions"]["code"] == "INTERNAL"
    incident = error["extensions"]["incident"]
    assert incident in error["message"]
    assert "full_name" not in json.dumps(error)
    assert f"incident={incident}" in server.log
    assert "full_name" in server.log.partition(incident)[2]
    for secret in (person.token or "", "hashed_password", "$2b$"):
        assert secret not in server.log


@pytest.mark.faults
async def test_a_database_that_hangs_is_told_within_seconds(
    production: ServerProcess, production_admin: GraphQLClient
) -> None:
    """Budget: 15 seconds. mongod stops as in a debugger: it holds its sockets and is silent."""
    mongod = mongod_of(production)
    await production_admin.execute(VIEWER)
    nobody = GraphQLClient(production.url)
    async with browser_at(production, "https://never-seen.example") as page:
        mongod.suspend()
        try:
            began = time.monotonic()
            by_token, by_key, by_password, unready, unknown, socket = await asyncio.gather(
                codes(production_admin, VIEWER, {}),
                codes(nobody, START_VISIT, {"key": "demo"}),
                codes(nobody, SIGN_IN, {}),
                page.get("/readyz"),
                page.post("/graphql", json={"query": VIEWER}),
                refusal_of_handshake(production, "https://never-seen-either.example"),
            )
            took = time.monotonic() - began
        finally:
            mongod.resume()
    await nobody.close()

    assert took < 8
    assert by_token == by_key == by_password == ["UNAVAILABLE"]
    assert (unready.status_code, unready.json()) == (503, {"ready": False})
    assert unknown.status_code == 503
    assert unknown.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryable": True}
    assert unknown.headers["access-control-allow-origin"] == "https://never-seen.example"
    assert socket == 503
    async with asyncio.timeout(60):
        while await codes(production_admin, VIEWER, {}):
            pass


async def refusal_of_handshake(server: ServerProcess, origin: str) -> int:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await greeted(server, origin)
    return int(refused.value.response.status_code)


def mongod_of(server: ServerProcess) -> psutil.Process:
    children = psutil.Process(server.pid).children(recursive=True)
    return next(child for child in children if "mongod" in child.name())
