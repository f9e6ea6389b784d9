"""The last resort of a request: a fault outside of GraphQL becomes an answer that can be read.

It stands inside the middleware that marks responses, so that the answer to a fault carries its
correlation id and a page may read it. Faults inside of GraphQL are `graphql_schema.masking`'s.
"""

import secrets

import structlog
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from documents.errors import RETRY_AFTER_S, is_unavailable

log = structlog.get_logger()


class Faults:
    """Answers for a route that could not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        answering = False

        async def noting(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, noting)
        except Exception as fault:
            if answering:
                raise
            await fault_response(fault)(scope, receive, send)


def fault_response(fault: Exception) -> Response:
    """What the caller learns of a fault; the log has the rest under the incident's number."""
    if is_unavailable(fault):
        log.warning("database_unavailable", problem=type(fault).__name__)
        message = "The database cannot be reached at the moment. Try again in a few seconds."
        extensions = {"code": "UNAVAILABLE", "retryable": True}
        body = {"errors": [{"message": message, "extensions": extensions}]}
        return JSONResponse(body, 503, {"retry-after": f"{RETRY_AFTER_S:.0f}"})
    incident = secrets.token_hex(6)
    log.error("fault", incident=incident, exc_info=fault)
    message = f"Something went wrong on our side. Tell support this number: {incident}."
    extensions = {"code": "INTERNAL", "incident": incident}
    return JSONResponse({"errors": [{"message": message, "extensions": extensions}]}, 500)
