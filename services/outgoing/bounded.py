"""Exchanges with an end: a size, and a deadline from the first to the last byte.

httpx's timeouts are per read, so a receiver that sends a byte every few seconds would hold a
worker for ever.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import httpx

from services.outgoing.errors import AnswerEncodedError, AnswerTooLargeError, AnswerTooLateError


@dataclass(frozen=True, slots=True)
class BoundedAnswer:
    """A whole answer in memory.

    Attributes:
        status: the HTTP status.
        headers: as received.
        body: at most as long as the caller allowed.
    """

    status: int
    headers: httpx.Headers
    body: bytes


async def send_bounded(
    client: httpx.AsyncClient, request: httpx.Request, *, max_bytes: int, deadline_s: float
) -> BoundedAnswer:
    """Send a request and read its answer, no longer and no larger than allowed.

    Args:
        client: from `guarded_http_client`.
        request: built by `client.build_request`.
        max_bytes: longest body, in bytes.
        deadline_s: for everything from resolving the name to the last byte, in seconds.

    Raises:
        AnswerTooLargeError: the body is longer.
        AnswerEncodedError: the body is compressed.
        AnswerTooLateError: the deadline passed.
        UnsafeAddressError: the guard refused.
        httpx.HTTPError: the network failed.
    """
    try:
        async with asyncio.timeout(deadline_s):
            response = await client.send(request, stream=True)
            try:
                body = await read_bounded(response, max_bytes=max_bytes)
            finally:
                await response.aclose()
    except TimeoutError as error:
        raise AnswerTooLateError(request.url.host, deadline_s=deadline_s) from error
    return BoundedAnswer(response.status_code, response.headers, body)


async def send_for_status(
    client: httpx.AsyncClient, request: httpx.Request, *, max_bytes: int, deadline_s: float
) -> BoundedAnswer:
    """Send a request for the sake of its status; of the body no more than the beginning.

    Whatever a receiver sends as a body does not change that it took what it was sent. So a body
    that is too long, late or broken off is cut there, and a compressed one is empty.

    Args:
        client: from `guarded_http_client`.
        request: built by `client.build_request`.
        max_bytes: longest beginning of the body, in bytes.
        deadline_s: for everything from resolving the name to the last byte, in seconds.

    Raises:
        AnswerTooLateError: the deadline passed before there was a status.
        UnsafeAddressError: the guard refused.
        httpx.HTTPError: the network failed before there was a status.
    """
    response: httpx.Response | None = None
    body = bytearray()
    try:
        async with asyncio.timeout(deadline_s):
            response = await client.send(request, stream=True)
            with suppress(httpx.HTTPError):
                await _read_beginning(response, body, max_bytes)
    except TimeoutError as error:
        if response is None:
            raise AnswerTooLateError(request.url.host, deadline_s=deadline_s) from error
    finally:
        if response is not None:
            await response.aclose()
    return BoundedAnswer(response.status_code, response.headers, bytes(body[:max_bytes]))


async def _read_beginning(response: httpx.Response, body: bytearray, max_bytes: int) -> None:
    if _encoding(response) in ("", "identity"):
        async for part in response.aiter_raw():
            body += part
            if len(body) >= max_bytes:
                return


def _encoding(response: httpx.Response) -> str:
    given: str = response.headers.get("content-encoding", "identity")
    return given.strip().lower()


async def read_bounded(response: httpx.Response, *, max_bytes: int) -> bytes:
    """Read a streamed body that may be `max_bytes` long.

    Raises:
        AnswerTooLargeError: the body is longer.
        AnswerEncodedError: the body is compressed.
    """
    host = response.url.host
    encoding = _encoding(response)
    if encoding not in ("", "identity"):
        raise AnswerEncodedError(host, encoding=encoding)
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > max_bytes:
            raise AnswerTooLargeError(host, limit_bytes=max_bytes)
    return bytes(body)
