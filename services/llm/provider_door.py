"""The last hand on a request before it leaves for a provider, and the first on its answer.

The vendors' SDKs read environment variables for addresses, keys, organisations and extra headers,
and each has its own idea of errors. Instead of arguing with every SDK, the door sits below them
all as their HTTP transport: it lets out only calls to the configured address, with only the
headers that we chose and the key of this config; it judges status and content type; and it
turns network failures into the `ModelError` tree, which the SDKs pass up as a cause.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from types import ModuleType
from typing import Any

import httpx
import httpx2

from services.llm.errors import (
    ModelAddressError,
    ModelError,
    ModelProtocolError,
    ModelTimeoutError,
    ModelUnreachableError,
)
from services.llm.problems import problem_of_status, scrubbed
from services.outgoing.errors import UnsafeAddressError

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Longest stream: an event of a few hundred bytes for each token of a very long answer."""

MAX_LINE_BYTES = 1024 * 1024
"""Longest line of a stream; the SDKs keep a line in memory until it ends."""

MAX_COMPLAINT_BYTES = 16 * 1024
"""As much of an error answer as is read to find the provider's sentence."""

COMPLAINT_DEADLINE_S = 3.0
"""An error answer that does not arrive within this is reported by its status alone."""

CLOSE_DEADLINE_S = 2.0
"""Closing a socket is immediate; this is for the day on which it is not."""

_HEADERS_LET_THROUGH = (
    "host", "accept", "content-type", "content-length", "transfer-encoding", "anthropic-version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DoorPlan:
    """What may go through a door.

    Attributes:
        base_url: every request must be below it.
        auth_headers: exactly these authenticate.
        key: what to remove from complaints.
        connect_s: deadline of DNS, TCP and TLS, in seconds.
    """

    base_url: httpx.URL
    auth_headers: Mapping[str, str] = field(repr=False)
    key: str | None = field(repr=False)
    connect_s: float

    @property
    def host(self) -> str:
        """For messages: the host, and the port when it is unusual."""
        return self.base_url.netloc.decode("ascii")


class Exchange:
    """The bodies that one answer has open, so that whoever stops it can hang up."""

    def __init__(self) -> None:
        self.asked = False
        self._bodies: list[Any] = []

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Bodies opened by this task inside the block belong to this exchange."""
        token = _exchange.set(self)
        try:
            yield
        finally:
            _exchange.reset(token)

    def opened(self, body: Any) -> None:
        """Remember a body."""
        self._bodies.append(body)

    async def close(self) -> None:
        """Close the connections of all bodies that were not read to their end.

        Closing goes on when the caller is cancelled meanwhile: a turn that is stopped is cancelled
        more than once, and half of a closed connection would stay open and in the pool.
        """
        if self._bodies:
            closing = asyncio.create_task(self._close_all())
            _closing.add(closing)
            closing.add_done_callback(_closing.discard)
            await asyncio.shield(closing)

    async def _close_all(self) -> None:
        while self._bodies:
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await self._bodies.pop().aclose()


_closing: set[asyncio.Task[None]] = set()
"""The event loop itself keeps no hold of its tasks."""

_exchange: ContextVar[Exchange | None] = ContextVar("parlance_model_exchange", default=None)


class _Door:
    """What both doors do; `http` is the HTTP library of the SDK above."""

    http: ModuleType

    def __init__(self, plan: DoorPlan, transport: Any) -> None:
        self._plan = plan
        self._transport = transport

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request through, or raise a `ModelError`."""
        self._check_address(request)
        exchange = _exchange.get() or Exchange()
        exchange.asked = True
        with network_problems(self.http, self._plan):
            response = await self._transport.handle_async_request(self._outgoing(request))
        body = self._body(response.stream)
        exchange.opened(body)
        response.stream = body
        await self._check_answer(response)
        return response

    async def aclose(self) -> None:
        """Nothing: the transport below is shared."""

    def _body(self, stream: Any) -> Any:
        raise NotImplementedError

    def _check_address(self, request: Any) -> None:
        url, base = request.url, self._plan.base_url
        same = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
        if not same or not url.path.startswith(base.path.rstrip("/") + "/"):
            raise ModelAddressError(f"the SDK wanted to call {url.host} instead of {base.host}")

    def _outgoing(self, request: Any) -> Any:
        # A new request: the SDK goes on reading its own notes in the old one's headers.
        kept = {
            name: request.headers[name] for name in _HEADERS_LET_THROUGH if name in request.headers
        }
        headers = {
            **kept,
            **self._plan.auth_headers,
            "user-agent": "Parlance",
            "accept-encoding": "identity",
        }
        wait_s = self._plan.connect_s
        # The pool's wait is part of connecting; silence of the provider is timed by the stream.
        timeout = {"connect": wait_s, "pool": wait_s, "write": wait_s, "read": None}
        return self.http.Request(
            request.method,
            request.url,
            headers=headers,
            stream=request.stream,
            extensions={"timeout": timeout},
        )

    async def _check_answer(self, response: Any) -> None:
        if HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            problem = _wrong_content(response.headers, self._plan.host)
        else:
            complaint = await _read_complaint(response.stream)
            problem = problem_of_status(
                response.status_code,
                response.headers,
                complaint,
                host=self._plan.host,
                key=self._plan.key,
            )
        if problem:
            await response.stream.aclose()
            raise problem


class ProviderDoor(_Door, httpx.AsyncBaseTransport):
    """For SDKs on httpx (Ollama)."""

    http = httpx

    def _body(self, stream: Any) -> httpx.AsyncByteStream:
        return _Body(stream, self.http, self._plan)


class ProviderDoor2(_Door, httpx2.AsyncBaseTransport):
    """For SDKs on httpx2 (OpenAI, Anthropic)."""

    http = httpx2

    def _body(self, stream: Any) -> httpx2.AsyncByteStream:
        return _Body2(stream, self.http, self._plan)


class ClosedDoor(httpx.BaseTransport):
    """For the synchronous client that an SDK builds beside the asynchronous one."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse.

        Raises:
            ModelAddressError: always.
        """
        raise ModelAddressError(f"{request.url.host}: synchronous calls are not allowed")


class ClosedDoor2(httpx2.BaseTransport):
    """The same for httpx2."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Refuse.

        Raises:
            ModelAddressError: always.
        """
        raise ModelAddressError(f"{request.url.host}: synchronous calls are not allowed")


class _ProviderBody:
    """A body that knows its limits and speaks of its failures as `ModelError`."""

    def __init__(self, stream: Any, http: ModuleType, plan: DoorPlan) -> None:
        self._stream = stream
        self._http = http
        self._plan = plan

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = line = 0
        with network_problems(self._http, self._plan):
            async for part in self._stream:
                total += len(part)
                newline = part.rfind(b"\n")
                line = line + len(part) if newline < 0 else len(part) - newline
                if total > MAX_ANSWER_BYTES or line > MAX_LINE_BYTES:
                    raise ModelProtocolError(f"{self._plan.host} sends without end")
                yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Body(_ProviderBody, httpx.AsyncByteStream):
    """A provider's body for httpx."""


class _Body2(_ProviderBody, httpx2.AsyncByteStream):
    """A provider's body for httpx2."""


@contextmanager
def network_problems(http: ModuleType, plan: DoorPlan) -> Iterator[None]:
    """Turn the HTTP library's and the guard's errors into `ModelError`s."""
    try:
        yield
    except UnsafeAddressError as error:
        raise ModelAddressError(f"{plan.host} may not be called: {error.reason}") from None
    except (http.ConnectTimeout, http.PoolTimeout):
        problem = f"no connection to {plan.host} within {plan.connect_s:g} s"
        raise ModelTimeoutError(problem, stage="connect") from None
    except (http.LocalProtocolError, http.UnsupportedProtocol) as error:
        raise ModelProtocolError(f"{plan.host}: {scrubbed(str(error), plan.key)}") from None
    except http.TransportError as error:
        words = scrubbed(str(error), plan.key) or type(error).__name__
        raise ModelUnreachableError(f"{plan.host}: {words}") from None


def _wrong_content(headers: Mapping[str, str], host: str) -> ModelError | None:
    if headers.get("content-encoding", "identity") != "identity":
        return ModelProtocolError(f"{host} compresses its answer although asked not to")
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        return ModelProtocolError(f"{host} answers with a web page; is the address right?")
    return None


async def _read_complaint(stream: Any) -> bytes:
    read = bytearray()
    # Whatever happens while reading, the status is worth more than the words.
    with suppress(ModelError, TimeoutError):
        async with asyncio.timeout(COMPLAINT_DEADLINE_S):
            async for part in stream:
                read += part
                if len(read) >= MAX_COMPLAINT_BYTES:
                    break
    return bytes(read[:MAX_COMPLAINT_BYTES])
