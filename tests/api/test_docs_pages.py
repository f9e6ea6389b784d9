"""/docs, as a browser gets it."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from tests.server_process import ServerProcess


@pytest_asyncio.fixture
async def http(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
        yield client


async def test_pages_come_under_a_strict_policy_and_are_kept_by_the_browser(
    http: httpx.AsyncClient,
) -> None:
    for path, title in (("/docs", "Parlance"), ("/docs/reference/errors", "Errors · Parlance")):
        page = await http.get(path)
        assert page.status_code == 200
        assert f"<title>{title}</title>" in page.text
        assert "<script" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        again = await http.get(path, headers={"if-none-match": page.headers["etag"]})
        assert again.status_code == 304
        assert (await http.head(path)).status_code == 200


async def test_style_and_pictures_come_along(http: httpx.AsyncClient) -> None:
    style, picture = [await http.get(f"/docs/{one}") for one in ("style.css", "pictures/demo.png")]
    assert style.headers["content-type"].startswith("text/css")
    assert picture.headers["content-type"] == "image/png"


async def test_what_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    for path in (
        "/docs/nothing",
        "/docs/pictures/nothing.png",
        "/docs/guide/%2e%2e/%2e%2e/Makefile",
    ):
        found = await http.get(path)
        assert (found.status_code, found.json()["errors"][0]["extensions"]["code"]) == (
            404,
            "NOT_FOUND",
        )
