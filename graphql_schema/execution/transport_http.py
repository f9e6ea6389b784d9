"""GraphQL over HTTP: one POST, one response (or server-sent events), and JSON whatever happens.

Follows the specification "GraphQL over HTTP" where Strawberry's router does not: the response's
media type is negotiated, in `application/graphql-response+json` a request that is not executed has
a status of its own and no `data`, and a body of any bytes is answered with a sentence. Not there on
purpose: GET (operations in URLs end up in logs) and batches (one request, one operation).

Use: `class GraphQL(AnswerTransportView, HttpTransportView, GraphQLRouter): ...`
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from fastapi import APIRouter
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.http.streaming import HTTPStreamTransport, SSETransport
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from graphql_schema.execution.media_types import (
    GRAPHQL_RESPONSE,
    JSON,
    Acceptance,
    accepted,
    is_json_body,
)
from graphql_schema.execution.transport_ws import encode_json

SINGLE_RESPONSE = (OperationType.QUERY, OperationType.MUTATION)
OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]

STREAMS_ELSEWHERE = (
    "A subscription needs a stream: connect a WebSocket with the protocol graphql-transport-ws, or"
    " send this request with `Accept: text/event-stream`. Where neither gets through, use the"
    " mutation askOnce and the query answerEvents."
)
NO_OBJECT = 'The body must be a JSON object like {"query": "{ viewer { __typename } }"}.'
NO_JSON_BODY = "Send the request as JSON, with `Content-Type: application/json` (in UTF-8)."
NOT_ACCEPTABLE = f"Responses come as {GRAPHQL_RESPONSE} or {JSON}; name one of them in Accept."
POST_ONLY = "GraphQL is served to POST requests (and to WebSockets)."


class HttpRequestError(Exception):
    """The request is none that can be executed.

    Attributes:
        status: The HTTP status, 4xx.
        sentence: What to do instead.
        code: The `extensions.code`.
    """

    def __init__(self, status: int, sentence: str, code: str = "BAD_REQUEST") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.code = code


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """The parameters of a GraphQL request, of the types that they must have."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class ServerSentEvents(SSETransport):
    """Events whose lines end in a line feed alone.

    The standard allows carriage returns as Strawberry sends them, and urql's parser does not.
    """

    def encode_event(self, event: str, data: str | None = None) -> str:
        """One event. JSON has no line breaks of its own."""
        return f"event: {event}\ndata: {data or ''}\n\n"

    def encode_comment(self, comment: str) -> str:
        """What keeps a silent connection open."""
        return f": {comment}\n\n"


class HttpTransportView:
    """Mix in before Strawberry's FastAPI router: answers everything that is no WebSocket."""

    stream_transport_classes_by_protocol: Mapping[str, type[HTTPStreamTransport]] = {
        GRAPHQL_SSE_PROTOCOL: ServerSentEvents
    }

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        router = cast("APIRouter", self)
        path = str(named.get("path", ""))
        # Strawberry's own GET route would say `Allow: GET` to a PUT.
        router.routes[:] = [one for one in router.routes if "GET" not in _methods(one)]
        router.add_api_route(path, self._refuse_method, methods=OTHER_METHODS)

    async def run(self, request: Any, context: Any = None, root_value: Any = None) -> Any:
        """Answer one request, or serve one WebSocket."""
        if isinstance(request, WebSocket):
            served: Any = super()
            return await served.run(request, context=context, root_value=root_value)
        acceptance = accepted(request.headers.get("accept"))
        try:
            return await self._answer(request, acceptance, context, root_value)
        except HttpRequestError as error:
            return refusal(error, acceptance.single or JSON)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it

    async def _answer(
        self, request: Request, acceptance: Acceptance, context: Any, root_value: Any
    ) -> Response:
        if acceptance.single is None and not acceptance.stream:
            raise HttpRequestError(406, NOT_ACCEPTABLE, "NOT_ACCEPTABLE")
        if not is_json_body(request.headers.get("content-type")):
            raise HttpRequestError(415, NO_JSON_BODY, "UNSUPPORTED_MEDIA_TYPE")
        asked = parse_request(await request.body())
        if acceptance.single is None:
            return await self._stream(request, asked, context, root_value)
        try:
            result = await self._execute(asked, context, root_value)
        except InvalidOperationTypeError as error:
            if acceptance.stream:
                return await self._stream(request, asked, context, root_value)
            raise HttpRequestError(400, STREAMS_ELSEWHERE, "STREAM_NEEDED") from error
        return response_of(result, acceptance.single)

    async def _execute(
        self, asked: OperationRequest, context: Any, root_value: Any
    ) -> ExecutionResult:
        result: ExecutionResult = await self._schema.execute(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            root_value=root_value,
            operation_name=asked.operation_name,
            allowed_operation_types=SINGLE_RESPONSE,
        )
        return result

    async def _stream(
        self, request: Request, asked: OperationRequest, context: Any, root_value: Any
    ) -> Response:
        view: Any = self
        results = await self._schema.stream(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            root_value=root_value,
            operation_name=asked.operation_name,
        )
        headers = Response()
        del headers.headers["content-length"]
        response: Response = await view._create_streaming_response(  # noqa: SLF001
            request=request,
            result=self.stream_within_right(context, results),
            protocol="sse",
            sub_response=headers,
        )
        return response

    def stream_within_right(self, context: Any, results: Any) -> Any:  # noqa: ARG002
        """Return a stream's results; override to end them when the caller's right to them ends."""
        return results

    @property
    def _schema(self) -> Any:
        return cast("Any", self).schema

    async def _refuse_method(self, request: Request) -> Response:
        single = accepted(request.headers.get("accept")).single or JSON
        error = HttpRequestError(405, POST_ONLY, "METHOD_NOT_ALLOWED")
        return refusal(error, single, {"allow": "POST"})


def parse_request(body: bytes) -> OperationRequest:
    """Read the body of a request.

    Raises:
        HttpRequestError: 400, with what is wrong about it.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HttpRequestError(400, f"The body is not JSON: {error.msg}.") from error
    if isinstance(parsed, list):
        raise HttpRequestError(400, "Batches are off; send one operation per request.")
    if not isinstance(parsed, dict):
        raise HttpRequestError(400, NO_OBJECT)
    query = _parameter(parsed, "query", str, "a string")
    if not query:
        raise HttpRequestError(400, "The request has no `query`.")
    _parameter(parsed, "extensions", dict, "an object")
    return OperationRequest(
        query=query,
        variables=_parameter(parsed, "variables", dict, "an object"),
        operation_name=_parameter(parsed, "operationName", str, "a string"),
    )


def response_of(result: ExecutionResult, media_type: str) -> Response:
    """The response for a result: 400 only where the client knows what it means."""
    executed = not isinstance(result, PreExecutionError)
    content: dict[str, object] = {"data": result.data} if executed else {}
    if result.errors:
        content["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        content["extensions"] = result.extensions
    status = 200 if executed or media_type == JSON else 400
    return _json_response(content, status, media_type)


def refusal(
    error: HttpRequestError, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The response to what is no request, in the form of a GraphQL response."""
    formatted = GraphQLError(error.sentence, extensions={"code": error.code}).formatted
    return _json_response({"errors": [formatted]}, error.status, media_type, headers)


def _json_response(
    content: object, status: int, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        encode_json(content),
        status,
        {"content-type": f"{media_type}; charset=utf-8", "vary": "accept", **(headers or {})},
    )


def _parameter(parsed: dict[str, Any], name: str, kind: type, described: str) -> Any:
    value = parsed.get(name)
    if value is not None and not isinstance(value, kind):
        raise HttpRequestError(400, f"`{name}` must be {described}.")
    return value


def _methods(route: object) -> set[str]:
    return getattr(route, "methods", None) or set()
