"""A sitemap's pages: indexes, packed ones, text, and XML that is meant to do harm."""

import gzip

import pytest

from tests.unit.knowledge.fetching.conftest import Reading
from tests.unit.knowledge.fetching.site_server import Reply, html

XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def urlset(*urls: str) -> bytes:
    entries = "".join(f"<url><loc>{url}</loc><lastmod>2026-01-01</lastmod></url>" for url in urls)
    return f'<?xml version="1.0"?><urlset xmlns="{XMLNS}">{entries}</urlset>'.encode()


def index(*urls: str) -> bytes:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f'<sitemapindex xmlns="{XMLNS}">{entries}</sitemapindex>'.encode()


async def test_pages_are_read_and_links_are_not_followed(reading: Reading) -> None:
    url = reading.site.url
    reading.site.pages = {
        "/sitemap.xml": Reply(urlset(f"{url}/a", f"{url}/b", "https://elsewhere.example/")),
        "/a": html("A <a href=/c>c</a>"),
        "/b": html("B"),
        "/c": html("C"),
    }
    told = await reading.run("sitemap", "/sitemap.xml")
    assert reading.paths(told) == ["/a", "/b"]


async def test_an_index_with_packed_and_plain_sitemaps(reading: Reading) -> None:
    url = reading.site.url
    reading.site.pages = {
        "/sitemap.xml": Reply(
            index(f"{url}/1.xml.gz", f"{url}/2.xml", f"{url}/3.txt", f"{url}/sitemap.xml")
        ),
        "/1.xml.gz": Reply(gzip.compress(urlset(f"{url}/a"))),
        "/2.xml": Reply(gzip.compress(urlset(f"{url}/b")), headers={"content-encoding": "gzip"}),
        "/3.txt": Reply(f"{url}/c\n\n{url}/c\nnonsense\n".encode()),
        **{f"/{name}": html(name) for name in "abc"},
    }
    told = await reading.run("sitemap", "/sitemap.xml")
    assert reading.paths(told) == ["/a", "/b", "/c"]


async def test_a_sites_own_word_on_where_its_sitemap_is(reading: Reading) -> None:
    url = reading.site.url
    reading.site.pages = {
        "/robots.txt": Reply(f"Sitemap: {url}/map\nUser-agent: *\nDisallow: /b\n".encode()),
        "/map": Reply(urlset(f"{url}/a", f"{url}/b")),
        "/a": html("A"),
        "/b": html("B"),
    }
    told = await reading.run("sitemap", "/")
    assert reading.paths(told) == ["/a"]


async def test_a_page_that_left_the_sitemap_and_the_site(reading: Reading) -> None:
    url = reading.site.url
    reading.site.pages = {
        "/sitemap.xml": Reply(urlset(f"{url}/a", f"{url}/b")),
        "/a": html("A"),
        "/b": html("B"),
    }
    first = await reading.run("sitemap", "/sitemap.xml")
    reading.site.pages |= {
        "/sitemap.xml": Reply(urlset(f"{url}/a")),
        "/b": Reply(status=404),
    }
    second = await reading.run("sitemap", "/sitemap.xml", first.known)
    assert second.gone == {f"{url}/b": "removed"}
    assert list(second.unchanged) == [f"{url}/a"]


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE u [<!ENTITY a "http://x/">'
    + b"".join(b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 50) for n in range(8))
    + b"]><urlset><url><loc>&i;</loc></url></urlset>"
)
FOREIGN_FILE = (
    b'<!DOCTYPE u [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    b"<urlset><url><loc>&f;</loc></url></urlset>"
)


@pytest.mark.parametrize(
    "sitemap",
    [
        b"",
        b"<html><body>no sitemap</body></html>",
        urlset("https://elsewhere.example/"),
        b"\x1f\x8b broken",
        gzip.compress(b" " * 60_000_000),
        LAUGHS,
        FOREIGN_FILE,
    ],
)
async def test_a_sitemap_that_cannot_be_read_is_one_problem(
    reading: Reading, sitemap: bytes
) -> None:
    reading.site.pages = {"/sitemap.xml": Reply(sitemap)}
    told = await reading.run("sitemap", "/sitemap.xml")
    (problem,) = told.outcomes
    assert problem is told.problems[reading.site.url + "/sitemap.xml"]
    assert told.problems[problem.url].sentence.endswith(".")


async def test_a_sitemap_that_is_not_there(reading: Reading) -> None:
    told = await reading.run("sitemap", "/")
    (problem,) = told.problems.values()
    assert "status 404" in problem.sentence
