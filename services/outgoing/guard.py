"""The SSRF guard: may this server talk to that address?

A tenant who may name a URL could otherwise have our server fetch from our own network. The
guard resolves a name once and hands out only addresses that it has judged; whoever connects
must connect to those, never resolve again (that gap is DNS rebinding).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import httpx

from services.outgoing.addresses import (
    Address,
    Network,
    carried_addresses,
    is_private_or_loopback,
    special_kind,
)
from services.outgoing.errors import UnsafeAddressError
from services.outgoing.resolving import Resolver, SystemResolver, written_address

MAX_ADDRESSES = 8
"""Addresses of one name that are looked at; more would be a way to make us try for ever."""


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """Who may be called. Build one with `public_only` or `trusted`.

    Attributes:
        plain_http: http:// is allowed for every host.
        own_network: private and loopback addresses are allowed.
        allowed_hosts: names that may be private and http.
        allowed_networks: addresses that may be private; http only when the URL has the number.
    """

    plain_http: bool = False
    own_network: bool = False
    allowed_hosts: frozenset[str] = field(default_factory=frozenset)
    allowed_networks: tuple[Network, ...] = ()

    @classmethod
    def public_only(cls, allowed: Iterable[str] = ()) -> "GuardPolicy":
        """For addresses that tenants may set: public and https, except those listed.

        Args:
            allowed: host names, addresses and CIDR networks of self-hosted receivers.

        Raises:
            ValueError: an entry has a slash but is no network.
        """
        hosts, networks = _sorted_entries(allowed)
        return cls(allowed_hosts=hosts, allowed_networks=networks)

    @classmethod
    def trusted(cls) -> "GuardPolicy":
        """For addresses that only platform admins set: one's own network and http as well.

        Link-local and the clouds' metadata services stay closed.
        """
        return cls(plain_http=True, own_network=True)


def _sorted_entries(entries: Iterable[str]) -> tuple[frozenset[str], tuple[Network, ...]]:
    hosts: set[str] = set()
    networks: list[Network] = []
    for entry in filter(None, map(str.strip, entries)):
        try:
            networks.append(ip_network(entry, strict=False))
        except ValueError:
            if "/" in entry:
                raise
            hosts.add(normal_host(_wire_name(entry)))
    return frozenset(hosts), tuple(networks)


def _wire_name(host: str) -> str:
    # "bücher.example" is "xn--bcher-kva.example" once it is a request.
    return httpx.URL(scheme="https", host=host).raw_host.decode("ascii")


def normal_host(host: str) -> str:
    """One spelling per host: lower case, no final dot, no brackets."""
    return host.strip("[]").rstrip(".").lower()


class AddressGuard:
    """Applies one policy with one resolver."""

    def __init__(self, policy: GuardPolicy, resolver: Resolver | None = None) -> None:
        self._policy = policy
        self._resolver = resolver or SystemResolver()

    def check_url(self, scheme: str, host: str) -> None:
        """Judge what the URL alone tells; the addresses are judged when connecting.

        Raises:
            UnsafeAddressError: no host, another scheme than http(s), http where https is due, or a
                host that is written as an address which is not allowed.
        """
        name = normal_host(host)
        if not name:
            raise UnsafeAddressError(host, "the URL has no host")
        if scheme not in ("http", "https"):
            raise UnsafeAddressError(name, f"{scheme[:20]}:// is not allowed, only https://")
        if scheme == "http" and not self._may_be_plain(name):
            raise UnsafeAddressError(name, "http:// is not allowed here, use https://")
        written = written_address(name)
        if written is not None:
            self._check_address(name, written)

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Look a name up once and give its addresses, all of them judged.

        Raises:
            UnsafeAddressError: one of the addresses is not allowed.
            OSError: the name does not resolve.
        """
        name = normal_host(host)
        found = (await self._resolver.resolve(name, port))[:MAX_ADDRESSES]
        if not found:
            raise OSError(f"{name} has no address")
        for address in found:
            self._check_address(name, address)
        return found

    def _may_be_plain(self, name: str) -> bool:
        if self._policy.plain_http or name in self._policy.allowed_hosts:
            return True
        try:
            return self._is_listed(ip_address(name))
        except ValueError:
            return False

    def _check_address(self, name: str, address: Address) -> None:
        kind = special_kind(address)
        if kind is None or self._is_listed(address):
            return
        if is_private_or_loopback(address) and self._may_be_private(name):
            return
        raise UnsafeAddressError(name, f"its address is not public but {kind}")

    def _may_be_private(self, name: str) -> bool:
        return self._policy.own_network or name in self._policy.allowed_hosts

    def _is_listed(self, address: Address) -> bool:
        candidates = (address, *carried_addresses(address))
        return any(
            candidate in network
            for network in self._policy.allowed_networks
            for candidate in candidates
        )
