"""A correlation id for each request: in every log line, and back to the caller in a header.

Plain ASGI, so that streams and WebSockets pass through untouched.
"""

import re
import secrets
from time import perf_counter

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import HTTP_REQUESTS

HEADER = "x-request-id"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9_.-]{8,64}")
QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
OPENS_A_FILE = "/exports/"
"""What follows is a code that opens a file. It is in no log."""

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
"""Counted by name. Callers may invent others, and each would stay in memory for ever."""

log = structlog.get_logger()


class Correlation:
    """Binds the id and logs each request with its status and time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get(HEADER))
        began, status = perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, noting)
            finally:
                if scope["type"] == "http":
                    _note(scope, status, perf_counter() - began)


def _note(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    HTTP_REQUESTS.labels(method, str(status)).inc()
    if scope["path"] not in QUIET_PATHS:
        # The path without its query: what stands in a query may be secret.
        log.info(
            "request",
            method=method,
            path=_shown(scope["path"]),
            status=status,
            ms=round(seconds * 1000),
        )


def _shown(path: str) -> str:
    return f"{OPENS_A_FILE}…" if path.startswith(OPENS_A_FILE) else path


def _request_id(given: str | None) -> str:
    """The caller's id if it is harmless, else a new one."""
    return given if given and _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
