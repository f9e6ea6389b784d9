"""Origins: which web pages may talk to a chatbot.

Denied by default. The list is the chatbot's own; loopback is allowed beside it only while the
installation runs for development, and `*` only where somebody wrote it down on purpose.
"""

from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
ANY_ORIGIN = "*"


def normalized_origin(text: str) -> str | None:
    """`scheme://host[:port]` in lower case without a default port, or None if it is no origin.

    The form is the one browsers send (RFC 6454, section 6.2).
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return None
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        return None
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in {None, default} else "")


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
