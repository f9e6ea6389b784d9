"""Which IP addresses belong to the public internet.

Deny by default, after the IANA special-purpose registries, because `ipaddress.is_global` changed
between Python releases. IPv6 addresses that carry an IPv4 address (mapped, NAT64, 6to4, Teredo,
ISATAP) are judged by the carried one as well: that is the usual way around such a list.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IPV4_SPECIAL: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local (cloud metadata)"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "reserved"),
        ("192.52.193.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)

_IPV6_SPECIAL: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2620:4f:8000::/48", "reserved"),
        ("3fff::/20", "documentation"),
    )
)

_IPV6_OUTSIDE: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)

_IPV6_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP_MARKS = (0x00005EFE, 0x02005EFE)

# Clouds keep their credentials service here, besides 169.254.169.254; some of these look private
# and some public, and no policy but an explicit entry lets anybody reach them.
METADATA_ADDRESSES: frozenset[Address] = frozenset(
    (
        IPv4Address("169.254.169.254"),
        IPv4Address("169.254.170.2"),
        IPv4Address("169.254.170.23"),
        IPv4Address("100.100.100.200"),
        IPv4Address("192.0.0.192"),
        IPv4Address("168.63.129.16"),
        IPv6Address("fd00:ec2::254"),
        IPv6Address("fd00:ec2::23"),
        IPv6Address("fd20:ce::254"),
    )
)
"""Metadata services of the large clouds."""


def carried_addresses(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return
    number = int(address)
    if address in _MAPPED or address in _NAT64 or (address in _COMPATIBLE and number > 1):
        yield IPv4Address(number & 0xFFFFFFFF)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address((number >> 80) & 0xFFFFFFFF)
    elif address in _TEREDO:
        yield IPv4Address((number >> 64) & 0xFFFFFFFF)
        yield IPv4Address(~number & 0xFFFFFFFF)
    if (number >> 32) & 0xFFFFFFFF in _ISATAP_MARKS:
        yield IPv4Address(number & 0xFFFFFFFF)


def special_kind(address: Address) -> str | None:
    """What makes an address not public, in words; None for a public one."""
    if METADATA_ADDRESSES.intersection((address, *carried_addresses(address))):
        return "a cloud's metadata service"
    for carried in carried_addresses(address):
        if kind := special_kind(carried):
            return f"{kind} (inside an IPv6 address)"
    if isinstance(address, IPv4Address):
        return _listed_kind(address, _IPV4_SPECIAL)
    return _ipv6_kind(address)


def _ipv6_kind(address: IPv6Address) -> str | None:
    if address.scope_id is not None:
        return "link-local"
    if address in _MAPPED or address in _NAT64 or address in _TEREDO:
        return None  # judged by what it carries
    if address in _NAT64_LOCAL:
        return "local NAT64"
    if address not in _IPV6_UNICAST:
        return _listed_kind(address, _IPV6_OUTSIDE) or "reserved"
    return _listed_kind(address, _IPV6_SPECIAL)


def _listed_kind(address: Address, table: tuple[tuple[Network, str], ...]) -> str | None:
    return next((what for network, what in table if address in network), None)


def is_private_or_loopback(address: Address) -> bool:
    """Whether an address is in one's own network: where people host their own models."""
    carried = next(carried_addresses(address), address)
    if carried in METADATA_ADDRESSES:
        return False
    if isinstance(carried, IPv4Address):
        kind = _listed_kind(carried, _IPV4_SPECIAL)
        return kind in ("private", "loopback", "carrier-grade NAT")
    return carried.scope_id is None and _ipv6_kind(carried) in ("private", "loopback")
