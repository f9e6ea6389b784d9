"""What is asked of a site, and what comes back for each of its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.knowledge.extraction.extracted import ExtractedText

FetchKind = Literal["url", "sitemap", "crawl"]
GoneCode = Literal["removed", "duplicate", "not_for_indexing", "not_allowed"]


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """What to read.

    Attributes:
        kind: One page, the pages that a sitemap lists, or the pages of a site that links reach.
        url: The page, the sitemap (or the site whose robots.txt names it), or where to start.
        max_pages: Most pages to ask for.
        max_depth: Links to follow from the start in a crawl; 0 reads the start alone.
    """

    kind: FetchKind
    url: str
    max_pages: int = 200
    max_depth: int = 3


@dataclass(frozen=True, slots=True)
class KnownPage:
    """What was kept of a page at the last visit, for asking whether it changed.

    Attributes:
        etag: As the server sent it.
        last_modified: As the server sent it.
        raw_hash: SHA-256 of the bytes, hexadecimal.
        text_hash: SHA-256 of the extracted text, hexadecimal.
        links: Where the page led, so that a crawl goes on behind an unchanged page.
        depth: Links between the start of the crawl and the page.
        was_read: This very run has read it already, before it was interrupted.
    """

    etag: str | None = None
    last_modified: str | None = None
    raw_hash: str | None = None
    text_hash: str | None = None
    links: tuple[str, ...] = ()
    depth: int = 0
    was_read: bool = False


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page that is new or has changed. `waiting` counts the pages that are still to be asked for.

    `url` is the address that the page goes by: after redirects, without a fragment and without
    parameters that only track visitors.
    """

    url: str
    extracted: ExtractedText
    known: KnownPage
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class UnchangedPage:
    """A known page that says what it said; `known` is to be kept for the next visit."""

    url: str
    known: KnownPage
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class GonePage:
    """A known address that is no page of its own any more, for a reason that will not pass.

    `removed` is what the server said (404 or 410), `duplicate` means that another page of this
    run says the same, the other codes are the site's wishes.
    """

    url: str
    code: GoneCode
    sentence: str
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class PageProblem:
    """A page that could not be read this time, and why in one sentence.

    Attributes:
        url: The address that was asked for.
        sentence: For the owner of the site.
        passing: It may go away by itself (a network failure, a busy server): keep what is known.
        retry_after_s: How long the server asked to be left alone, in seconds.
    """

    url: str
    sentence: str
    passing: bool
    retry_after_s: float | None = None
    waiting: int = 0


PageOutcome = FetchedPage | UnchangedPage | GonePage | PageProblem
KnownPages = Mapping[str, KnownPage]
