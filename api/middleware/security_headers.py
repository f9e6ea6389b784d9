"""Headers that every response carries unless its route set its own."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

ONLY_HTTPS = {"strict-transport-security": "max-age=31536000"}
"""For a year (RFC 6797). Without `includeSubDomains`: other hosts of the domain are not ours."""


class SecurityHeaders:
    """Adds what is missing; with `only_https` that browsers never again come without TLS."""

    def __init__(self, app: ASGIApp, *, only_https: bool = False) -> None:
        self._app = app
        self._headers = HEADERS | (ONLY_HTTPS if only_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, adding if scope["type"] == "http" else send)
