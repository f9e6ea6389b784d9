"""The widget's files as pages get them: under which name, for how long, in which form."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import brotli
import httpx
import pytest
import pytest_asyncio

from api.application import create_application
from api.settings import Settings
from services.publishing.kept_files import KeptFiles
from services.publishing.widget_build import WidgetBuilds
from tests.widget_builds import write_build


@pytest.fixture
def texts(tmp_path: Path) -> dict[str, str]:
    return write_build(tmp_path)


@pytest_asyncio.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    application = create_application(Settings())
    application.state.widget_builds = WidgetBuilds(tmp_path)
    application.state.kept_files = KeptFiles()
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def of_kind(texts: dict[str, str], kind: str) -> str:
    (name,) = (name for name in texts if name.startswith(f"{kind}-"))
    return name


async def sent(http: httpx.AsyncClient, path: str, coding: str) -> tuple[httpx.Response, bytes]:
    """A response, and its body as it came over the line."""
    headers = {"accept-encoding": coding}
    async with http.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


async def test_the_loader_has_a_stable_name_and_is_asked_for_again_soon(
    http: httpx.AsyncClient, texts: dict[str, str]
) -> None:
    answer = await http.get("/widget.js")

    assert answer.status_code == 200
    assert answer.text == texts[of_kind(texts, "loader")]
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=300, must-revalidate"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = await http.get("/widget.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == answer.headers["cache-control"]


async def test_every_file_of_the_build_is_kept_for_good_under_its_own_name(
    http: httpx.AsyncClient, texts: dict[str, str]
) -> None:
    for name, text in texts.items():
        answer = await http.get(f"/widget/{name}")
        assert answer.text == text
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("BR;Q=1.0", "br"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("", None),
        ("br;q=0.000", None),
    ],
)
async def test_a_file_travels_in_the_best_form_that_the_browser_takes(
    http: httpx.AsyncClient, texts: dict[str, str], accepted: str, coding: str | None
) -> None:
    answer, body = await sent(http, "/widget.js", accepted)

    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    unpacked = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding](body)
    assert unpacked.decode() == texts[of_kind(texts, "loader")]
    assert answer.headers["content-length"] == str(len(body))
    if coding:
        assert len(body) < len(unpacked)


async def test_each_form_has_an_etag_of_its_own(
    http: httpx.AsyncClient, texts: dict[str, str]
) -> None:
    etags = {(await sent(http, "/widget.js", how))[0].headers["etag"] for how in ("br", "gzip", "")}
    assert len(etags) == 3


async def test_a_new_build_is_served_without_a_restart(
    http: httpx.AsyncClient, texts: dict[str, str], tmp_path: Path
) -> None:
    first = await http.get("/widget.js")
    newer = write_build(tmp_path, loader="/* a newer loader */\n")

    second = await http.get("/widget.js", headers={"if-none-match": first.headers["etag"]})

    assert second.status_code == 200
    assert second.text == newer[of_kind(newer, "loader")] == "/* a newer loader */\n"


async def test_a_build_that_is_being_written_takes_nothing_away(
    http: httpx.AsyncClient, texts: dict[str, str], tmp_path: Path
) -> None:
    first = await http.get("/widget.js")
    manifest = tmp_path / "manifest.json"
    whole = manifest.read_text()

    manifest.unlink()
    removed = await http.get("/widget.js")
    manifest.write_text(whole[: len(whole) // 2])
    half = await http.get("/widget.js")
    newer = write_build(tmp_path, loader="/* a newer loader */\n")

    assert first.text == removed.text == half.text
    assert (await http.get("/widget.js")).text == newer[of_kind(newer, "loader")]


@pytest.mark.parametrize("name", ["manifest.json", "..%2fmanifest.json", "panel.js"])
async def test_nothing_is_served_but_what_the_manifest_names(
    http: httpx.AsyncClient, texts: dict[str, str], name: str
) -> None:
    assert (await http.get(f"/widget/{name}")).status_code == 404


@pytest.mark.parametrize("path", ["/widget.js", "/widget/loader-0123456789.js"])
async def test_without_a_build_it_says_how_to_make_one_and_not_where(
    http: httpx.AsyncClient, tmp_path: Path, path: str
) -> None:
    answer = await http.get(path)

    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "WIDGET_NOT_BUILT"
    assert "npm run build" in answer.text
    assert str(tmp_path) not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_file_that_is_not_the_one_the_manifest_means_is_not_served(
    http: httpx.AsyncClient, texts: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / of_kind(texts, "panel")).write_text("alert('changed on the way')")
    assert (await http.get("/widget.js")).status_code == 503


async def test_a_manifest_that_names_files_elsewhere_is_no_build(
    http: httpx.AsyncClient, texts: dict[str, str], tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(
        manifest.read_text().replace(of_kind(texts, "panel"), "../secret-012345.js")
    )
    assert (await http.get("/widget.js")).status_code == 503
