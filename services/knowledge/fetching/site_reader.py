"""Reading the pages of a site: one page, what a sitemap lists, or what links reach."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.limits import FetchLimits
from services.knowledge.fetching.pace import Clock, Pace
from services.knowledge.fetching.pages import FetchRequest, KnownPages, PageOutcome
from services.knowledge.fetching.site_run import SiteRun
from services.knowledge.fetching.site_visit import SiteVisit


class SiteReader:
    """Reads sites. Shared by all sources of a process, so that no host is asked twice at once."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        extractor: Extractor,
        *,
        limits: FetchLimits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._extractor = extractor
        self._limits = limits or FetchLimits()
        self._pace = Pace(clock)

    async def fetch_pages(
        self, request: FetchRequest, known: KnownPages
    ) -> AsyncGenerator[PageOutcome, None]:
        """Read what the request asks for, page by page.

        Args:
            request: What to read.
            known: What was kept of pages of this source, by the address they went by.

        Yields:
            What became of each page; nothing for a page that is folded into another and was not
            known, and nothing for one that was read before the run was interrupted. Every other
            known page is heard of, unless the run ends at `max_pages`: one that ends early because
            the site is busy or fails names the others as problems that pass.
        """
        visit = SiteVisit(self._client, self._pace, self._limits)
        run = SiteRun(request, known, visit, self._extractor, self._limits)
        async with aclosing(run.outcomes()) as outcomes:
            async for outcome in outcomes:
                yield outcome
