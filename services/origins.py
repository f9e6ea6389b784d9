"""Origins: which web pages may talk to a chatbot.

Denied by default. The list is the chatbot's own; loopback is allowed beside it only while the
installation runs for development, and `*` only where somebody wrote it down on purpose.
"""

import re
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

from services.host_names import sent_host_name

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
ANY_ORIGIN = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}

_PLACE = re.compile(r"(\[[^\[\]@]+\]|[^\[\]@:]+)(:[0-9]*)?")
"""Stricter than urlsplit, which finds the host `::` in `http://shop.[::]`."""


def normalized_origin(text: str) -> str | None:
    """`scheme://host[:port]` in lower case without a default port, or None if it is no origin.

    The form is the one browsers send (RFC 6454, section 6.2), so names are in ASCII.
    """
    cleaned = text.strip()
    if not cleaned.isprintable():
        return None  # urlsplit would drop what a person does not see
    try:
        parts = urlsplit(cleaned)
        port, host = parts.port, _sent_host(parts.hostname or "")
    except ValueError:
        return None
    if not host or not _is_bare(parts) or port == 0:
        return None
    shown = "" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def _is_bare(parts: SplitResult) -> bool:
    """Whether a URL has nothing but a scheme of the web, a host and a port."""
    return (
        parts.scheme in DEFAULT_PORTS
        and _PLACE.fullmatch(parts.netloc) is not None
        and parts.path in {"", "/"}
        and not parts.query
        and not parts.fragment
    )


def _sent_host(host: str) -> str | None:
    """A host as browsers write it: "bücher.example" is "xn--bcher-kva.example" in an origin."""
    if ":" in host:
        return f"[{IPv6Address(host)}]"
    return sent_host_name(host)


def is_loopback(origin: str) -> bool:
    """Whether a normalized origin names this machine itself."""
    host = origin.partition("://")[2]
    if host.startswith("["):
        return host.partition("]")[0] + "]" in LOOPBACK_HOSTS
    return host.partition(":")[0] in LOOPBACK_HOSTS


def origin_allowed(origin: str, allowed: list[str], *, development: bool) -> bool:
    """Whether a page of this origin may talk to a chatbot with this list."""
    normalized = normalized_origin(origin)
    if normalized is None:
        return False
    if development and is_loopback(normalized):
        return True
    return ANY_ORIGIN in allowed or normalized in allowed
