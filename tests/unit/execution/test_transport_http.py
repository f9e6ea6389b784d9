"""GraphQL over HTTP without a server: headers, bodies and results, each for itself."""

import json

import pytest
from graphql import GraphQLError
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graphql_schema.execution.media_types import (
    GRAPHQL_RESPONSE,
    JSON,
    Acceptance,
    accepted,
    is_json_body,
)
from graphql_schema.execution.transport_http import (
    HttpRequestError,
    OperationRequest,
    parse_request,
    response_of,
)


@pytest.mark.parametrize(
    ("header", "single", "stream"),
    [
        (None, JSON, False),
        (" ", JSON, False),
        ("*/*", JSON, False),
        ("application/graphql-response+json", GRAPHQL_RESPONSE, False),
        ("application/json, application/graphql-response+json", GRAPHQL_RESPONSE, False),
        ("application/json;q=1, application/graphql-response+json;q=0.9", JSON, False),
        ("application/json;q=0, */*", None, False),
        ("text/event-stream", None, True),
        ("text/event-stream;q=0", None, False),
        ("text/event-stream, */*;q=0.1", JSON, True),
        ("application/json;q=nonsense", None, False),
        ("application/json;q=inf", None, False),
        ("text/html," * 60 + "application/json", None, False),
    ],
)
def test_the_header_accept_is_read(header: str | None, single: str | None, stream: bool) -> None:
    assert accepted(header) == Acceptance(single, stream)


@settings(deadline=None)
@given(st.text())
def test_any_header_is_read(header: str) -> None:
    accepted(header)
    is_json_body(header)


def outcome(body: bytes) -> object:
    """What becomes of a body."""
    try:
        parse_request(body)
    except HttpRequestError as error:
        return error.status
    return "request"


def test_parameters_of_a_request_have_their_types() -> None:
    body = b'{"query": "{ a }", "variables": {"b": 1}, "operationName": "C", "extensions": {}}'
    assert parse_request(body) == OperationRequest("{ a }", {"b": 1}, "C")
    assert parse_request(b'{"query": "{ a }", "variables": null}').variables is None


@settings(deadline=None)
@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["query", "variables", "operationName", "extensions"]), inner
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_body_is_a_request_or_refused(body: bytes) -> None:
    assert outcome(body) in {"request", 400}


@pytest.mark.parametrize(
    ("result", "media_type", "status", "keys"),
    [
        (ExecutionResult({"a": 1}, None), JSON, 200, {"data"}),
        (ExecutionResult({"a": 1}, None), GRAPHQL_RESPONSE, 200, {"data"}),
        (ExecutionResult(None, [GraphQLError("x")]), GRAPHQL_RESPONSE, 200, {"data", "errors"}),
        (PreExecutionError(None, [GraphQLError("x")]), GRAPHQL_RESPONSE, 400, {"errors"}),
        (PreExecutionError(None, [GraphQLError("x")]), JSON, 200, {"errors"}),
        (ExecutionResult({}, None, {"b": 2}), JSON, 200, {"data", "extensions"}),
    ],
)
def test_the_status_tells_what_was_executed_where_the_media_type_has_a_word_for_it(
    result: ExecutionResult, media_type: str, status: int, keys: set[str]
) -> None:
    response = response_of(result, media_type)

    assert response.status_code == status
    assert set(json.loads(bytes(response.body))) == keys
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.headers["vary"] == "accept"
