"""An update of the widget breaks no page that was opened before it, or that pins a build."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.server_process import ServerProcess
from tests.widget_builds import write_build

OLD, NEW = "/* the loader of old */\n", "/* the loader of today */\n"
FOR_GOOD = "public, max-age=31536000, immutable"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return tmp_path / "dist"


@pytest.fixture
def updated_server(tmp_path: Path, dist: Path) -> Iterator[ServerProcess]:
    """A server that was updated from the old build to the new one."""
    process = ServerProcess(tmp_path / "data", PARLANCE_WIDGET_DIR=str(dist))
    write_build(dist, loader=OLD)
    process.start()
    for file in dist.iterdir():
        file.unlink()
    write_build(dist, loader=NEW)
    process.restart()
    yield process
    process.stop()


@pytest_asyncio.fixture
async def http(updated_server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=updated_server.url, trust_env=False) as client:
        yield client


def hash_of(folder: Path, text: str) -> str:
    """The hash in the name that a loader of this text has."""
    write_build(folder, loader=text)
    (name,) = (file.stem for file in folder.glob("loader-*.js"))
    return name.removeprefix("loader-")


async def test_files_of_an_earlier_build_are_still_served(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    old, new = hash_of(tmp_path / "old", OLD), hash_of(tmp_path / "new", NEW)

    newest = await http.get("/widget.js")
    kept = await http.get(f"/widget/loader-{old}.js")
    pinned = {build: await http.get("/widget.js", params={"build": build}) for build in (old, new)}
    unknown = await http.get("/widget.js", params={"build": "0000000000"})

    assert newest.text == unknown.text == NEW
    assert newest.headers["cache-control"] == unknown.headers["cache-control"] != FOR_GOOD
    assert kept.text == pinned[old].text == OLD
    assert pinned[new].text == NEW
    assert kept.headers["cache-control"] == FOR_GOOD
    assert {one.headers["cache-control"] for one in pinned.values()} == {FOR_GOOD}
    assert kept.headers["access-control-allow-origin"] == "*"
    for path in ("/widget/loader-0000000000.js", "/widget/manifest.json"):
        assert (await http.get(path)).status_code == 404
    for trick in ("../../etc/passwd", "x" * 10_000, "\x00", ""):
        assert (await http.get("/widget.js", params={"build": trick})).text == NEW
