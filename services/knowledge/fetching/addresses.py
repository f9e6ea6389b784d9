"""Which addresses are the same page, which the same site, and which no page at all."""

from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import idna
import regex  # type: ignore[import-untyped]

_TRACKING = regex.compile(
    r"(?i)(?:utm_\w+|gclid|gbraid|wbraid|dclid|fbclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid"
    r"|mc_cid|mc_eid|_ga|_gl|_hsenc|_hsmi|mkt_tok|vero_id|oly_enc_id|oly_anon_id|phpsessid|sid"
    r"|jsessionid|sessionid|s_kwcid|srsltid)"
)
_SESSION_IN_PATH = regex.compile(r"(?i);jsessionid=[^/?#]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NO_PAGE = regex.compile(
    r"(?i)\.(?:png|jpe?g|gif|webp|avif|svg|ico|bmp|tiff?|css|m?js|map|json|xml|rss|atom|woff2?|ttf"
    r"|otf|eot|mp[34]|m4[av]|webm|og[gv]|wav|flac|avi|mov|mkv|zip|gz|bz2|xz|7z|rar|tar|tgz|exe|msi"
    r"|dmg|iso|apk|deb|rpm|jar|xlsx?|pptx?|od[tsp]|epub|ics|vcf|torrent|psd|ai|eps)\Z"
)


def page_address(url: str) -> str:
    """The address that a page goes by: no fragment, no tracking, no name and password.

    The host is in lower case and as DNS knows it, without the usual port.

    Raises:
        ValueError: it is no address.
    """
    parts = urlsplit(url.strip())
    port = parts.port
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    path = str(_SESSION_IN_PATH.sub("", parts.path)) or "/"
    return urlunsplit((parts.scheme, host, path, _without_tracking(parts.query), ""))


def folded(address: str) -> str:
    """The same for addresses that are the same page on nearly every site.

    With and without a slash at the end, http and https, and however letters are escaped.
    """
    parts = urlsplit(address)
    return f"{parts.netloc}{unquote(parts.path).rstrip('/')}?{parts.query}"


def site_of(address: str) -> str:
    """What must be the same for two pages to be of one site: the host and an unusual port."""
    return urlsplit(address).netloc


def is_same_but_www(site: str, other: str) -> bool:
    """Whether two sites are one, with and without `www.`."""
    return site.removeprefix("www.") == other.removeprefix("www.")


def origin_of(address: str) -> str:
    """Scheme, host and port: what a robots.txt speaks for."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def is_root(address: str) -> bool:
    """Whether it is a site's front page."""
    parts = urlsplit(address)
    return parts.path in {"", "/"} and not parts.query


def may_be_page(address: str) -> bool:
    """False where the name says that there is no text to read."""
    parts: SplitResult = urlsplit(address)
    return _NO_PAGE.search(parts.path) is None


def _without_tracking(query: str) -> str:
    if not query:
        return ""
    kept = [part for part in query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0])]
    return "&".join(kept)
