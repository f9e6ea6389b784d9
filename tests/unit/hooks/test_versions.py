"""What versions of a hook keep of a source."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from documents.database.database import Database
from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.answering.processes import new_visitor
from tests.unit.hooks.put_to_use import Hooks
from tests.unit.hooks.sandbox.opened import opened

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOURCE = 'def before_llm(ctx, message):\n    return {"message": "a\u2028b %d"}\n'
APPENDS = '"""Not a declaration:\n\nAFTER_LLM = "append"\n"""\n'
REWRITES = 'def after_llm(ctx, message, answer):\n    return {"answer": answer.upper()}\n'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with opened() as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def hooks(database: Database, sandbox: Sandbox) -> AsyncIterator[Hooks]:
    hooks = Hooks(database, sandbox)
    yield hooks
    await hooks.close()


async def test_a_difference_shows_lines_as_the_parser_counts_them(hooks: Hooks) -> None:
    visitor = await new_visitor()
    await hooks.saved(visitor.client_id, visitor.chatbot_id, SOURCE % 1)
    second = await hooks.saved(visitor.client_id, visitor.chatbot_id, SOURCE % 2)
    assert '-    return {"message": "a\u2028b 1"}\n' in second.version.diff
    assert '+    return {"message": "a\u2028b 2"}\n' in second.version.diff


async def test_what_a_docstring_says_of_appending_lets_no_answer_stream(hooks: Hooks) -> None:
    visitor = await new_visitor()
    declared = await hooks.saved(visitor.client_id, visitor.chatbot_id, APPENDS + REWRITES)
    assert declared.version.after_mode == "rewrite"
    truly = 'AFTER_LLM = "append"\n' + REWRITES
    version = (await hooks.saved(visitor.client_id, visitor.chatbot_id, truly)).version
    assert version.after_mode == "append"
