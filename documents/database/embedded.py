"""The private mongod from the lock to the last write: start, address, stop."""

import asyncio
from pathlib import Path

import structlog
from pymongo.errors import ConnectionFailure, PyMongoError

from documents.database.binary import find_mongod
from documents.database.complaint import explain_exit
from documents.database.folder import HOST, DatabaseFolder, EmbeddedAddress
from documents.database.lock import FolderLock
from documents.database.mongod_command import mongod_command
from documents.database.options import DatabaseOptions
from documents.database.orphan import stop_orphan
from documents.database.ports import choose_port, is_free
from documents.database.replica_set import prepare_replica_set
from documents.database.supervisor import MongodSupervisor
from documents.errors import DataFolderError, MongodExitedError

START_DEADLINE_S = 180.0
"""Usually a start takes 1 second; after a crash under load a large journal is read first."""

_PORT_TAKEN = 48
_PORTS_TRIED = 5
_POLL_S = 0.01
_END_NOTICED_S = 3.0

log = structlog.get_logger()


class EmbeddedMongod:
    """A mongod that this process owns, ready for use."""

    def __init__(
        self,
        folder: DatabaseFolder,
        lock: FolderLock,
        supervisor: MongodSupervisor,
        address: EmbeddedAddress,
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._supervisor = supervisor
        self.address = address

    @property
    def pid(self) -> int | None:
        """The process id of mongod, None while it is down."""
        return self._supervisor.pid

    @property
    def restarts(self) -> int:
        """How often mongod died and was started again."""
        return self._supervisor.restarts

    async def stop(self) -> None:
        """Shuts mongod down in order and gives the folder free. May be called again."""
        try:
            self._folder.withdraw()
        except DataFolderError as error:
            log.warning("address_not_withdrawn", problem=error.problem)
        await asyncio.to_thread(self._supervisor.stop)
        self._lock.release()


async def start_embedded(options: DatabaseOptions) -> EmbeddedMongod:
    """Starts the mongod of the data folder and waits until it accepts writes.

    Raises:
        MongodNotFoundError: without a binary.
        DataFolderInUseError: when another process runs this folder's database.
        DataFolderError: when the folder cannot be used.
        MongodExitedError: when mongod does not stay up.
        DatabaseSignInError: when the data belongs to another password.
    """
    binary = find_mongod(options.mongod)
    folder = DatabaseFolder(options.data_dir)
    folder.make()
    lock = FolderLock.acquire(folder.lock_file)
    try:
        folder.withdraw()
        folder.prepare()
        await asyncio.to_thread(stop_orphan, folder)
        return await _start(binary, folder, lock)
    except BaseException:
        lock.release()
        raise


async def _start(binary: Path, folder: DatabaseFolder, lock: FolderLock) -> EmbeddedMongod:
    for tries_left in reversed(range(_PORTS_TRIED)):
        port = folder.kept_port()
        if port is None or not is_free(HOST, port):
            port = choose_port(HOST)
        folder.keep_port(port)
        try:
            return await _start_at(port, binary, folder, lock)
        except MongodExitedError as error:
            # Somebody took the port between the look and mongod: the next look sees it.
            if error.exit_code != _PORT_TAKEN or not tries_left:
                raise
    raise AssertionError


async def _start_at(
    port: int, binary: Path, folder: DatabaseFolder, lock: FolderLock
) -> EmbeddedMongod:
    address = folder.address_at(port)
    supervisor = MongodSupervisor(mongod_command(binary, folder, port), folder.log_file)
    supervisor.start()
    try:
        await _wait_until_ready(address, supervisor, folder)
        supervisor.keep_running()
        folder.announce(port)
    except BaseException:
        await asyncio.shield(asyncio.to_thread(supervisor.stop))
        raise
    log.info("mongod_started", pid=supervisor.pid, port=port)
    return EmbeddedMongod(folder, lock, supervisor, address)


async def _wait_until_ready(
    address: EmbeddedAddress, supervisor: MongodSupervisor, folder: DatabaseFolder
) -> None:
    try:
        async with asyncio.timeout(START_DEADLINE_S):
            while not await _is_prepared(address):
                _raise_if_ended(supervisor, folder)
                await asyncio.sleep(_POLL_S)
    except PyMongoError:
        # Somebody else's MongoDB may have answered, at a port that mongod did not get.
        await asyncio.to_thread(supervisor.join, _END_NOTICED_S)
        _raise_if_ended(supervisor, folder)
        raise
    except TimeoutError as error:
        problem = f"it was not ready within {START_DEADLINE_S:g} seconds"
        raise MongodExitedError(problem, exit_code=None, log_file=folder.log_file) from error
    _raise_if_ended(supervisor, folder)


async def _is_prepared(address: EmbeddedAddress) -> bool:
    try:
        # Asked first, because the driver tries a closed port again only after half a second.
        _, writer = await asyncio.open_connection(HOST, address.port)
        writer.close()
        await prepare_replica_set(address)
    except (OSError, ConnectionFailure):
        return False
    return True


def _raise_if_ended(supervisor: MongodSupervisor, folder: DatabaseFolder) -> None:
    ending = supervisor.exit
    if ending is None:
        return
    raise MongodExitedError(
        explain_exit(ending.code, ending.output, folder.log_file),
        exit_code=ending.code,
        log_file=folder.log_file,
    )
