"""One request for one page: bounded in time and size, unpacked no further than allowed."""

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from services.outgoing.errors import AnswerEncodedError, AnswerTooLargeError, AnswerTooLateError

_ACCEPTED = "text/html,application/xhtml+xml,application/pdf;q=0.9,text/plain;q=0.8,*/*;q=0.5"
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_PLAIN = frozenset({"", "identity"})
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What a server answered; `body` is None where it was not wanted."""

    status: int
    headers: httpx.Headers
    body: bytes | None

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case; empty where the server names none."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()


async def exchange(
    client: httpx.AsyncClient,
    url: str,
    *,
    headers: dict[str, str],
    wanted: Callable[[PageAnswer], bool],
    max_bytes: int,
    deadline_s: float,
    cut: bool = False,
) -> PageAnswer:
    """Ask for a page, following nothing.

    Args:
        client: From `site_http_client`.
        url: Absolute.
        headers: Conditions.
        wanted: Whether the body shall be read, by status and headers.
        max_bytes: Longest body, unpacked.
        deadline_s: From resolving the name to the last byte, in seconds.
        cut: A longer body is no error but ends there.

    Raises:
        OutgoingError: the guard refused, or a limit was reached.
        httpx.HTTPError: the network failed.
        httpx.InvalidURL: that is no address.
    """
    request = client.build_request(
        "GET", url, headers={"accept": _ACCEPTED, "accept-encoding": "gzip", **headers}
    )
    try:
        async with asyncio.timeout(deadline_s):
            response = await client.send(request, stream=True)
            try:
                answer = PageAnswer(response.status_code, response.headers, None)
                body = await _body(response, max_bytes, cut=cut) if wanted(answer) else None
            finally:
                await response.aclose()
    except TimeoutError as error:
        raise AnswerTooLateError(request.url.host, deadline_s=deadline_s) from error
    return PageAnswer(response.status_code, response.headers, body)


async def _body(response: httpx.Response, max_bytes: int, *, cut: bool) -> bytes:
    host = response.url.host
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in _PLAIN | _PACKED:
        raise AnswerEncodedError(host, encoding=encoding)
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB) if encoding in _PACKED else None
    body = bytearray()
    async for part in response.aiter_raw():
        try:
            body += unpacker.decompress(part, max_bytes - len(body) + 1) if unpacker else part
        except zlib.error as error:
            raise AnswerEncodedError(host, encoding=encoding) from error
        if len(body) > max_bytes and cut:
            return bytes(body[:max_bytes])
        if len(body) > max_bytes:
            raise AnswerTooLargeError(host, limit_bytes=max_bytes)
    return bytes(body)
