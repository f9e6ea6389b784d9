import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from documents.database.database import Database
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.limits import Limits
from services.answering.memory_event_log import MemoryEventLog
from services.answering.shared_event_log import SharedEventLog, SharedLogTimes, connect_redis
from services.llm.model import LanguageModel
from tests.redis_server import running_redis
from tests.unit.answering.processes import QUICK, Process, Visitor, new_visitor

MakeProcess = Callable[..., Process]
MakeLog = Callable[[], MemoryEventLog | SharedEventLog]
QUICK_TIMES = SharedLogTimes(look=0.2, silence=1.0, pause=0.05, answer=2.0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the driver (pymongo 4.20) forget a socket when it is cancelled while it opens one.

    Tests of answering cancel tasks at any moment, as stopping and dying processes do.
    """
    forgotten = "ignore:.*<socket.socket:pytest.PytestUnraisableExceptionWarning"
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings(forgotten))


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(database: Database) -> Visitor:
    return await new_visitor()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of the worker's own."""
    with running_redis(tmp_path_factory.mktemp("redis")) as redis:
        yield redis.url


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def make_log(request: pytest.FixtureRequest) -> MakeLog:
    """Makes the log of a process: one of its own, or one that all processes share."""
    if request.param == "memory":
        return MemoryEventLog
    url = request.getfixturevalue("redis_url")
    return lambda: SharedEventLog(connect_redis(url), QUICK_TIMES)


@pytest_asyncio.fixture(loop_scope="session")
async def process_of(database: Database, make_log: MakeLog) -> AsyncIterator[MakeProcess]:
    """Makes server processes; afterwards none of them may have left a task or an error behind."""
    await forget_answers()
    made: list[Process] = []
    loop, complaints = asyncio.get_running_loop(), list[Any]()
    loop.set_exception_handler(lambda _, context: complaints.append(context))

    def make(*scripts: LanguageModel, limits: Limits = QUICK, **more: Any) -> Process:
        made.append(Process(database, *scripts, limits=limits, event_log=make_log(), **more))
        return made[-1]

    yield make
    for process in made:
        await process.generations.drain(0)
        assert process.generations.running == 0
        await process.log.close()
    loop.set_exception_handler(None)
    assert not complaints


async def forget_answers() -> None:
    """Leave nothing to take over for the processes of the next test."""
    await TenantScope.every_client().of(Message).delete_many({})
