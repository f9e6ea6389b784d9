"""One page by its address, and addresses that must not be asked."""

import pytest

from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.pages import FetchRequest, PageProblem
from services.knowledge.fetching.site_client import site_http_client
from services.knowledge.fetching.site_reader import SiteReader
from services.outgoing.addresses import Address
from tests.unit.knowledge.fetching.conftest import Reading
from tests.unit.knowledge.fetching.site_server import Reply, Site, html, moved, running_site


async def test_a_page_alone_is_read_even_if_it_wants_no_index(reading: Reading) -> None:
    reading.site.pages = {
        "/tea": html(
            "<h1 id=t>Tea</h1><p>Five euros. <a href=/x>x</a>",
            "<meta name=robots content=noindex><link rel=canonical href=/other>",
            last_modified="Sun, 01 Nov 2026 10:00:00 GMT",
        ),
        "/x": html("X"),
    }
    told = await reading.run("url", "/tea?utm_campaign=a#top")
    (page,) = told.fetched.values()
    assert page.url == f"{reading.site.url}/tea"
    assert page.extracted.headings[0].anchor == "t"
    assert page.known.last_modified == "Sun, 01 Nov 2026 10:00:00 GMT"
    assert reading.site.asked == ["/tea"]


async def test_a_file_behind_an_address(reading: Reading) -> None:
    table = Reply(b"Tea,Price\nGreen,5\n", headers={"content-type": "text/csv"})
    reading.site.pages = {"/prices.csv": table}
    told = await reading.run("url", "/prices.csv")
    assert [page.extracted.text for page in told.fetched.values()] == ["Tea: Green\nPrice: 5"]


async def test_the_second_time_is_conditional(reading: Reading) -> None:
    reading.site.pages = {"/tea": html("Tea", etag='W/"7"')}
    first = await reading.run("url", "/tea")
    second = await reading.run("url", "/tea", first.known)
    assert reading.site.requests[-1].headers["if-none-match"] == 'W/"7"'
    assert second.unchanged.keys() == first.fetched.keys()
    assert second.known == first.known


async def test_a_page_that_is_gone(reading: Reading) -> None:
    reading.site.pages = {"/tea": html("Tea")}
    first = await reading.run("url", "/tea")
    reading.site.pages = {}
    second = await reading.run("url", "/tea", first.known)
    assert list(second.gone.values()) == ["removed"]


async def test_a_page_may_move_to_another_host(reading: Reading) -> None:
    async with running_site("127.0.0.2") as other:
        other.pages = {"/tea": html("Tea")}
        reading.site.pages = {"/tea": moved(f"{other.url}/tea")}
        told = await reading.run("url", "/tea")
        # The test's guard lets 127.0.0.1 through and nothing else of the host's own network.
        assert other.requests == []
    (problem,) = told.problems.values()
    assert (problem.passing, "may not be read" in problem.sentence) == (False, True)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://0x7f.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "http://",
        "tea",
        "http://[x",
        "http://exa mple.com:99999/",
    ],
)
async def test_addresses_that_are_not_public_are_not_asked(site: Site, url: str) -> None:
    site.pages = {"/": html("Secret")}
    extractor = Extractor()
    async with site_http_client() as client:
        reader = SiteReader(client, extractor)
        request = FetchRequest("crawl", url.format(port=site.host.partition(":")[2]))
        outcomes = [outcome async for outcome in reader.fetch_pages(request, {})]
    await extractor.close()
    (problem,) = outcomes
    assert isinstance(problem, PageProblem)
    assert not problem.passing
    assert site.requests == []


async def test_a_name_that_does_not_resolve_may_later() -> None:
    class NoNames:
        async def resolve(self, host: str, port: int) -> list[Address]:
            raise OSError(f"no {host}:{port}")

    extractor = Extractor()
    async with site_http_client(resolver=NoNames()) as client:
        reader = SiteReader(client, extractor)
        request = FetchRequest("url", "https://tea.example/")
        (problem,) = [outcome async for outcome in reader.fetch_pages(request, {})]
    await extractor.close()
    assert isinstance(problem, PageProblem)
    assert (problem.passing, problem.sentence) == (True, "There is no host called tea.example.")


async def test_a_page_that_is_too_large_is_given_up(reading: Reading) -> None:
    reading.site.pages = {"/tea": html("a" * 300_000)}
    told = await reading.run("url", "/tea")
    (problem,) = told.problems.values()
    assert "larger" in problem.sentence
