"""The worlds of the matrix, made once for all tests on this worker."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest_asyncio

from tests.api.matrix.building import build
from tests.api.matrix.stored import stored_of_client
from tests.api.matrix.world import World
from tests.api.operations import database_of
from tests.conftest import signed_in
from tests.server_process import ServerProcess


@asynccontextmanager
async def new_world(server: ServerProcess) -> AsyncGenerator[World, None]:
    """Two clients with one of everything."""
    admin = await signed_in(server.url, server.admin_email, server.admin_password)
    async with database_of(server) as database:
        made = World(server, database.database, admin)
        await build(made)
        yield made
        await made.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(server: ServerProcess) -> AsyncGenerator[World, None]:
    """A world in which everybody does everything."""
    async with new_world(server) as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def quiet_world(server: ServerProcess) -> AsyncGenerator[World, None]:
    """A world in which nobody of B does anything, and nobody of A anything that works."""
    async with new_world(server) as made:
        await settled(made)
        yield made


async def settled(world: World) -> None:
    """Wait for what the server still writes about B's last answer."""
    async with asyncio.timeout(60):
        before: object = None
        while before != (now := await stored_of_client(world.database, world.b.slug)):
            before = now
            await asyncio.sleep(0.2)
