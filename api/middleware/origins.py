"""CORS for the API: which pages may read its answers.

Credentials are never allowed, since nothing here accepts ambient authority. A page of an unknown
origin gets a refusal that it can read, so that the browser's console names the reason instead of a
bare network error.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.middleware.faults import fault_response
from services.visits.embedding_origins import EmbeddingOrigins

API_PATHS = frozenset({"/graphql", "/uploads"})
PREFLIGHT_SECONDS = 600
ALLOWED_HEADERS = "authorization, content-type, x-request-id"


class ApiOrigins:
    """Answers preflights and marks responses of the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None or scope["path"] not in API_PATHS:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await _preflight(origin)(scope, receive, send)
            return
        known: EmbeddingOrigins = scope["app"].state.wiring.origins

        async def marking(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["access-control-allow-origin"] = origin
                headers["access-control-expose-headers"] = "x-request-id"
                headers.add_vary_header("origin")
            await send(message)

        try:
            answering = self._app if await known.known(origin) else _refusal(origin)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the page must be able to read it
            answering = fault_response(fault)
        await answering(scope, receive, marking)


def _preflight(origin: str) -> Response:
    return Response(
        status_code=204,
        headers={
            "access-control-allow-origin": origin,
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": ALLOWED_HEADERS,
            "access-control-max-age": str(PREFLIGHT_SECONDS),
            "vary": "origin",
        },
    )


def _refusal(origin: str) -> Response:
    message = (
        f"Pages of {origin[:200]} may not use this API. Add the origin to the chatbot's allowed"
        " origins (allowedOrigins) and publish it, or to PARLANCE_DASHBOARD_ORIGINS."
    )
    body = {"errors": [{"message": message, "extensions": {"code": "ORIGIN_NOT_ALLOWED"}}]}
    return JSONResponse(body, status_code=403)
