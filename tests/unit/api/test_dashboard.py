"""The built dashboard as it is served, and told of when there is one."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from api.application import create_application
from api.server import announce
from api.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(dashboard_dir=tmp_path / "dist")


@pytest.fixture
def built(tmp_path: Path) -> None:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<title>A dashboard</title>")
    (assets / "main-hash.js").write_text("export {};")
    (tmp_path / "beside.txt").write_text("not a part of it")


@pytest_asyncio.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_application(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://dashboard") as client:
        yield client


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["", "clients/demo", "clients/demo/chatbots/Q2hhdGJvdDox%3D"])
async def test_every_page_is_the_one_file_under_a_strict_policy(
    http: httpx.AsyncClient, path: str
) -> None:
    page = await http.get(f"/dashboard/{path}")

    assert page.status_code == 200
    assert page.text == "<title>A dashboard</title>"
    assert page.headers["cache-control"] == "no-cache"
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.usefixtures("built")
async def test_files_with_a_hash_in_their_name_are_kept_for_good(http: httpx.AsyncClient) -> None:
    script = await http.get("/dashboard/assets/main-hash.js")

    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["assets/gone.js", "%2e%2e/beside.txt", "..%2fbeside.txt"])
async def test_nothing_else_is_there(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(f"/dashboard/{path}")).status_code == 404


@pytest.mark.usefixtures("built")
async def test_the_address_without_its_slash_leads_there(http: httpx.AsyncClient) -> None:
    assert (await http.get("/dashboard", follow_redirects=True)).status_code == 200


async def test_a_dashboard_that_is_not_built_is_not_there(http: httpx.AsyncClient) -> None:
    assert (await http.get("/dashboard/")).status_code == 404


def test_its_address_is_told_only_when_it_is_built(
    settings: Settings, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    announce(settings, None)
    assert "Dashboard" not in capsys.readouterr().out

    request.getfixturevalue("built")
    announce(settings, None)
    assert f"Dashboard        {settings.base_url}/dashboard/" in capsys.readouterr().out
