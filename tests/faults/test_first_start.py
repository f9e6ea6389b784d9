"""Servers that start together on one empty database make one installation of it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from api.first_password import FILE_NAME
from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from tests.api.test_command_line import PRINTED_PASSWORD
from tests.conftest import signed_in
from tests.server_process import ServerProcess

pytestmark = pytest.mark.faults

TIMES = 3
"""Each start takes another course."""

ONE_OF_EACH = ("clients", "chatbots", "chatbot_versions", "llm_configs", "knowledge_sources")


@pytest_asyncio.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(DatabaseOptions(mongodb_url=None, data_dir=tmp_path / "mongodb"))
    yield database
    await database.close()


def beginner(database: Database, folder: Path, name: str, **settings: str) -> ServerProcess:
    """A server on a database in that mongod, without a password for its first admin."""
    return ServerProcess(
        folder,
        PARLANCE_MONGODB_URL=database.url,
        PARLANCE_MONGODB_DATABASE=name,
        PARLANCE_SECRET_KEY="of both servers, and long enough for them",
        PARLANCE_ADMIN_PASSWORD="",
        **settings,
    )


async def documents_in(database: Database, name: str, collection: str) -> list[Any]:
    return await database.mongo[name][collection].find().to_list()


async def test_two_servers_that_start_at_once_make_one_admin_and_one_demo(
    empty: Database, tmp_path: Path
) -> None:
    for time in range(TIMES):
        name = f"together_{time}"
        pair = [beginner(empty, tmp_path / f"{name}_{one}", name) for one in "ab"]
        try:
            await asyncio.gather(*(asyncio.to_thread(server.start) for server in pair))
            passwords = [one for server in pair for one in PRINTED_PASSWORD.findall(server.log)]
            assert len(passwords) == 1, "one of them made the admin"
            for server in pair:
                await (await signed_in(server.url, server.admin_email, passwords[0])).close()
                assert f"{server.url}/demo" in server.log
        finally:
            await asyncio.gather(*(asyncio.to_thread(server.stop) for server in pair))
        found = {one: await documents_in(empty, name, one) for one in (*ONE_OF_EACH, "users")}
        assert {one: len(made) for one, made in found.items()} == dict.fromkeys(found, 1)


async def test_in_production_the_password_is_in_a_file_and_in_no_log(
    empty: Database, tmp_path: Path
) -> None:
    name = f"production_{secrets.token_hex(3)}"
    both = {"PARLANCE_ENVIRONMENT": "production", "PARLANCE_DEMO": "false"}
    pair = [beginner(empty, tmp_path / one, name, **both) for one in "ab"]
    try:
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in pair))
        files = [server.data_dir / FILE_NAME for server in pair]
        (file,) = [one for one in files if one.exists()]
        password = file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600
        for server in pair:
            assert password not in server.log
            await (await signed_in(server.url, server.admin_email, password)).close()
        told = [str(file) in server.log for server in pair]
        assert sorted(told) == [False, True]
    finally:
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in pair))
