"""Web pages: the content, with the headings' anchors, and what the page says about itself."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urldefrag, urljoin, urlsplit

import regex  # type: ignore[import-untyped]
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from services.knowledge.extraction.building import TextUnderConstruction
from services.knowledge.extraction.decoding import decoded
from services.knowledge.extraction.extracted import ExtractedText, UnreadableContentError
from services.knowledge.extraction.limits import LONGEST_ADDRESS_CHARACTERS, MOST_LINKS
from services.knowledge.extraction.readable import one_line
from services.knowledge.extraction.readers.main_content import page_text

_DECLARED = regex.compile(
    rb"(?i)<meta[^>]{0,200}?charset\s*+=\s*+[\"']?([\w.:-]{2,40})"
    rb"|<\?xml[^>]{0,100}?encoding=[\"']([\w.:-]{2,40})"
)
_DECLARED_WITHIN_BYTES = 4_096
_LANGUAGE = regex.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*+")
_LONGEST_TITLE_CHARACTERS = 300
_NAMES_OF_WISHES = frozenset({"robots", "parlance"})
_NOFOLLOW = frozenset({"nofollow", "none"})
_NOINDEX = frozenset({"noindex", "none"})


def read_html(content: bytes, *, declared_encoding: str | None, url: str | None) -> ExtractedText:
    """Read a page or a fragment of one.

    Args:
        content: The page's bytes.
        declared_encoding: What the HTTP header says.
        url: The page's address, which links are relative to.

    Raises:
        UnreadableContentError: there is no text, too much of it, or it cannot be decoded.
    """
    root = _parsed(decoded(content, declared_encoding or _own_encoding(content)))
    base = _base(root, url)
    wishes = _wishes(root)
    about = ExtractedText(
        title=_title(root),
        text="",
        language=_language(root),
        canonical_url=_canonical(root, base),
        links=() if wishes & _NOFOLLOW else tuple(_links(root, base)),
        indexable=not wishes & _NOINDEX,
    )
    text = page_text(root)
    return replace(
        about,
        title=about.title or _first_heading(text),
        text=text.text,
        headings=tuple(text.headings),
    )


def _parsed(text: str) -> HtmlElement:
    # As bytes, because lxml refuses text with an XML declaration. Nesting has no limit here since
    # nothing that follows recurses; the parser's own limit would cut the page short silently.
    parser = HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True
    )
    content = text.replace("\x00", "").encode("utf-8", "replace")
    try:
        root = document_fromstring(content, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        _check_memory(parser)
        raise no_page_text() from error
    _check_memory(parser)
    return root


def _check_memory(parser: HTMLParser) -> None:
    """Without memory the parser gives what it has so far, as if that were the page."""
    if any(entry.type == etree.ErrorTypes.ERR_NO_MEMORY for entry in parser.error_log):
        raise MemoryError


def no_page_text() -> UnreadableContentError:
    """What to say of a page without text."""
    return UnreadableContentError(
        "empty",
        "The page has no text of its own; a page that only a browser's scripts fill cannot be"
        " read.",
    )


def _own_encoding(content: bytes) -> str | None:
    found = _DECLARED.search(content[:_DECLARED_WITHIN_BYTES])
    return (found.group(1) or found.group(2)).decode("ascii", "replace") if found else None


def _language(root: HtmlElement) -> str | None:
    written = (root.get("lang") or root.get("xml:lang") or "").strip().lower()
    return written if _LANGUAGE.fullmatch(written) else None


def _title(root: HtmlElement) -> str | None:
    element = root.find(".//head/title")
    written = one_line(element.text_content()) if element is not None else ""
    return written[:_LONGEST_TITLE_CHARACTERS] or None


def _first_heading(text: TextUnderConstruction) -> str | None:
    return text.headings[0].text[:_LONGEST_TITLE_CHARACTERS] if text.headings else None


def _base(root: HtmlElement, url: str | None) -> str | None:
    element = root.find(".//base[@href]")
    if element is None:
        return url
    return _address(url, element.get("href")) or url


def _canonical(root: HtmlElement, base: str | None) -> str | None:
    for link in root.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            return _address(base, link.get("href"))
    return None


def _wishes(root: HtmlElement) -> frozenset[str]:
    """What `<meta name="robots">` asks for."""
    asked = (
        (meta.get("content") or "").lower()
        for meta in root.iter("meta")
        if (meta.get("name") or "").lower() in _NAMES_OF_WISHES
    )
    return frozenset(wish.strip() for content in asked for wish in content.split(","))


def _links(root: HtmlElement, base: str | None) -> Iterator[str]:
    seen: set[str] = set()
    for link in root.iter("a", "area"):
        if "nofollow" in (link.get("rel") or "").lower().split():
            continue
        address = _address(base, link.get("href"))
        if address is not None and address not in seen:
            seen.add(address)
            yield address
        if len(seen) >= MOST_LINKS:
            return


def _address(base: str | None, written: str | None) -> str | None:
    """The absolute http(s) address without its fragment, or None."""
    if not written or len(written) > LONGEST_ADDRESS_CHARACTERS:
        return None
    try:
        address = urldefrag(urljoin(base or "", written.strip())).url
        parts = urlsplit(address)
    except ValueError:
        return None
    usable = parts.scheme in {"http", "https"} and bool(parts.netloc)
    return address if usable and len(address) <= LONGEST_ADDRESS_CHARACTERS else None
