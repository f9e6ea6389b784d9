"""The world of the matrix, made once for all its tests on this worker."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.api.matrix.building import build
from tests.api.matrix.world import World
from tests.api.operations import database_of
from tests.conftest import signed_in
from tests.server_process import ServerProcess


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(server: ServerProcess) -> AsyncGenerator[World, None]:
    """Two clients with one of everything."""
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    async with database_of(server) as database:
        made = World(server, database.database, admin)
        await build(made)
        yield made
        await made.close()
