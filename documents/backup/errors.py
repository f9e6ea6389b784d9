"""Why a backup could not be taken or restored, in words for the person who runs Parlance."""

from collections.abc import Sequence
from pathlib import Path

from documents.errors import DatabaseError


class BackupError(DatabaseError):
    """A backup was not taken, or not restored."""


class BackupFileError(BackupError):
    """The file cannot be written or read."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(f"The backup {file} cannot be used: {problem}")
        self.file = file


class DamagedBackupError(BackupFileError):
    """The file is not what was written once. Nothing was restored of it."""

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(file, f"it is damaged or no backup of Parlance ({problem})")


class NewerBackupError(BackupFileError):
    """A newer version of Parlance wrote it."""

    def __init__(self, file: Path, version: str, unknown: Sequence[str]) -> None:
        super().__init__(
            file,
            f"a newer version of Parlance wrote it ({version}, with the migrations"
            f" {', '.join(unknown)}); restore it with that version",
        )


class NothingToBackUpError(BackupError):
    """The database is empty: most likely another one was meant."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The database {name} is empty. PARLANCE_DATA_DIR, or PARLANCE_MONGODB_URL and"
            " PARLANCE_MONGODB_DATABASE, say which one is backed up"
        )


class SnapshotLostError(BackupError):
    """The database no longer knows the moment of the backup."""

    def __init__(self) -> None:
        super().__init__(
            "The database forgot the moment of this backup before it was read as a whole. Let it"
            " remember for longer than a backup takes, on each member of the replica set:"
            " db.adminCommand({setParameter: 1, minSnapshotHistoryWindowInSeconds: 3600});"
            " its default is 300"
        )


class CatalogChangedError(BackupError):
    """Collections were made anew meanwhile, again and again."""

    def __init__(self) -> None:
        super().__init__(
            "Collections of the database were made anew while it was read. That happens while"
            " something is restored or migrated: try again when that is done"
        )


class DatabaseNotEmptyError(BackupError):
    """A restore would destroy what is there, and nobody said that it may."""

    def __init__(self, name: str, collections: int) -> None:
        super().__init__(
            f"The database {name} is not empty: {collections} collections have documents. Restore"
            " into another one (PARLANCE_DATA_DIR, PARLANCE_MONGODB_DATABASE), or give --force to"
            " delete what is there for good"
        )
