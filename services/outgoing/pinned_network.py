"""Connections to judged addresses only.

This sits under the connection pool, where the name becomes a socket: TLS and the Host header
above still speak of the name, so certificates are checked as usual, while the socket goes to
the very address that the guard has looked at. httpx (httpcore) and the newer httpx2 (httpcore2),
which the OpenAI and Anthropic SDKs use, have the same interfaces but unrelated classes; `core`
says whose errors and sockets to use.
"""

import asyncio
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from services.outgoing.guard import AddressGuard

DEFAULT_CONNECT_S = 10.0
"""Deadline of resolving and connecting when the caller gave none."""


class PinnedNetwork:
    """A network backend in httpcore's sense, for httpcore or httpcore2."""

    def __init__(self, guard: AddressGuard, core: ModuleType, sockets: Any) -> None:
        """`sockets` is a backend of the same library, which connects to what was judged."""
        self._guard = guard
        self._core = core
        self._sockets = sockets

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Resolve once, judge, and connect to the first judged address that answers.

        Raises:
            UnsafeAddressError: the guard refused.
            ConnectTimeout: httpcore's, when the deadline passed.
            ConnectError: httpcore's, when the name or all addresses failed.
        """
        try:
            async with asyncio.timeout(timeout or DEFAULT_CONNECT_S) as deadline:
                addresses = await self._addresses(host, port)
                return await self._first_answering(
                    addresses, port, deadline, local_address, socket_options
                )
        except TimeoutError as error:
            raise self._core.ConnectTimeout(f"no connection to {host} in time") from error

    async def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> Any:
        """Never: a file path is no public address."""
        raise self._core.ConnectError(f"Unix sockets are not allowed ({path})")

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks for between its retries."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return [str(address) for address in await self._guard.resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise self._core.ConnectError(f"{host} does not resolve") from error

    async def _first_answering(
        self,
        addresses: list[str],
        port: int,
        deadline: asyncio.Timeout,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> Any:
        *others, last = addresses
        for position, address in enumerate(others):
            share_s = _remaining_s(deadline) / (len(addresses) - position)
            try:
                return await self._sockets.connect_tcp(
                    address, port, share_s, local_address, socket_options
                )
            except (self._core.ConnectError, self._core.ConnectTimeout):
                continue
        return await self._sockets.connect_tcp(last, port, None, local_address, socket_options)


def _remaining_s(deadline: asyncio.Timeout) -> float:
    ends_at = deadline.when() or 0.0
    return max(0.0, ends_at - asyncio.get_running_loop().time())
