"""Sitemaps: the addresses that a site lists itself (sitemaps.org/protocol.html).

Entities are not expanded and nothing else is loaded: XML that describes itself as larger than it
is stays as small as it came.
"""

import io
import zlib
from collections.abc import Iterator

from lxml import etree

from services.knowledge.extraction.decoding import decoded
from services.knowledge.extraction.extracted import SitemapText, UnreadableContentError
from services.knowledge.extraction.limits import (
    LONGEST_ADDRESS_CHARACTERS,
    MOST_SITEMAP_BYTES,
    MOST_SITEMAP_ENTRIES,
)

_GZIP_MARK = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def read_sitemap(content: bytes) -> SitemapText:
    """The pages and further sitemaps that a sitemap lists; XML or one address a line, or gzip.

    Raises:
        UnreadableContentError: it is no sitemap, damaged or too large.
    """
    content = _unpacked(content)
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return SitemapText(pages=tuple(_plain_addresses(decoded(content))), sitemaps=())
    pages: dict[str, None] = {}
    sitemaps: dict[str, None] = {}
    try:
        for parent, address in _locations(content):
            (sitemaps if parent == "sitemap" else pages)[address] = None
            if len(pages) + len(sitemaps) >= MOST_SITEMAP_ENTRIES:
                break
    except etree.XMLSyntaxError as error:
        if not pages and not sitemaps:
            raise _no_sitemap() from error
    if not pages and not sitemaps:
        raise _no_sitemap()
    return SitemapText(pages=tuple(pages), sitemaps=tuple(sitemaps))


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(_GZIP_MARK):
        return content
    try:
        unpacker = zlib.decompressobj(_GZIP_WINDOW)
        unpacked = unpacker.decompress(content, MOST_SITEMAP_BYTES)
    except zlib.error as error:
        raise UnreadableContentError("damaged", "The packed sitemap is damaged.") from error
    if unpacker.unconsumed_tail:
        raise UnreadableContentError(
            "too_large", "The sitemap unfolds to more than 50 MB; split it with an index."
        )
    return unpacked


def _locations(content: bytes) -> Iterator[tuple[str, str]]:
    """The tag around each `loc` and what it says; image and video locations are no pages."""
    found = etree.iterparse(
        io.BytesIO(content),
        events=("end",),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in found:
        parent = element.getparent()
        if _name(element) == "loc" and parent is not None and _name(parent) in {"url", "sitemap"}:
            address = (element.text or "").strip()
            if address and len(address) <= LONGEST_ADDRESS_CHARACTERS:
                yield _name(parent), address
        elif _name(element) in {"url", "sitemap"}:
            element.clear()


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _plain_addresses(text: str) -> Iterator[str]:
    addresses = [line.strip() for line in text.splitlines()]
    usable = [
        address
        for address in addresses
        if address.startswith(("http://", "https://"))
        and len(address) <= LONGEST_ADDRESS_CHARACTERS
    ]
    if not usable:
        raise _no_sitemap()
    yield from dict.fromkeys(usable[:MOST_SITEMAP_ENTRIES])


def _no_sitemap() -> UnreadableContentError:
    return UnreadableContentError(
        "unsupported_type", "It is no sitemap: there are no addresses of pages in it."
    )
