"""/graphql: POST for queries and mutations, WebSocket and SSE for subscriptions.

No cookies and no other ambient authority: a request is whoever its bearer token says, so there is
nothing for a foreign page to abuse.
"""

from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Any

from fastapi.requests import HTTPConnection
from graphql import GraphQLError
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UnsetType

from api.authentication.ending import until
from api.middleware.faults import fault_response
from documents.errors import is_unavailable
from graphql_schema.context import Caller, RequestContext, Services
from graphql_schema.errors import AuthorizationCode, AuthorizationError
from graphql_schema.execution.transport_http import HttpTransportView
from graphql_schema.execution.transport_ws import AnswerTransportView
from graphql_schema.schema import schema
from graphql_schema.standing import Identify
from graphql_schema.viewers import Viewer, VisitorViewer
from services.visits.embedding_origins import EmbeddingOrigins
from services.visits.token_rounds import Loss, TokenRounds

INIT_WAIT = timedelta(seconds=10)
OPERATIONS_PER_SOCKET = 50
BEARER = "bearer "
LOSS_CODES: Mapping[Loss, AuthorizationCode] = {
    "expired": "TOKEN_EXPIRED",
    "revoked": "TOKEN_REVOKED",
    "foreign": "FORBIDDEN",
}


class GraphQLEndpoint(AnswerTransportView, HttpTransportView, GraphQLRouter[RequestContext, None]):
    """Strawberry's router with our contexts, origins and ends of connections."""

    def __init__(
        self,
        services: Services,
        identify: Identify,
        origins: EmbeddingOrigins,
        rounds: TokenRounds,
    ) -> None:
        self._services = services
        self._identify = identify
        self._origins = origins
        self._rounds = rounds
        super().__init__(
            schema,
            path="/graphql",
            graphql_ide=None,
            allow_queries_via_get=False,
            context_getter=self._context,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=INIT_WAIT,
            max_subscriptions_per_connection=OPERATIONS_PER_SOCKET,
        )
        # Without FastAPI's: what it keeps for its dependencies, each open widget would keep.
        self.routes[:] = [one for one in self.routes if not isinstance(one, WebSocketRoute)]
        self.add_websocket_route("/graphql", self._serve_socket)

    async def _serve_socket(self, socket: WebSocket) -> None:
        context = await self._context(socket)
        context.request = socket
        await self.run(socket, context=context)

    async def run(self, request: Any, context: Any = None, root_value: Any = None) -> Any:
        """Look the origin of a WebSocket handshake up before Strawberry asks about it."""
        if isinstance(request, WebSocket) and not await self._origin_looked_up(request):
            return None
        return await super().run(request, context=context, root_value=root_value)

    async def _origin_looked_up(self, socket: WebSocket) -> bool:
        """Note on the request whether its origin is known; False if the handshake was refused."""
        origin = socket.headers.get("origin")
        try:
            socket.state.origin_known = origin is None or await self._origins.known(origin)
        except Exception as fault:
            if not is_unavailable(fault):
                raise
            await socket.send_denial_response(fault_response(fault))
            return False
        return True

    def stream_within_right(self, context: RequestContext, results: Any) -> Any:
        """A stream of server-sent events ends with its token, as a socket does."""
        if context.standing is None:
            return results
        return until(context.standing.ended(), results)

    def is_websocket_origin_allowed(self, request: Any, origin: str) -> bool:  # noqa: ARG002
        """What `run` found out."""
        return bool(request.state.origin_known)

    async def on_ws_connect(self, context: RequestContext) -> UnsetType | dict[str, object] | None:
        """Take the token of connection_init.

        Raises:
            AuthorizationError: the token is not good; the socket closes with 4403 and the code.
        """
        parameters = context.connection_params or {}
        context.show(_bearer(parameters.get("authorization")))
        viewer = await context.viewer()
        if isinstance(viewer, VisitorViewer) and not await self._may_embed(viewer, context.caller):
            raise AuthorizationError("FORBIDDEN")
        return await super().on_ws_connect(context)

    async def _may_embed(self, visitor: VisitorViewer, caller: Caller) -> bool:
        """Whether the page may use the token's chatbot. Servers use API keys: they have no page."""
        claims, origin = visitor.claims, caller.origin
        return origin is not None and await self._origins.known_to(
            claims.chatbot_id, claims.client_id, origin
        )

    def authorization_end(self, context: RequestContext) -> Awaitable[GraphQLError] | None:
        """Ends when the socket's token expires or is revoked."""
        return context.standing.ended() if context.standing else None

    async def _context(self, connection: HTTPConnection) -> RequestContext:
        caller = _caller(connection)

        async def identify(token: str) -> Viewer:
            viewer = await self._identify(token)
            # A page of another client must not use a visitor's token, on whichever transport. What
            # has no Origin is no page: by POST it may speak, a socket needs one (on_ws_connect).
            if not isinstance(viewer, VisitorViewer) or caller.origin is None:
                return viewer
            if not await self._may_embed(viewer, caller):
                raise AuthorizationError("FORBIDDEN")
            return viewer

        def watch(viewer: Viewer) -> Awaitable[AuthorizationError] | None:
            if not isinstance(viewer, VisitorViewer):
                return None
            return self._loss(viewer, caller.origin)

        return RequestContext(
            services=self._services,
            identify=identify,
            caller=caller,
            token=_bearer(connection.headers.get("authorization")),
            watch=watch,
        )

    async def _loss(self, viewer: VisitorViewer, origin: str | None) -> AuthorizationError:
        return AuthorizationError(LOSS_CODES[await self._rounds.loss(viewer.claims, origin)])


def _caller(connection: HTTPConnection) -> Caller:
    return Caller(
        origin=connection.headers.get("origin"),
        ip_address=connection.client.host if connection.client else None,
        user_agent=connection.headers.get("user-agent"),
    )


def _bearer(header: object) -> str | None:
    """The token of "Bearer <token>"; None for anything else."""
    if not isinstance(header, str) or not header.lower().startswith(BEARER):
        return None
    return header[len(BEARER) :].strip() or None
