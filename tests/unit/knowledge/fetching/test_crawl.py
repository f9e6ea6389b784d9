"""A crawl: one site, each page once, as far and as fast as the site allows."""

import gzip

import pytest

from tests.unit.knowledge.fetching.conftest import Reading
from tests.unit.knowledge.fetching.site_server import Reply, Request, html, moved


def links(*paths: str) -> str:
    return "".join(f"<a href='{path}'>{path}</a> " for path in paths)


async def test_links_are_followed_as_deep_as_asked(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/a", "/b")),
        "/a": html("A " + links("/a/a", "/")),
        "/b": html("B"),
        "/a/a": html("AA " + links("/a/a/a")),
        "/a/a/a": html("AAA"),
    }
    told = await reading.run("crawl", max_depth=2)
    assert reading.paths(told) == ["/", "/a", "/b", "/a/a"]
    assert [page.known.depth for page in told.fetched.values()] == [0, 1, 1, 2]
    assert reading.site.asked == ["/", "/a", "/b", "/a/a"]
    assert [one.waiting for one in told.outcomes] == [2, 2, 1, 0]


async def test_no_more_pages_than_asked_for(reading: Reading) -> None:
    reading.site.pages = {f"/{n}": html(f"Page {n} " + links(f"/{n + 1}")) for n in range(20)}
    told = await reading.run("crawl", "/0", max_pages=3, max_depth=9)
    assert reading.paths(told) == ["/0", "/1", "/2"]


async def test_only_one_host_is_asked(reading: Reading) -> None:
    other = reading.site.url.replace("127.0.0.1", "localhost")
    reading.site.pages = {
        "/": html("Start " + links(f"{other}/x", "https://elsewhere.example/", "/away")),
        "/away": moved(f"{other}/x"),
        "/x": html("X"),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/"]
    assert reading.site.asked == ["/", "/away"]
    (problem,) = told.problems.values()
    assert "another site, localhost" in problem.sentence


async def test_what_is_no_page_is_not_read(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/logo.png", "/style.css?v=1", "/feed", "/doc")),
        "/feed": Reply(b"{}", headers={"content-type": "application/json"}),
        "/doc": Reply(b"Plain words.", headers={"content-type": "text/plain"}),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/doc"]
    assert reading.site.asked == ["/", "/feed", "/doc"]
    assert not told.problems


async def test_the_same_page_by_many_addresses_is_kept_once(reading: Reading) -> None:
    reading.site.pages = {
        "/": html(
            "Start " + links("/tea", "/tea/", "/tea#top", "/tea?utm_source=x&fbclid=1", "/copy")
        ),
        "/tea": html("Tea."),
        "/copy": html("Tea."),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/tea"]
    assert reading.site.asked == ["/", "/tea", "/copy"]


async def test_a_copy_that_names_its_original_is_folded_into_it(reading: Reading) -> None:
    canonical = "<link rel=canonical href='/tea'>"
    reading.site.pages = {
        "/": html("Start " + links("/tea-print")),
        "/tea-print": html("Tea, to be printed.", canonical),
        "/tea": html("Tea.", canonical),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/tea"]


@pytest.mark.parametrize(
    "canonical", ["/nowhere", "/", "https://elsewhere.example/tea", "http://["]
)
async def test_an_original_that_is_none_is_not_believed(reading: Reading, canonical: str) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/tea")),
        "/tea": html("Tea.", f"<link rel=canonical href='{canonical}'>"),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/tea"]


async def test_originals_in_a_circle_come_to_an_end(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/a")),
        "/a": html("A.", "<link rel=canonical href=/b>"),
        "/b": html("B.", "<link rel=canonical href=/a>"),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/b"]


async def test_robots_txt_is_kept_to(reading: Reading) -> None:
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: parlance\nDisallow: /private\n"
    reading.site.pages = {
        "/robots.txt": Reply(rules + b"Crawl-delay: 7\n"),
        "/": html("Start " + links("/private/x", "/public")),
        "/public": html("Public"),
        "/private/x": html("Private"),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/public"]
    assert "/private/x" not in reading.site.asked
    assert reading.clock.sleeps[-1] == pytest.approx(7.0)
    assert reading.site.requests[0].headers["user-agent"] == "Parlance (+https://chat.example)"


async def test_a_site_that_wants_nobody_says_so(reading: Reading) -> None:
    reading.site.pages = {
        "/robots.txt": Reply(b"User-agent: *\nDisallow: /\n"),
        "/": html("Start"),
    }
    told = await reading.run("crawl")
    assert reading.site.asked == []
    (problem,) = told.problems.values()
    assert ("robots.txt" in problem.sentence, problem.passing) == (True, False)


async def test_without_a_readable_robots_txt_nothing_is_asked(reading: Reading) -> None:
    reading.site.pages = {"/robots.txt": Reply(status=500), "/": html("Start")}
    told = await reading.run("crawl")
    assert reading.site.asked == []
    (problem,) = told.problems.values()
    assert ("robots.txt" in problem.sentence, problem.passing) == (True, True)


async def test_pages_that_want_not_to_be_indexed_or_followed(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/no", "/header", "/stop", "/other")),
        "/no": html("No " + links("/behind"), "<meta name=robots content=noindex>"),
        "/header": html("No", x_robots_tag="noindex"),
        "/stop": html("Stop " + links("/hidden"), "<meta name=robots content=nofollow>"),
        "/other": html("Other", x_robots_tag="googlebot: noindex"),
        "/behind": html("Behind"),
        "/hidden": html("Hidden"),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/stop", "/other", "/behind"]


async def test_one_request_at_a_time_with_a_pause(reading: Reading) -> None:
    reading.site.pages = {f"/{n}": html(f"Page {n} " + links(f"/{n + 1}")) for n in range(5)}
    await reading.run("crawl", "/0", max_depth=9)
    assert reading.site.most_at_once == 1
    assert all(pause == pytest.approx(0.2) for pause in reading.clock.sleeps)
    assert len(reading.clock.sleeps) == len(reading.site.requests) - 1


async def test_a_packed_page_is_unpacked_within_its_limit(reading: Reading) -> None:
    packed = {"content-encoding": "gzip", "content-type": "text/html"}
    reading.site.pages = {
        "/": html("Start " + links("/packed", "/bomb", "/broken")),
        "/packed": Reply(gzip.compress(b"<main>Packed tea.</main>"), headers=packed),
        "/bomb": Reply(gzip.compress(b"a" * 50_000_000), headers=packed),
        "/broken": Reply(b"no gzip", headers=packed),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/packed"]
    assert {url.rpartition("/")[2] for url in told.problems} == {"bomb", "broken"}


async def test_redirects_end(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/circle", "/endless", "/moved")),
        "/circle": moved("/circle2"),
        "/circle2": moved("/circle"),
        **{f"/endless{'x' * n}": moved(f"/endless{'x' * (n + 1)}") for n in range(20)},
        "/moved": moved("/here", 308),
        "/here": html("Here"),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/here"]
    sentences = [problem.sentence for problem in told.problems.values()]
    assert sentences == ["The address redirects in a circle.", "It redirects more than 5 times."]


async def test_a_start_that_moved_within_the_site(reading: Reading) -> None:
    reading.site.pages = {
        "/": moved("/en/", 302),
        "/en/": html("English " + links("/en/tea", "/")),
        "/en/tea": html("Tea"),
    }
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/en/", "/en/tea"]


async def test_faults_are_told_page_by_page(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/gone", "/broken", "/closed", "/secret", "/scan", "/empty")),
        "/broken": Reply(status=500),
        "/closed": Reply(hangs_up=True),
        "/secret": Reply(status=403),
        "/scan": Reply(b"%PDF-1.4 broken", headers={"content-type": "application/pdf"}),
        "/empty": html(""),
    }
    told = await reading.run("crawl")
    assert {
        url.rpartition("/")[2]: problem.passing for url, problem in told.problems.items()
    } == {
        "gone": False, "broken": True, "closed": True, "secret": False, "scan": False,
        "empty": False,
    }  # fmt: skip
    assert all(problem.sentence.endswith(".") for problem in told.problems.values())


async def test_a_short_pause_is_waited_for(reading: Reading) -> None:
    def busy_once(request: Request) -> Reply:
        is_first = reading.site.asked.count("/a") == 1
        return Reply(status=429, headers={"retry-after": "30"}) if is_first else html("A")

    reading.site.pages = {"/": html("Start " + links("/a")), "/a": busy_once}
    told = await reading.run("crawl")
    assert reading.paths(told) == ["/", "/a"]
    assert max(reading.clock.sleeps) == pytest.approx(30.0)


async def test_a_long_pause_ends_the_run(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/a", "/b")),
        "/a": Reply(status=503, headers={"retry-after": "3600"}),
        "/b": html("B"),
    }
    told = await reading.run("crawl")
    assert reading.site.asked == ["/", "/a"]
    (problem,) = told.problems.values()
    assert (problem.passing, problem.retry_after_s) == (True, 3_600.0)


async def test_a_site_that_fails_and_fails_is_left_alone(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links(*(f"/{n}" for n in range(30)))),
        **{f"/{n}": Reply(status=500) for n in range(30)},
    }
    told = await reading.run("crawl")
    assert len(reading.site.asked) == 11
    assert "10 pages failed" in told.problems[reading.site.url + "/"].sentence


@pytest.mark.parametrize(
    "trouble", [Reply(status=500), Reply(status=503, headers={"retry-after": "3600"})]
)
async def test_known_pages_are_not_taken_for_gone_when_a_run_ends_early(
    reading: Reading, trouble: Reply
) -> None:
    paths = [f"/{n}" for n in range(20)]
    reading.site.pages = {
        "/": html("Start " + links(*paths)),
        **{path: html(f"Page {path}") for path in paths},
    }
    first = await reading.run("crawl")
    reading.site.pages |= dict.fromkeys(paths, trouble)
    second = await reading.run("crawl", known=first.known)
    assert len(reading.site.asked) < 21 + 12
    heard = second.problems.keys() | second.unchanged.keys()
    assert heard == first.known.keys()
    assert all(problem.passing for problem in second.problems.values())
    assert not second.gone


async def test_the_next_run_asks_only_for_what_changed(reading: Reading) -> None:
    reading.site.pages = {
        "/": html("Start " + links("/tagged", "/same", "/changed"), etag='"1"'),
        "/tagged": html("Tagged " + links("/behind"), etag='"t"'),
        "/same": html("Same"),
        "/changed": html("Old"),
        "/behind": html("Behind", etag='"b"'),
    }
    first = await reading.run("crawl")
    reading.site.pages["/changed"] = html("New")
    second = await reading.run("crawl", known=first.known)
    assert reading.paths(second) == ["/changed"]
    assert second.fetched[reading.site.url + "/changed"].extracted.text == "New"
    assert len(second.unchanged) == 4
    assert second.known.keys() == first.known.keys()


async def test_pages_that_went_away_are_told_apart(reading: Reading) -> None:
    pages = ("/removed", "/unlinked", "/failing", "/unwanted", "/forbidden", "/copy", "/moved")
    reading.site.pages = {
        "/": html("Start " + links(*pages)),
        **{path: html(f"Page {path}") for path in pages},
    }
    first = await reading.run("crawl")
    assert len(first.fetched) == 8
    reading.site.pages |= {
        "/": html("Start again " + links("/failing", "/copy", "/new")),
        "/robots.txt": Reply(b"User-agent: *\nDisallow: /forbidden\n"),
        "/removed": Reply(status=410),
        "/failing": Reply(status=502),
        "/unwanted": html("Page", "<meta name=robots content=noindex>"),
        "/copy": html("Start again " + links("/failing", "/copy", "/new")),
        "/moved": moved("/new"),
        "/new": html("New"),
    }
    second = await reading.run("crawl", known=first.known)
    url = reading.site.url
    assert second.gone == {
        f"{url}/copy": "duplicate",
        f"{url}/removed": "removed",
        f"{url}/unwanted": "not_for_indexing",
        f"{url}/forbidden": "not_allowed",
        f"{url}/moved": "duplicate",
    }
    assert list(second.problems) == [f"{url}/failing"]
    assert list(second.unchanged) == [f"{url}/unlinked"]
    assert reading.paths(second) == ["/", "/new"]
