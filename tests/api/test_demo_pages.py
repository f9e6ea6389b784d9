"""The demo pages: what is served, under which policy, and with which chatbot."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.server_process import ServerProcess


@pytest_asyncio.fixture
async def http(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.mark.parametrize("path", ["/demo", "/demo/test"])
async def test_a_page_loads_the_widget_and_has_no_script_or_style_of_its_own_inline(
    http: httpx.AsyncClient, path: str
) -> None:
    page = await http.get(path)

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "widget.js" in page.text
    assert "<style" not in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    again = await http.get(path, headers={"if-none-match": page.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("another-key_1", "another-key_1"),
        ("", "demo"),
        ('"><script>', "demo"),
        ("x" * 101, "demo"),
        ("dem\x00", "demo"),
    ],
)
async def test_the_address_chooses_the_chatbot(
    http: httpx.AsyncClient, asked: str, shown: str
) -> None:
    page = await http.get("/demo", params={"chatbot": asked})
    assert f'data-chatbot="{shown}"' in page.text
    assert page.text.count("data-chatbot=") == 1
    assert "<script>" not in page.text


@pytest.mark.parametrize("name", ["index.html", "test.html", "nothing.js", "__init__.py"])
async def test_nothing_else_is_there(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/demo/{name}")).status_code == 404
