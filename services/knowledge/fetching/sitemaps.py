"""Finding the pages that a site's sitemaps list (sitemaps.org/protocol.html)."""

from collections import deque
from collections.abc import Iterable
from urllib.parse import urlsplit

from services.knowledge.extraction.extracted import SitemapText, UnreadableContentError
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.addresses import (
    is_same_but_www,
    origin_of,
    page_address,
    site_of,
)
from services.knowledge.fetching.limits import MOST_SITEMAPS
from services.knowledge.fetching.problems import FetchError
from services.knowledge.fetching.site_visit import SiteVisit

_GONE = frozenset({404, 410})


async def listed_pages(
    start: str, visit: SiteVisit, extractor: Extractor, *, most: int
) -> list[str]:
    """The addresses that a sitemap lists, indexes followed, on the start's site alone.

    Args:
        start: A sitemap, or a site whose robots.txt names its sitemaps (else /sitemap.xml).
        visit: For asking.
        extractor: For reading.
        most: Addresses wanted.

    Raises:
        FetchError: there is no sitemap that can be read, or it lists no page of this site.
    """
    site = site_of(start)
    waiting = deque([start] if may_be_sitemap(start) else await _named(start, visit))
    seen: set[str] = set()
    pages: dict[str, None] = {}
    problem = FetchError("The sitemap lists no page of this site.", passing=False)
    while waiting and len(seen) < MOST_SITEMAPS and len(pages) < most:
        address = waiting.popleft()
        if address in seen:
            continue
        seen.add(address)
        try:
            sitemap = await _sitemap(address, site, visit, extractor)
        except FetchError as error:
            problem = error
            continue
        waiting.extend(_here(sitemap.sitemaps, site))
        pages.update(dict.fromkeys(_here(sitemap.pages, site)))
    if not pages:
        raise problem
    return list(pages)


def may_be_sitemap(address: str) -> bool:
    """Whether an address names a sitemap itself, not a site that has one."""
    path = urlsplit(address).path.lower()
    return path.endswith((".xml", ".txt", ".gz")) or "sitemap" in path


async def _named(start: str, visit: SiteVisit) -> list[str]:
    named = list(_here((await visit.rules(start)).sitemaps, site_of(start)))
    return named or [f"{origin_of(start)}/sitemap.xml"]


def _here(urls: Iterable[str], site: str) -> Iterable[str]:
    """Those that are addresses of this site."""
    for url in urls:
        try:
            address = page_address(url)
        except ValueError:
            continue
        if is_same_but_www(site_of(address), site):
            yield address


async def _sitemap(address: str, site: str, visit: SiteVisit, extractor: Extractor) -> SitemapText:
    found = await visit.get(address, site=site)
    if found.answer.body is None:
        raise FetchError(
            f"The sitemap {address} cannot be read (status {found.answer.status}).",
            passing=found.answer.status not in _GONE,
        )
    try:
        return await extractor.read_sitemap(found.answer.body)
    except UnreadableContentError as error:
        raise FetchError(f"{address}: {error.sentence}", passing=False) from error
