"""One sandbox for a module's tests: every call in it has a process of its own anyway."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.hooks.sandbox.opened import opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncGenerator[Sandbox, None]:
    async with opened() as sandbox:
        yield sandbox
