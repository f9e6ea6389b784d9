import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest_asyncio

from documents.database.database import Database
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.limits import Limits
from services.llm.model import LanguageModel
from tests.unit.answering.processes import QUICK, Process, Visitor, new_visitor

MakeProcess = Callable[..., Process]


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(database: Database) -> Visitor:
    return await new_visitor()


@pytest_asyncio.fixture(loop_scope="session")
async def process_of(database: Database) -> AsyncIterator[MakeProcess]:
    """Makes server processes; afterwards none of them may have left a task or an error behind."""
    await forget_answers()
    made: list[Process] = []
    loop, complaints = asyncio.get_running_loop(), list[Any]()
    loop.set_exception_handler(lambda _, context: complaints.append(context))

    def make(*scripts: LanguageModel, limits: Limits = QUICK, **most: int) -> Process:
        made.append(Process(database, *scripts, limits=limits, **most))
        return made[-1]

    yield make
    for process in made:
        await process.generations.drain(0)
        assert process.generations.running == 0
    loop.set_exception_handler(None)
    assert not complaints


async def forget_answers() -> None:
    """Leave nothing to take over for the processes of the next test."""
    await TenantScope.every_client().of(Message).delete_many({})
