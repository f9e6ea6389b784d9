"""Files of the widget stay: whoever stores them, however often, there is one of each."""

import asyncio
from pathlib import Path

import pytest

from documents.database.database import Database
from documents.widget_files import WidgetFile
from services.publishing.kept_files import MOST_IN_MEMORY, KeptFiles
from services.publishing.widget_build import built_file, read_build
from tests.widget_builds import write_build

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_servers_that_start_together_keep_each_file_once(
    database: Database, tmp_path: Path
) -> None:
    write_build(tmp_path, loader="/* kept by many at once */\n")
    build = read_build(tmp_path)

    await asyncio.gather(*(KeptFiles().keep(build) for _ in range(10)))

    for name, file in build.files.items():
        stored = await WidgetFile.get_pymongo_collection().count_documents({"name": name})
        assert stored == 1
        assert await KeptFiles().find(name) == file


@pytest.mark.parametrize(
    "name", ["loader-0123456789.js", "manifest.json", "../loader-0123456789.js", "", "x" * 10_000]
)
async def test_what_was_never_served_is_not_found(database: Database, name: str) -> None:
    assert await KeptFiles().find(name) is None


async def test_no_more_than_so_many_stay_in_memory(database: Database) -> None:
    kept, files = KeptFiles(), []
    for number in range(MOST_IN_MEMORY + 5):
        file = built_file(f"panel-many{number:06}.js", f"/* {number} */".encode())
        await WidgetFile(name=file.name, content=file.content).insert()
        files.append(file)

    found = [await kept.find(file.name) for file in files]

    assert found == files
    assert len(kept._in_memory) <= MOST_IN_MEMORY
