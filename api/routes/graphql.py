"""/graphql: POST for queries and mutations, WebSocket and SSE for subscriptions.

No cookies and no other ambient authority: a request is whoever its bearer token says, so there is
nothing for a foreign page to abuse.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from fastapi.requests import HTTPConnection
from graphql import GraphQLError
from starlette.websockets import WebSocket
from strawberry.exceptions import ConnectionRejectionError
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UnsetType

from documents.base import utc_now
from graphql_schema.context import Caller, Identify, RequestContext, Services
from graphql_schema.errors import AuthorizationError
from graphql_schema.execution.transport_http import HttpTransportView
from graphql_schema.execution.transport_ws import AnswerTransportView
from graphql_schema.schema import schema
from graphql_schema.viewers import VisitorViewer
from services.visits.embedding_origins import EmbeddingOrigins

INIT_WAIT = timedelta(seconds=10)
OPERATIONS_PER_SOCKET = 50
REVOCATION_LOOK_SECONDS = 5.0
"""How soon a running socket notices that its token was revoked."""

BEARER = "bearer "


class GraphQLEndpoint(AnswerTransportView, HttpTransportView, GraphQLRouter[RequestContext, None]):
    """Strawberry's router with our contexts, origins and ends of connections."""

    def __init__(self, services: Services, identify: Identify, origins: EmbeddingOrigins) -> None:
        self._services = services
        self._identify = identify
        self._origins = origins
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

    async def run(self, request: Any, context: Any = None, root_value: Any = None) -> Any:
        """Look the origin of a WebSocket handshake up before Strawberry asks about it."""
        if isinstance(request, WebSocket):
            origin = request.headers.get("origin")
            request.state.origin_known = origin is None or await self._origins.known(origin)
        return await super().run(request, context=context, root_value=root_value)

    def is_websocket_origin_allowed(self, request: Any, origin: str) -> bool:  # noqa: ARG002
        """What `run` found out."""
        return bool(request.state.origin_known)

    async def on_ws_connect(self, context: RequestContext) -> UnsetType | dict[str, object] | None:
        """Take the token of connection_init.

        Raises:
            ConnectionRejectionError: the token is not good; the socket closes with 4403.
        """
        parameters = context.connection_params or {}
        context.token = _bearer(parameters.get("authorization"))
        try:
            viewer = await context.viewer()
        except AuthorizationError as error:
            raise ConnectionRejectionError({"code": error.code}) from error
        if isinstance(viewer, VisitorViewer) and context.caller.origin is None:
            # Servers and scripts use API keys; a widget token belongs to a page.
            raise ConnectionRejectionError({"code": "FORBIDDEN"})
        return await super().on_ws_connect(context)

    def authorization_end(self, context: RequestContext) -> Awaitable[GraphQLError] | None:
        """Ends when the socket's token expires or is revoked."""
        return self._token_end(context) if context.token else None

    async def _token_end(self, context: RequestContext) -> GraphQLError:
        token = context.token or ""
        while True:
            viewer = await context.viewer()
            left = (viewer.expires_at - utc_now()).total_seconds() if viewer else 0.0
            await asyncio.sleep(max(0.0, min(REVOCATION_LOOK_SECONDS, left)))
            try:
                await self._identify(token)
            except AuthorizationError as error:
                return error

    async def _context(self, connection: HTTPConnection) -> RequestContext:
        return RequestContext(
            services=self._services,
            identify=self._identify,
            caller=_caller(connection),
            token=_bearer(connection.headers.get("authorization")),
        )


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
