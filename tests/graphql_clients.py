"""GraphQL clients for tests: POST for queries and mutations, graphql-transport-ws for streams."""

import itertools
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx
import websockets

Json = dict[str, Any]
REQUEST_SECONDS = 30.0


class GraphQLFailure(AssertionError):  # noqa: N818 - a test failure
    """A response with `errors[]`."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(json.dumps(errors, indent=1))
        self.errors = errors

    @property
    def codes(self) -> list[str | None]:
        """The `extensions.code` of each error."""
        return [error.get("extensions", {}).get("code") for error in self.errors]


class GraphQLClient:
    """One caller of the API."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        origin: str | None = None,
        trusting: ssl.SSLContext | None = None,
    ) -> None:
        self.url = url
        self.token = token
        self.origin = origin
        self._trusting = trusting
        self._http = httpx.AsyncClient(
            base_url=url, timeout=REQUEST_SECONDS, trust_env=False, verify=trusting or True
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def headers(self) -> dict[str, str]:
        """What the caller sends along."""
        headers = {}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if self.origin:
            headers["origin"] = self.origin
        return headers

    async def post(self, document: str, variables: Json | None = None) -> httpx.Response:
        """The raw response to an operation."""
        # Half characters are escaped, as browsers do: httpx would stop at them.
        body = json.dumps({"query": document, "variables": variables or {}})
        headers = self.headers() | {"content-type": "application/json"}
        return await self._http.post("/graphql", content=body, headers=headers)

    async def send(self, document: str, variables: Json | None = None) -> Json:
        """The whole JSON of a response."""
        answer: Json = (await self.post(document, variables)).json()
        return answer

    async def execute(self, document: str, variables: Json | None = None) -> Json:
        """The data of a response without errors."""
        answer = await self.send(document, variables)
        if answer.get("errors"):
            raise GraphQLFailure(answer["errors"])
        data: Json = answer["data"]
        return data

    @asynccontextmanager
    async def socket(self) -> AsyncGenerator["GraphQLSocket", None]:
        """A WebSocket after its connection_init."""
        async with websockets.connect(
            f"{self.url.replace('http', 'ws', 1)}/graphql",
            subprotocols=[websockets.Subprotocol("graphql-transport-ws")],
            origin=websockets.Origin(self.origin) if self.origin else None,
            proxy=None,
            ssl=self._trusting,
        ) as raw:
            payload = {"authorization": f"Bearer {self.token}"} if self.token else None
            await raw.send(json.dumps({"type": "connection_init", "payload": payload}))
            acknowledged = json.loads(await raw.recv())
            assert acknowledged["type"] == "connection_ack", acknowledged
            yield GraphQLSocket(raw)

    async def stream(
        self, document: str, variables: Json | None = None
    ) -> AsyncGenerator[Json, None]:
        """The data of each event, as server-sent events."""
        body = {"query": document, "variables": variables or {}}
        headers = self.headers() | {"accept": "text/event-stream"}
        async with self._http.stream("POST", "/graphql", json=body, headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line.removeprefix("data: "))["data"]

    async def subscribe(
        self, document: str, variables: Json | None = None
    ) -> AsyncGenerator[Json, None]:
        """The data of each event, on a socket of its own."""
        async with (
            self.socket() as socket,
            aclosing(socket.subscribe(document, variables)) as events,
        ):
            async for data in events:
                yield data


class GraphQLSocket:
    """One open WebSocket."""

    def __init__(self, raw: websockets.ClientConnection) -> None:
        self.raw = raw
        self._ids = itertools.count(1)

    async def subscribe(
        self, document: str, variables: Json | None = None
    ) -> AsyncGenerator[Json, None]:
        """The data of each event of a subscription; one at a time on this socket."""
        operation = str(next(self._ids))
        payload = {"query": document, "variables": variables or {}}
        await self.raw.send(json.dumps({"type": "subscribe", "id": operation, "payload": payload}))
        while True:
            message = json.loads(await self.raw.recv())
            if message.get("id") != operation:
                continue
            if message["type"] == "complete":
                return
            if message["type"] == "error":
                raise GraphQLFailure(message["payload"])
            if message["payload"].get("errors"):
                raise GraphQLFailure(message["payload"]["errors"])
            yield message["payload"]["data"]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.raw.close()
