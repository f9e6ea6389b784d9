"""No request body larger than a limit, declared or not. What is too large gets 413."""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_500_000

AWAITED_TIMES = 4
"""A body of so many times the limit is awaited, unread, so that its sender gets the refusal."""

AWAITED_SECONDS = 10.0
"""And for so long, if nobody said how long it is."""


class _BodyTooLargeError(Exception):
    pass


class BodyLimit:
    """Counts what arrives and stops reading at the limit."""

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int = MAX_BODY_BYTES,
        by_path: Mapping[str, int] | None = None,
    ) -> None:
        """`by_path` holds the limits of paths that have their own."""
        self._app = app
        self._max_bytes = max_bytes
        self._by_path = by_path or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._by_path.get(scope["path"], self._max_bytes)
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            ends = not declared.isdecimal() or int(declared) > AWAITED_TIMES * most
            await _refusal(most, ends=ends)(scope, receive, send)
            return
        arrived, answering = 0, False

        async def counting() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > most:
                raise _BodyTooLargeError
            return message

        async def noting(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self._app(scope, counting, noting)
        except _BodyTooLargeError:
            if not answering:
                ended = await _ended(receive, AWAITED_TIMES * most)
                await _refusal(most, ends=not ended)(scope, receive, send)


async def _ended(receive: Receive, most: int) -> bool:
    """Whether the rest of a body has come to an end, thrown away, within the limits."""
    try:
        async with asyncio.timeout(AWAITED_SECONDS):
            while most > 0:
                message = await receive()
                if not message.get("more_body", False):
                    return True
                most -= len(message.get("body", b""))
    except TimeoutError:
        pass
    return False


def _refusal(most: int, *, ends: bool) -> JSONResponse:
    """`ends`: what is still on its way is not awaited, and the sender may not read the answer."""
    message = f"The body may have at most {most} bytes."
    body = {"errors": [{"message": message, "extensions": {"code": "BODY_TOO_LARGE"}}]}
    return JSONResponse(body, status_code=413, headers={"connection": "close"} if ends else None)
