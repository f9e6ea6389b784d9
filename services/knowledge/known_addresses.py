"""What is known of a site's pages, between what is stored and what a visit asks for."""

from collections.abc import AsyncIterator

from documents.knowledge_pages import FetchedAs, FetchedBefore
from services.knowledge.fetching.pages import KnownPage

MOST_LINKS_KEPT = 300
"""Of one page: enough to go on behind it, and small for thousands of pages."""


async def known_addresses(
    stored: AsyncIterator[FetchedBefore],
) -> dict[str, KnownPage]:
    """The pages by their addresses. Pages of one site link to the same ones: each is kept once."""
    texts: dict[str, str] = {}
    known: dict[str, KnownPage] = {}
    async for key, fetched, was_read in stored:
        links = tuple(texts.setdefault(one, one) for one in fetched.links)
        known[texts.setdefault(key, key)] = KnownPage(
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            raw_hash=fetched.raw_hash,
            text_hash=fetched.text_hash,
            links=links,
            depth=fetched.depth,
            was_read=was_read,
        )
    return known


def stored_as(known: KnownPage) -> FetchedAs:
    """What is stored of a page for the next visit."""
    return FetchedAs(
        etag=known.etag,
        last_modified=known.last_modified,
        raw_hash=known.raw_hash,
        text_hash=known.text_hash,
        links=list(known.links[:MOST_LINKS_KEPT]),
        depth=known.depth,
    )
