"""GraphQL over HTTP on the running server: the audits of graphql-http, and what they leave out."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.graphql_clients import GraphQLClient
from tests.providers.node import node_binary
from tests.server_process import ServerProcess

AUDIT = Path(__file__).parent / "programs" / "graphql_http_audit.mjs"
AUDIT_SECONDS = 60
AUDITS = 61
GET_AUDITS = {"5A70", "D6D5", "6A70"}
"""The audits of an option (MAY) that is off on purpose: operations in URLs."""

NEW = "application/graphql-response+json"
OLD = "application/json"
JSON_BODY = {"content-type": OLD}
GOOD = b'{"query": "{ __typename }"}'


async def post(
    server: ServerProcess, body: bytes, **headers: str
) -> tuple[httpx.Response, dict[str, Any]]:
    """The response to any bytes, and its JSON."""
    sent = JSON_BODY | {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        response = await http.post("/graphql", content=body, headers=sent)
    return response, response.json()


def test_every_audit_passes_but_those_of_get(server: ServerProcess, admin: GraphQLClient) -> None:
    ran = subprocess.run(
        [node_binary(), str(AUDIT), f"{server.url}/graphql", admin.token or ""],
        capture_output=True,
        text=True,
        timeout=AUDIT_SECONDS,
        check=True,
    )
    results = json.loads(ran.stdout)

    assert len(results) == AUDITS
    others = [one for one in results if one["status"] != "ok"]
    assert {one["id"] for one in others} == GET_AUDITS, others
    assert {one["status"] for one in others} == {"notice"}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def test_other_methods_are_pointed_to_post(server: ServerProcess, method: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        response = await http.request(method, "/graphql", params={"query": "{ __typename }"})

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.headers["content-type"] == f"{OLD}; charset=utf-8"
    if method != "HEAD":
        assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"null", "must be a JSON object"),
        (b"5", "must be a JSON object"),
        (b'"x"', "must be a JSON object"),
        (b'{"query": "\xff"}', "not JSON"),
        (b'{"query": "\\ud800"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"[" * 1_000 + b"]" * 1_000, "Batches"),
        (b"[]", "Batches"),
        (b"[" + GOOD + b"]", "Batches"),
        (b"{}", "no `query`"),
        (b'{"query": null}', "no `query`"),
        (b'{"query": ""}', "no `query`"),
        (b'{"query": 5}', "`query` must be a string"),
        (b'{"query": ["{ __typename }"]}', "`query` must be a string"),
        (b'{"query": "{ __typename }", "variables": []}', "`variables` must be an object"),
        (b'{"query": "{ __typename }", "variables": "{}"}', "`variables` must be an object"),
        (b'{"query": "{ __typename }", "operationName": {}}', "`operationName` must be a string"),
        (b'{"query": "{ __typename }", "extensions": 0}', "`extensions` must be an object"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else None,
)
@pytest.mark.parametrize("accept", [NEW, OLD])
async def test_a_malformed_body_is_answered_with_a_sentence(
    server: ServerProcess, body: bytes, said: str, accept: str
) -> None:
    response, content = await post(server, body, accept=accept)

    assert response.status_code == 400
    assert response.headers["content-type"].startswith(accept)
    assert "data" not in content
    (error,) = content["errors"]
    assert said in error["message"]
    assert error["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "{ nothing"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($id: ID!) { node(id: $id) { id } }"}, "BAD_USER_INPUT"),
        (
            {"query": "query ($id: ID!) { node(id: $id) { id } }", "variables": {"id": [1]}},
            "BAD_USER_INPUT",
        ),
        ({"query": "query A { __typename }", "operationName": "B"}, "UNKNOWN_OPERATION"),
        ({"query": "fragment A on Query { __typename }"}, "UNKNOWN_OPERATION"),
        ({"query": "query A { __typename } query B { __typename }"}, "ONE_OPERATION_ONLY"),
        (
            {"query": "query A { __typename } query B { __typename }", "operationName": "A"},
            "ONE_OPERATION_ONLY",
        ),
    ],
)
async def test_what_is_not_executed_has_no_data_and_its_own_status_where_that_is_known(
    server: ServerProcess, body: dict[str, Any], code: str
) -> None:
    new, new_content = await post(server, json.dumps(body).encode(), accept=NEW)
    old, old_content = await post(server, json.dumps(body).encode(), accept=OLD)

    assert (new.status_code, old.status_code) == (400, 200)
    for content in (new_content, old_content):
        assert "data" not in content
        assert {error["extensions"]["code"] for error in content["errors"]} == {code}


async def test_an_executed_operation_with_errors_is_200_with_data(server: ServerProcess) -> None:
    body = b'{"query": "{ clients { totalCount } }"}'
    response, content = await post(server, body, accept=NEW)

    assert response.status_code == 200
    assert content["data"] is None
    assert content["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("*/*", OLD),
        ("application/*", OLD),
        ("application/json;q=0.9, application/graphql-response+json", NEW),
        ("application/json, application/graphql-response+json;q=0.5", OLD),
        ("application/graphql-response+json;q=0, */*", OLD),
        ("APPLICATION/GRAPHQL-RESPONSE+JSON; charset=UTF-8", NEW),
        ("text/html, */*;q=0.1", OLD),
        # urql's default: takes a stream too, which a query does not need.
        (f"{NEW}, application/graphql+json, {OLD}, text/event-stream, multipart/mixed", NEW),
        ("text/event-stream", "text/event-stream"),
    ],
)
async def test_the_media_type_is_negotiated(
    server: ServerProcess, accept: str, answered: str
) -> None:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        response = await http.post("/graphql", content=GOOD, headers=JSON_BODY | {"accept": accept})

    assert response.status_code == 200
    assert response.headers["content-type"].split(";")[0] == answered
    assert '{"data":{"__typename":"Query"}}' in response.text


@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", f"{NEW};charset=latin1", "nonsense", ";;,,"]
)
async def test_a_media_type_that_there_is_not_is_406(server: ServerProcess, accept: str) -> None:
    response, content = await post(server, GOOD, accept=accept)

    assert response.status_code == 406
    assert content["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/json; charset=utf-16",
        "application/graphql",
        ";",
        "application/jsonx",
    ],
)
async def test_a_body_that_is_not_announced_as_json_is_415(
    server: ServerProcess, content_type: str
) -> None:
    response, content = await post(server, GOOD, content_type=content_type)

    assert response.status_code == 415
    assert content["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


async def test_a_declared_encoding_of_utf8_is_taken(server: ServerProcess) -> None:
    response, _ = await post(server, GOOD, content_type='application/json; charset="UTF-8"')

    assert response.status_code == 200


async def test_a_body_over_the_limit_is_413(server: ServerProcess) -> None:
    response, content = await post(server, b" " * 1_500_001)

    assert response.status_code == 413
    assert content["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_fault(
    server: ServerProcess,
) -> None:
    already = len(server.log)

    async def half() -> Any:
        yield GOOD[:5]
        raise ConnectionAbortedError

    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        with pytest.raises(ConnectionAbortedError):
            await http.post("/graphql", content=half(), headers=JSON_BODY)
    response, _ = await post(server, GOOD)

    assert response.status_code == 200
    assert "Traceback" not in server.log[already:]
