"""GraphQL over WebSocket (graphql-transport-ws), hardened and with a short way for every event.

Strawberry's handler speaks the protocol but dies of messages it does not expect, closes the whole
socket for a typing mistake in one operation (and with it every other answer on that socket), and
builds each frame in several steps. What differs here: a malformed message closes 4400, a faulty
operation gets its own `error` frame, frames are encoded once by orjson, a stream gives the event
loop back regularly, and a connection ends with 4401 when its right to exist does.

Use: `class GraphQL(AnswerTransportView, GraphQLRouter): ...`
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Any, cast

import orjson
import structlog
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from starlette.websockets import WebSocketDisconnected as SocketAlreadyClosed
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.schema.schema import StreamResult
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    CompleteMessage,
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graphql_schema.execution.frames import frame_socket
from graphql_schema.execution.fresh_context import fresh_context
from graphql_schema.execution.together import Completed

log = structlog.get_logger()

CONNECTION_INIT_WAIT = timedelta(seconds=10)
"""A socket that has not said connection_init by then is closed with 4408; a view may ask less."""

EVENTS_PER_TURN = 32
"""Frames that one stream sends before the other streams of the process get their turn."""

MAX_OPERATION_ID_CHARS = 256
"""The id is repeated in every frame, so a client must not make it long."""

MAX_CLOSE_REASON_BYTES = 123
"""RFC 6455, 5.5: a control frame carries 125 bytes, two of them the code."""

CLOSE_BAD_REQUEST = 4400
CLOSE_UNAUTHORIZED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_TRY_AGAIN_LATER = 1013
"""A fault of ours while connecting: of the codes that fit, this one is retried by graphql-ws."""

INTERNAL_ERROR = GraphQLError("Unexpected error.", extensions={"code": "INTERNAL"})
"""What a client learns when sending an operation's results failed; the log has the rest."""


class AnswerWebSocket(ASGIWebSocketAdapter):
    """The socket of one connection: text frames only, and closing twice is no error."""

    def __init__(self, view: Any, request: WebSocket, response: WebSocket) -> None:
        super().__init__(view, request, response)
        self._frames = frame_socket(response.scope)

    async def send_json(self, message: Any) -> None:
        """Send one message."""
        await self.send_text(encode_json(message))

    async def send_text(self, frame: str) -> None:
        """Send one encoded message.

        Raises:
            WebSocketDisconnected: the socket is gone, whoever closed it.
        """
        try:
            await self.ws.send_text(frame)
        except (WebSocketDisconnect, SocketAlreadyClosed) as error:
            raise WebSocketDisconnected from error

    async def send_texts(self, texts: Sequence[bytes]) -> None:
        """Send encoded messages, in one write where the server can.

        Raises:
            WebSocketDisconnected: the socket is gone, whoever closed it.
        """
        if self._frames is None:
            for text in texts:
                await self.send_text(text.decode())
            return
        try:
            if not self._frames.write_texts(texts):
                await self._frames.drained()
        except OSError as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket unless it is closed already."""
        if self.ws.application_state is WebSocketState.DISCONNECTED:
            return
        short_reason = reason.encode()[:MAX_CLOSE_REASON_BYTES].decode(errors="ignore")
        with suppress(WebSocketDisconnect, SocketAlreadyClosed):
            await self.ws.close(code=code, reason=short_reason)


class AnswerTransportWSHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """Speaks graphql-transport-ws on one socket."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connection_init_wait_timeout = min(
            self.connection_init_wait_timeout, CONNECTION_INIT_WAIT
        )
        self.authorization_task: asyncio.Task[None] | None = None

    def operation_context(self) -> Any:
        """Return a context for one operation: the socket's, with nothing loaded."""
        return fresh_context(self.context)

    async def handle_message(self, message: Message) -> None:
        """Handle one message of the client; close 4400 if it is none of the protocol."""
        problem = find_problem(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Accept the connection, or reject it: 4403 by an error of ours, 1013 on a fault."""
        if message.get("payload") is None:
            message = {"type": "connection_init", "payload": {}}
        try:
            await super().handle_connection_init(message)
        except WebSocketDisconnected:
            raise
        except GraphQLError as refusal:
            await self.websocket.close(CLOSE_FORBIDDEN, close_reason(refusal))
            return
        except Exception:
            log.exception("websocket_connect_failed")
            await self.websocket.close(CLOSE_TRY_AGAIN_LATER, "Try again later")
            return
        if self.connection_acknowledged and self.authorization_task is None:
            self._watch_authorization()

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation, unless the socket has as many as it may."""
        limit = self.max_subscriptions_per_connection
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        if limit is None or not is_new or len(self.operations) < limit:
            await super().handle_subscribe(message)
            return
        error = GraphQLError(
            f"The socket has {limit} operations running; complete one first or open another.",
            extensions={"code": "TOO_MANY_OPERATIONS", "limit": limit},
        )
        await self.send_message(
            {"id": message["id"], "type": "error", "payload": [error.formatted]}
        )

    async def run_operation(self, operation: Operation[Any, Any]) -> None:
        """Run one operation to its end and send everything that it yields."""
        try:
            stream = getattr(self.schema, "stream_together", self.schema.stream)
            results = await stream(
                operation.query,
                variable_values=operation.variables,
                context_value=self.operation_context(),
                root_value=self.root_value,
                operation_name=operation.operation_name,
            )
            async with aclosing(results):
                await self._send_results(operation, results)
        except WebSocketDisconnected:
            return  # the loop that reads the socket notices too, and cleans up
        except Exception:
            log.exception("websocket_operation_failed")
            with suppress(WebSocketDisconnected):
                await self._end_with_error(operation, INTERNAL_ERROR)

    async def shutdown(self) -> None:
        """End everything that runs for this socket, and wait for it."""
        watching, self.authorization_task = self.authorization_task, None
        if watching is not None:
            watching.cancel()
        await super().shutdown()
        if watching is not None:
            await asyncio.wait([watching])

    async def _send_results(self, operation: Operation[Any, Any], results: StreamResult) -> None:
        socket = cast("AnswerWebSocket", self.websocket)
        frame_start = f'{{"id":{encode_json(operation.id)},"type":"next","payload":'.encode()
        unpaused = 0
        async for result in results:
            if isinstance(result, PreExecutionError):
                await operation.send_initial_errors(result.errors or [INTERNAL_ERROR])
                return
            if not isinstance(result, ExecutionResult):
                await operation.send_initial_errors([GraphQLError("@defer and @stream need HTTP")])
                return
            texts = encode_frames(frame_start, result)
            await socket.send_texts(texts)
            unpaused += len(texts)
            if unpaused >= EVENTS_PER_TURN:
                unpaused = 0
                await asyncio.sleep(0)
        await operation.send_operation_message(CompleteMessage(id=operation.id, type="complete"))

    async def _end_with_error(self, operation: Operation[Any, Any], error: GraphQLError) -> None:
        # The client may have completed it meanwhile, and may use its id for another one by now.
        if self.operations.get(operation.id) is not operation:
            return
        if operation.task is not None and operation.task is not asyncio.current_task():
            operation.task.cancel()
        await operation.send_initial_errors([error])

    def _watch_authorization(self) -> None:
        self.authorization_task = asyncio.create_task(self._close_at_its_end())

    async def _close_at_its_end(self) -> None:
        try:
            # Asked for in here: a socket may be gone before this task has run at all, and what
            # nobody awaits must not have been made.
            ending = cast("AnswerTransportView", self.view).authorization_end(self.context)
            if ending is None:
                return
            error = await ending
            for operation in list(self.operations.values()):
                await self._end_with_error(operation, error)
            await self.websocket.close(CLOSE_UNAUTHORIZED, close_reason(error))
        except WebSocketDisconnected:
            return
        except Exception:
            log.exception("websocket_authorization_watch_failed")
            await self.websocket.close(CLOSE_TRY_AGAIN_LATER, "Try again later")


class AnswerTransportView:
    """Mix in before Strawberry's router or view: our handler, our socket, orjson, one protocol."""

    graphql_transport_ws_handler_class: type[BaseGraphQLTransportWSHandler[Any, Any]] = (
        AnswerTransportWSHandler
    )
    websocket_adapter_class: Any = AnswerWebSocket  # Strawberry's bases disagree about its type

    @property
    def websocket_subprotocols(self) -> list[str]:
        """The protocols offered on the WebSocket; any other is closed with 4406."""
        return [GRAPHQL_TRANSPORT_WS_PROTOCOL]

    def authorization_end(self, context: Any) -> Awaitable[GraphQLError] | None:  # noqa: ARG002
        """Return what is awaited beside an accepted connection, or None for no end.

        It returns when the token of the connection expires or is revoked: each running operation
        gets the error it returns, then the socket closes with 4401. It is cancelled when the
        socket ends first.
        """
        return None

    def encode_json(self, data: object) -> str:
        """Encode a response or message as text."""
        return encode_json(data)

    def decode_json(self, data: str | bytes) -> object:
        """Decode a request or message.

        Raises:
            orjson.JSONDecodeError: a json.JSONDecodeError; also for more than 1,024 levels.
        """
        return orjson.loads(data)


def encode_json(data: object) -> str:
    """Encode as JSON text; what orjson refuses (half surrogate pairs, large integers) passes."""
    return json_bytes(data).decode()


def json_bytes(data: object) -> bytes:
    """As `encode_json`, in UTF-8."""
    try:
        return orjson.dumps(data)
    except orjson.JSONEncodeError:
        return json.dumps(data, separators=(",", ":")).encode()


def encode_frames(start: bytes, result: ExecutionResult) -> list[bytes]:
    """Encode the `next` messages of a result: one, or one for each event that came together."""
    if result.errors or result.extensions:
        return [start + json_bytes(payload_of(result)) + b"}"]
    data: object = result.data
    start += b'{"data":'
    if type(data) is Completed:
        return [start + json_bytes(each) + b"}}" for each in data]
    return [start + json_bytes(data) + b"}}"]


def payload_of(result: ExecutionResult) -> dict[str, object]:
    """The payload of a `next` message."""
    payload: dict[str, object] = {"data": result.data}
    if result.errors:
        payload["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        payload["extensions"] = result.extensions
    return payload


def close_reason(error: GraphQLError) -> str:
    """What a close frame tells a program: the error's code, for some ends can be mended."""
    return str((error.extensions or {}).get("code") or error.message)


def find_problem(message: object) -> str | None:
    """Return what is wrong with the form of a client's message, or None."""
    if not isinstance(message, dict):
        return "Message must be a JSON object"
    find = PROBLEM_FINDERS.get(str(message.get("type")))
    return "Unknown message type" if find is None else find(message)


def _find_payload_problem(message: dict[str, Any]) -> str | None:
    if isinstance(message.get("payload"), dict | None):
        return None
    return "Payload must be an object"


def _find_id_problem(message: dict[str, Any]) -> str | None:
    operation_id = message.get("id")
    if isinstance(operation_id, str) and 0 < len(operation_id) <= MAX_OPERATION_ID_CHARS:
        return None
    return f"Id must be a string of 1 to {MAX_OPERATION_ID_CHARS} characters"


def _find_subscribe_problem(message: dict[str, Any]) -> str | None:
    payload = message.get("payload")
    if not isinstance(payload, dict):
        return "Payload must be an object"
    if not isinstance(payload.get("query"), str):
        return "Query must be a string"
    if not isinstance(payload.get("variables"), dict | None):
        return "Variables must be an object"
    if not isinstance(payload.get("operationName"), str | None):
        return "Operation name must be a string"
    return _find_id_problem(message)


PROBLEM_FINDERS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "connection_init": _find_payload_problem,
    "ping": _find_payload_problem,
    "pong": _find_payload_problem,
    "complete": _find_id_problem,
    "subscribe": _find_subscribe_problem,
}
"""Client messages of the protocol, and what checks the form of each."""
