"""What the database's fault tests share: a server in a process of its own, and waiting."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = "tests.faults.programs"


@dataclass(frozen=True)
class DatabaseServer:
    """A process that runs `serve_database`, and what it announced."""

    process: asyncio.subprocess.Process
    mongod_pid: int
    url: str
    acknowledged: str


async def start_program(name: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"{PROGRAMS}.{name}", *arguments),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def announcement(process: asyncio.subprocess.Process) -> DatabaseServer:
    """Waits until the server has opened its database."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    assert line, await process.communicate()
    return DatabaseServer(process, **json.loads(line))


@asynccontextmanager
async def database_server(data_dir: Path) -> AsyncIterator[DatabaseServer]:
    process = await start_program("serve_database", str(data_dir))
    try:
        yield await announcement(process)
    finally:
        await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    """Stops a program as an operator would, and reads what it left."""
    if process.returncode is None:
        process.terminate()
    await asyncio.wait_for(process.communicate(), 30)


@contextmanager
def shared_database_server(data_dir: Path) -> Iterator[str]:
    """The address of a server for several tests, each of which has its own event loop."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"{PROGRAMS}.serve_database", str(data_dir)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()
        assert process.wait(30) == 0


@asynccontextmanager
async def embedded_database(data_dir: Path, mongod: Path | None = None) -> AsyncIterator[Database]:
    database = await open_database(DatabaseOptions(None, data_dir, mongod))
    try:
        yield database
    finally:
        await database.close()


async def eventually(condition: Callable[[], bool], *, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def mongods_of(data_dir: Path) -> list[int]:
    """The processes whose command line names the data folder's database."""
    wanted = str(data_dir / "mongodb" / "data")
    processes = psutil.process_iter(["cmdline"])
    return [found.pid for found in processes if wanted in (found.info["cmdline"] or [])]
