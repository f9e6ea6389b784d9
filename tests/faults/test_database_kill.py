"""mongod and its parent killed by SIGKILL at random moments. Budget: 60 seconds.

The moments come from a seed, so that a failure can be repeated.
"""

import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bson import ObjectId
from pymongo.errors import PyMongoError

from documents.database.binary import find_mongod
from documents.database.database import Database
from documents.errors import is_unavailable
from tests.faults.database_process import (
    announcement,
    embedded_database,
    end,
    eventually,
    mongods_of,
    start_program,
)

pytestmark = pytest.mark.faults

MONGOD_KILLS = 10
PARENT_KILLS = 6
SEED = 20261120


@dataclass
class Writer:
    """Inserts one document after the other and remembers what was acknowledged."""

    database: Database
    acknowledged: list[ObjectId] = field(default_factory=list)
    failures: list[PyMongoError] = field(default_factory=list)
    stopped: bool = False

    async def run(self) -> None:
        while not self.stopped:
            document = {"_id": ObjectId()}
            try:
                await self.database.database["acknowledged"].insert_one(document)
            except PyMongoError as error:
                self.failures.append(error)
            else:
                self.acknowledged.append(document["_id"])

    async def acknowledges_again(self) -> None:
        before = len(self.acknowledged)
        await eventually(lambda: len(self.acknowledged) > before, within_s=60)


async def kill_mongod(database: Database) -> None:
    await eventually(lambda: database.mongod_pid is not None, within_s=60)
    pid = database.mongod_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


async def test_a_killed_mongod_comes_back_with_every_acknowledged_write(tmp_path: Path) -> None:
    moments = random.Random(SEED)
    async with embedded_database(tmp_path) as database:
        writers = [Writer(database) for _ in range(4)]
        tasks = [asyncio.create_task(writer.run()) for writer in writers]
        for kill in range(MONGOD_KILLS):
            await asyncio.sleep(moments.uniform(0, 2))
            await kill_mongod(database)
            if kill % 3 == 2:  # and once more while it is coming back
                await asyncio.sleep(moments.uniform(0, 0.5))
                await kill_mongod(database)
            await asyncio.gather(*(writer.acknowledges_again() for writer in writers))
        for writer in writers:
            writer.stopped = True
        await asyncio.gather(*tasks)
        assert database.mongod_restarts >= MONGOD_KILLS
        acknowledged = {name for writer in writers for name in writer.acknowledged}
        stored = {found["_id"] async for found in database.database["acknowledged"].find({})}
    assert acknowledged - stored == set()
    assert all(is_unavailable(error) for writer in writers for error in writer.failures)


async def test_while_mongod_is_down_requests_fail_soon_and_then_work_again(tmp_path: Path) -> None:
    binary = tmp_path / "mongod"
    binary.symlink_to(find_mongod(None))
    async with embedded_database(tmp_path / "data", binary) as database:
        binary.rename(tmp_path / "away")
        await kill_mongod(database)
        started = time.monotonic()
        with pytest.raises(PyMongoError) as refused:
            await database.database["notes"].insert_one({})
        assert is_unavailable(refused.value)
        assert time.monotonic() - started < 8
        (tmp_path / "away").rename(binary)
        writer = Writer(database)
        task = asyncio.create_task(writer.run())
        await writer.acknowledges_again()
        writer.stopped = True
        await task


async def test_mongod_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    moments = random.Random(SEED)
    acknowledged = set()
    for kill in range(PARENT_KILLS):
        server = await start_program("serve_database", str(tmp_path))
        if kill % 2:  # in the middle of its start
            await asyncio.sleep(moments.uniform(0.2, 1.2))
        else:
            announced = await announcement(server)
            acknowledged.add(ObjectId(announced.acknowledged))
            assert mongods_of(tmp_path) == [announced.mongod_pid]
        server.kill()
        await end(server)
        await eventually(lambda: mongods_of(tmp_path) == [], within_s=60)
    async with embedded_database(tmp_path) as database:
        stored = {found["_id"] async for found in database.database["started"].find({})}
    assert acknowledged - stored == set()
