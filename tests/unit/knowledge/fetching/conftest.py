"""A site and a reader that may reach it: loopback is on the guard's list, and nothing else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.limits import FetchLimits
from services.knowledge.fetching.pages import (
    FetchedPage,
    FetchKind,
    FetchRequest,
    GonePage,
    KnownPage,
    PageOutcome,
    PageProblem,
    UnchangedPage,
)
from services.knowledge.fetching.site_client import site_http_client
from services.knowledge.fetching.site_reader import SiteReader
from tests.unit.knowledge.fetching.site_server import Site, running_site


@dataclass
class RecordedClock:
    """A clock that never waits: a sleep moves it."""

    time: float = 1_000.0
    sleeps: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds


@dataclass
class Told:
    """What a run said, by kind."""

    outcomes: list[PageOutcome]

    @property
    def fetched(self) -> dict[str, FetchedPage]:
        return {one.url: one for one in self.outcomes if isinstance(one, FetchedPage)}

    @property
    def unchanged(self) -> dict[str, UnchangedPage]:
        return {one.url: one for one in self.outcomes if isinstance(one, UnchangedPage)}

    @property
    def gone(self) -> dict[str, str]:
        return {one.url: one.code for one in self.outcomes if isinstance(one, GonePage)}

    @property
    def problems(self) -> dict[str, PageProblem]:
        return {one.url: one for one in self.outcomes if isinstance(one, PageProblem)}

    @property
    def known(self) -> dict[str, KnownPage]:
        """What the next run is told."""
        kept = (one for one in self.outcomes if isinstance(one, FetchedPage | UnchangedPage))
        return {one.url: one.known for one in kept}


class Reading:
    """Runs of one reader against one site."""

    def __init__(self, site: Site, reader: SiteReader, clock: RecordedClock) -> None:
        self.site = site
        self.reader = reader
        self.clock = clock

    async def run(
        self,
        kind: FetchKind,
        path: str = "/",
        known: dict[str, KnownPage] | None = None,
        *,
        max_pages: int = 50,
        max_depth: int = 3,
    ) -> Told:
        url = path if "://" in path else self.site.url + path
        request = FetchRequest(kind, url, max_pages, max_depth)
        return Told([one async for one in self.reader.fetch_pages(request, known or {})])

    def paths(self, told: Told) -> list[str]:
        """Where the fetched pages are, in order."""
        return [url.removeprefix(self.site.url) for url in told.fetched]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as site:
        yield site


@pytest.fixture
async def reading(site: Site) -> AsyncIterator[Reading]:
    clock, extractor = RecordedClock(), Extractor()
    async with site_http_client(["127.0.0.1"], contact_url="https://chat.example") as client:
        limits = FetchLimits(page_deadline_s=5.0, largest_page_bytes=200_000)
        yield Reading(site, SiteReader(client, extractor, limits=limits, clock=clock), clock)
    await extractor.close()
