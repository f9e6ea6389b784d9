"""Guarded transports for both HTTP libraries that live in this process.

A transport of our own rather than `httpx.AsyncHTTPTransport`, because that one has no public
way to say where its sockets come from. No proxy is ever used and no environment variable is
read: a proxy would resolve names behind the guard's back.
"""

import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import httpcore
import httpcore2
import httpx
import httpx2

from services.outgoing.chunked_body import ChunkedBody
from services.outgoing.guard import AddressGuard
from services.outgoing.loop_sockets import LoopSocket, LoopSockets
from services.outgoing.pinned_network import PinnedNetwork

MAX_CONNECTIONS = 1_000
"""Open sockets per transport; further calls wait until their pool deadline."""

MAX_IDLE_CONNECTIONS = 50
"""Sockets kept for the next call to the same host."""

IDLE_S = 30.0
"""Seconds after which an idle socket is closed; below the usual 60 s of load balancers."""


class _PooledTransport:
    """What both transports do; `core` and `http` are the library pair's modules."""

    core: ModuleType
    http: ModuleType

    def __init__(self, guard: AddressGuard, tls: ssl.SSLContext) -> None:
        self._guard = guard
        self._pool: Any = self.core.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_S,
            http1=True,
            http2=False,
            retries=0,
            network_backend=PinnedNetwork(guard, self.core, self._sockets()),
        )

    async def handle_async_request(self, request: Any) -> Any:
        """Send one request; redirects are hops like any other and judged again."""
        self._guard.check_url(request.url.scheme, request.url.raw_host.decode("ascii"))
        with translated_errors(self.core, self.http):
            answer = await self._pool.handle_async_request(self._wire_request(request))
        return self.http.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=self._body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    def _wire_request(self, request: Any) -> Any:
        url = self.core.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        return self.core.Request(
            method=request.method,
            url=url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )

    def _sockets(self) -> Any:
        return self.core.AnyIOBackend()

    def _body(self, answer: Any) -> Any:
        raise NotImplementedError


@contextmanager
def translated_errors(core: ModuleType, http: ModuleType) -> Iterator[None]:
    """Turn the wire library's errors into the client library's; they share their names."""
    try:
        yield
    except (
        core.TimeoutException,
        core.NetworkError,
        core.ProtocolError,
        core.ProxyError,
        core.UnsupportedProtocol,
    ) as error:
        raise getattr(http, type(error).__name__)(str(error)) from error


class GuardedTransport(_PooledTransport, httpx.AsyncBaseTransport):
    """For httpx."""

    core = httpcore
    http = httpx

    def _body(self, answer: Any) -> httpx.AsyncByteStream:
        return _Body(answer.stream, self.core, self.http)


class StreamingTransport(GuardedTransport):
    """For streams that are read here and not by an SDK: a packet costs a quarter."""

    def _sockets(self) -> httpcore.AsyncNetworkBackend:
        return LoopSockets()

    def _body(self, answer: Any) -> httpx.AsyncByteStream:
        body, sock = super()._body(answer), answer.extensions["network_stream"]
        if isinstance(sock, LoopSocket) and _is_chunked(answer.headers):
            return ChunkedBody(sock, body)
        return body


class GuardedTransport2(_PooledTransport, httpx2.AsyncBaseTransport):
    """For httpx2, which the OpenAI and Anthropic SDKs are built on."""

    core = httpcore2
    http = httpx2

    def _body(self, answer: Any) -> httpx2.AsyncByteStream:
        return _Body2(answer.stream, self.core, self.http)


def _is_chunked(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    codings = [value for name, value in headers if name.lower() == b"transfer-encoding"]
    return [coding.strip().lower() for coding in codings] == [b"chunked"]


class _BodyStream:
    def __init__(self, stream: Any, core: ModuleType, http: ModuleType) -> None:
        self._stream = stream
        self._core = core
        self._http = http

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with translated_errors(self._core, self._http):
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Body(_BodyStream, httpx.AsyncByteStream):
    """A response body for httpx."""


class _Body2(_BodyStream, httpx2.AsyncByteStream):
    """A response body for httpx2."""
