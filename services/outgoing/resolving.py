"""Names to addresses, as an object, so that tests can lie the way attackers' DNS servers do."""

import asyncio
import socket
from ipaddress import IPv4Address, ip_address
from typing import Protocol

from services.outgoing.addresses import Address

LOOPBACK = IPv4Address("127.0.0.1")


class Resolver(Protocol):
    """Looks a host name up."""

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Give the addresses of a host, in the order in which to try them.

        Raises:
            OSError: the name does not resolve.
        """
        ...


class SystemResolver:
    """The operating system's resolver, on a thread."""

    async def resolve(self, host: str, port: int) -> list[Address]:
        """See `Resolver`; numeric hosts in any spelling ("127.1", "0x7f.1") resolve as well."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        texts = dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)
        return [ip_address(text) for text in texts]


def written_address(host: str) -> Address | None:
    """The address that a host name is by itself, in any spelling ("127.1", "localhost"), if so."""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return LOOPBACK
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return ip_address(str(found[0][4][0]))
