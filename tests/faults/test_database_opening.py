"""Opening, sharing and closing the database of a data folder. Budget: 45 seconds."""

import asyncio
import gc
import os
import signal
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from documents.database.binary import find_mongod
from documents.database.database import Database
from documents.database.folder import HOST, DatabaseFolder
from documents.database.log_rotation import rotate_log
from documents.database.mongod_command import mongod_command
from documents.database.opening import attach_database, open_database
from documents.database.options import DatabaseOptions
from documents.database.ports import choose_port
from documents.errors import (
    DatabaseNotReplicatedError,
    DatabaseSignInError,
    DatabaseUnreachableError,
    DataFolderError,
    DataFolderInUseError,
    MongodExitedError,
    MongodNotFoundError,
)
from tests.faults.database_process import (
    database_server,
    embedded_database,
    end,
    eventually,
    mongods_of,
    start_program,
)

pytestmark = pytest.mark.faults


def port_of(database: Database) -> int:
    return int(database.url.partition("@")[2].partition("/")[0].partition(":")[2])


@asynccontextmanager
async def running(command: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def refusal_of(options: DatabaseOptions) -> str:
    """The message alone: the error itself would keep the driver and its sockets alive."""
    with pytest.raises(DatabaseUnreachableError) as refused:
        await open_database(options)
    return str(refused.value)


async def insert_and_fail(database: Database) -> None:
    async with database.transaction() as session:
        await database.database["notes"].insert_one({"text": "two"}, session=session)
        raise ZeroDivisionError


def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that has nothing to say."""
    writer.close()


async def test_a_fresh_folder_gives_a_replica_set_that_does_transactions(tmp_path: Path) -> None:
    async with embedded_database(tmp_path / "a folder with spaces, ä") as database:
        hello = await database.mongo.admin.command("hello")
        assert hello["setName"] == "parlance"
        async with database.transaction() as session:
            await database.database["notes"].insert_one({"text": "one"}, session=session)
        with pytest.raises(ZeroDivisionError):
            await insert_and_fail(database)
        assert await database.database["notes"].count_documents({}) == 1


async def test_only_this_machine_and_only_our_user_get_in(tmp_path: Path) -> None:
    async with embedded_database(tmp_path) as database:
        listening = {
            connection.laddr
            for connection in psutil.Process(database.mongod_pid).net_connections("all")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {("127.0.0.1", port_of(database))}
        address = database.url.partition("@")[2]
        with pytest.raises(DatabaseSignInError) as refused:
            await open_database(DatabaseOptions(f"mongodb://root:s3cret@{address}", tmp_path))
        assert "s3cret" not in str(refused.value)
        for name in ("password", "key", "address.json"):
            assert stat.S_IMODE((tmp_path / "mongodb" / name).stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "mongodb").stat().st_mode) == 0o700
    assert database.url not in repr(database)


async def test_mongod_opens_a_new_log_when_the_old_one_was_put_away(tmp_path: Path) -> None:
    async with embedded_database(tmp_path) as database:
        log_file = DatabaseFolder(tmp_path).log_file
        assert rotate_log(log_file, largest_bytes=1)
        assert database.mongod_pid is not None
        os.kill(database.mongod_pid, signal.SIGUSR1)
        await eventually(log_file.exists, within_s=60)
        await database.ping()


async def test_the_second_start_keeps_data_and_port(tmp_path: Path) -> None:
    async with embedded_database(tmp_path) as database:
        first_port = port_of(database)
        await database.database["notes"].insert_one({"text": "kept"})
    assert mongods_of(tmp_path) == []
    async with embedded_database(tmp_path) as database:
        assert port_of(database) == first_port
        assert await database.database["notes"].count_documents({"text": "kept"}) == 1


async def test_a_taken_port_is_replaced_and_the_data_stays(tmp_path: Path) -> None:
    async with embedded_database(tmp_path) as database:
        first_port = port_of(database)
        await database.database["notes"].insert_one({"text": "kept"})
    squatter = await asyncio.start_server(hang_up, HOST, first_port)
    async with squatter, embedded_database(tmp_path) as database:
        assert port_of(database) != first_port
        assert await database.database["notes"].count_documents({"text": "kept"}) == 1
        await database.database["notes"].insert_one({"text": "and writable"})


async def test_a_second_server_on_the_folder_is_refused_politely(tmp_path: Path) -> None:
    async with database_server(tmp_path) as server:
        with pytest.raises(DataFolderInUseError) as refused:
            await open_database(DatabaseOptions(None, tmp_path))
        assert refused.value.pid == server.process.pid
        assert str(server.process.pid) in str(refused.value)
        assert "PARLANCE_DATA_DIR" in str(refused.value)
        assert psutil.pid_exists(server.mongod_pid)


async def test_a_command_attaches_to_the_running_server(tmp_path: Path) -> None:
    async with database_server(tmp_path) as server:
        command = await attach_database(DatabaseOptions(None, tmp_path))
        assert not command.is_embedded
        assert await command.database["started"].count_documents({}) == 1
        await command.close()
        assert mongods_of(tmp_path) == [server.mongod_pid]


async def test_a_command_waits_for_a_server_that_is_just_starting(tmp_path: Path) -> None:
    process = await start_program("serve_database", str(tmp_path))
    lock_file = tmp_path / "mongodb" / "server.lock"
    await eventually(lambda: lock_file.exists() and bool(lock_file.read_text()), within_s=60)
    command = await attach_database(DatabaseOptions(None, tmp_path))
    assert not command.is_embedded
    await command.ping()
    await command.close()
    await end(process)


async def test_a_command_without_a_server_runs_its_own_for_the_time(tmp_path: Path) -> None:
    command = await attach_database(DatabaseOptions(None, tmp_path))
    assert command.is_embedded
    await command.ping()
    await command.close()
    assert mongods_of(tmp_path) == []


async def test_sigterm_stops_the_server_and_its_mongod_in_order(tmp_path: Path) -> None:
    async with database_server(tmp_path) as server:
        server.process.terminate()
        assert await asyncio.wait_for(server.process.wait(), 20) == 0
    assert mongods_of(tmp_path) == []
    assert (tmp_path / "mongodb" / "data" / "mongod.lock").read_text() == ""
    assert not (tmp_path / "mongodb" / "address.json").exists()


async def test_an_orphaned_mongod_is_stopped_and_its_data_kept(tmp_path: Path) -> None:
    async with embedded_database(tmp_path) as database:
        await database.database["notes"].insert_one({"text": "kept"})
    folder = DatabaseFolder(tmp_path)
    port = folder.kept_port()
    assert port is not None
    async with running(mongod_command(find_mongod(None), folder, port)) as orphan:
        await eventually(lambda: bool((folder.data / "mongod.lock").read_text()), within_s=60)
        async with embedded_database(tmp_path) as database:
            assert await asyncio.wait_for(orphan.wait(), 1) == 0
            assert await database.database["notes"].count_documents({"text": "kept"}) == 1


async def test_without_a_binary_the_error_names_three_ways_out(tmp_path: Path) -> None:
    with pytest.raises(MongodNotFoundError) as refused:
        await open_database(DatabaseOptions(None, tmp_path, tmp_path / "mongod"))
    for way_out in ("PARLANCE_MONGODB_URL", "PARLANCE_MONGOD ", "pip install"):
        assert way_out in str(refused.value)


async def test_a_mongod_that_cannot_run_says_what_is_missing(tmp_path: Path) -> None:
    binary = tmp_path / "mongod"
    binary.write_text(
        "#!/bin/sh\n"
        "echo mongod: error while loading shared libraries: libcurl.so.4: cannot open >&2\n"
        "exit 127\n"
    )
    binary.chmod(0o755)
    with pytest.raises(MongodExitedError, match="libcurl4") as refused:
        await open_database(DatabaseOptions(None, tmp_path, binary))
    assert refused.value.exit_code == 127
    async with embedded_database(tmp_path) as database:  # the folder is free again
        await database.ping()


async def test_data_of_another_password_is_not_touched(tmp_path: Path) -> None:
    async with embedded_database(tmp_path):
        pass
    (tmp_path / "mongodb" / "password").write_text("another")
    with pytest.raises(DatabaseSignInError, match="mongodb/password"):
        await open_database(DatabaseOptions(None, tmp_path))
    assert mongods_of(tmp_path) == []


async def test_an_unusable_data_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match="Not a directory"):
        await open_database(DatabaseOptions(None, tmp_path / "file" / "data"))
    folder = DatabaseFolder(tmp_path)
    folder.make()
    with pytest.raises(DataFolderError, match="MB are free"):
        folder.require_free_space(10**12)


async def test_damaged_data_is_explained_with_mongods_own_words(tmp_path: Path) -> None:
    async with embedded_database(tmp_path):
        pass
    (tmp_path / "mongodb" / "data" / "WiredTiger.turtle").write_text("rubbish")
    with pytest.raises(MongodExitedError) as refused:
        await open_database(DatabaseOptions(None, tmp_path))
    assert "database corruption detected" in refused.value.explanation
    assert str(refused.value.log_file) in str(refused.value)


async def test_an_external_database_is_used_and_left_running(tmp_path: Path) -> None:
    async with embedded_database(tmp_path / "theirs") as theirs:
        ours = await open_database(DatabaseOptions(theirs.url, tmp_path / "ours"))
        await ours.ping()
        assert ours.mongo.write_concern.document == {"w": "majority", "j": True}
        await ours.close()
        assert not (tmp_path / "ours").exists()
        await theirs.ping()


async def test_a_lone_mongod_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    port = choose_port(HOST)
    command = [
        *(str(find_mongod(None)), "--dbpath", str(tmp_path / "data")),
        *("--port", str(port), "--bind_ip", HOST, "--nounixsocket"),
    ]
    async with running(command):
        with pytest.raises(DatabaseNotReplicatedError, match="--replSet"):
            await open_database(DatabaseOptions(f"mongodb://{HOST}:{port}/", tmp_path))


# pymongo 4.20 leaves its monitor's socket open when it is closed while it tries to connect.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
async def test_an_address_where_nobody_answers_is_named_without_its_password(
    tmp_path: Path,
) -> None:
    port = choose_port(HOST)
    url = f"mongodb://user:s3cret@{HOST}:{port}/?serverSelectionTimeoutMS=300"
    started = time.monotonic()
    refusal = await refusal_of(DatabaseOptions(url, tmp_path))
    assert time.monotonic() - started < 3
    assert f"{HOST}:{port}" in refusal
    assert "s3cret" not in refusal
    gc.collect()


async def test_ctrl_c_in_a_terminal_reaches_the_server_and_not_its_mongod(tmp_path: Path) -> None:
    async with database_server(tmp_path) as server:
        assert os.getpgid(server.mongod_pid) != os.getpgid(server.process.pid)
        os.kill(server.process.pid, signal.SIGINT)
        await asyncio.wait_for(server.process.wait(), 60)
    assert mongods_of(tmp_path) == []
