"""`parlance backup` and `parlance restore`: what they ask for, and what they tell meanwhile.

The secret key is in no backup: what is sealed in one opens only with the key that sealed it. So a
restore looks first whether the installation has that key, before it makes a new one.
"""

import asyncio
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import typer

from api.database import database_options, prepare
from api.secret_key import FILE_NAME, SecretKeyError, installation_secret
from api.secret_rotation import NEXT_FILE
from api.settings import Settings
from documents.backup.archive import ArchiveReader
from documents.backup.errors import BackupError
from documents.backup.manifest import Manifest, Origin
from documents.backup.restoring import checked_backup, restore_backup
from documents.backup.taking import estimated_documents, take_backup
from documents.database.database import Database
from documents.database.opening import attach_database
from services.sealing.keys import DerivedKeys

KEY_MARK_BYTES = 16


class OtherSecretKeyError(SecretKeyError):
    """The backup's secrets would stay closed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            "The stored secrets in this backup (providers' keys, signing keys) were sealed with"
            f" another secret key. Put the `{FILE_NAME}` that belongs to it into {folder}, or set"
            " PARLANCE_SECRET_KEY to it. If the key is lost, --other-key restores all the same, and"
            " these secrets have to be entered anew"
        )


class RestoreUnderServerError(BackupError):
    """A running server would go on with what it remembers."""

    def __init__(self) -> None:
        super().__init__("The server is running. Stop it, restore, then start it again.")


async def run_backup(settings: Settings, file: Path) -> None:
    """Take a backup, and tell how far it is.

    Raises:
        BackupError: it could not be taken; the text says why.
        DatabaseStartError: the database cannot be opened.
        SecretKeyError: the secret key cannot be read, or is being changed.
    """
    if (settings.data_dir / NEXT_FILE).exists():
        raise SecretKeyError(
            "A change of the secret key is unfinished: run `parlance rotate-secret-key` again, then"
            " take the backup."
        )
    origin = Origin(parlance=version("parlance"), secret_key=key_mark(settings))
    database = await attach_database(database_options(settings))
    try:
        with _progress("Reading", await estimated_documents(database)) as advance:
            manifest = await take_backup(database, file, origin, advance)
    finally:
        await database.close()
    typer.echo(f"Wrote {file}: {said_of(manifest)}.")
    typer.echo("The secret key is not in it: keep it too, and apart.")


async def run_restore(settings: Settings, file: Path, *, force: bool, other_key: bool) -> None:
    """Put a backup into this installation's database and bring it to this version's form.

    Raises:
        BackupError: it was not restored, because a server runs for instance; the text says why.
        DatabaseStartError: the database cannot be opened or brought to form.
        SecretKeyError: the backup belongs to another secret key.
    """
    with ArchiveReader(file) as archive:
        manifest = await _checked(archive)
        if not other_key and not _has_key_of(settings, manifest):
            raise OtherSecretKeyError(settings.data_dir)
        database = await attach_database(database_options(settings))
        try:
            await _restore(settings, database, archive, force=force)
        finally:
            await database.close()
    typer.echo(f"Restored {said_of(manifest)}.")


async def check_backup(file: Path) -> None:
    """Read a backup and tell what is in it, without a database.

    Raises:
        BackupError: it cannot be restored; the text says why.
    """
    with ArchiveReader(file) as archive:
        manifest = await _checked(archive)
    typer.echo(f"{file} is whole: {said_of(manifest)}.")


async def _checked(archive: ArchiveReader) -> Manifest:
    with _progress("Checking", archive.manifest.size) as advance:
        return await asyncio.to_thread(checked_backup, archive, advance)


async def _restore(
    settings: Settings, database: Database, archive: ArchiveReader, *, force: bool
) -> None:
    if settings.mongodb_url is None and not database.is_embedded:
        raise RestoreUnderServerError
    with _progress("Restoring", archive.manifest.size) as advance:
        await restore_backup(database, archive, advance, force=force)
    await prepare(database)


def said_of(manifest: Manifest) -> str:
    """A backup in a line."""
    taken = manifest.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return (
        f"{manifest.documents} documents of {len(manifest.collections)} collections, as of {taken},"
        f" by Parlance {manifest.origin.parlance}"
    )


def key_mark(settings: Settings) -> str:
    """Tells secret keys apart, and nothing about them: derived for this purpose alone."""
    mark = DerivedKeys(installation_secret(settings)).key("backup mark")
    return mark[:KEY_MARK_BYTES].hex()


def _has_key_of(settings: Settings, manifest: Manifest) -> bool:
    """Whether this installation has the backup's key; never makes one."""
    if settings.secret_key is None and not (settings.data_dir / FILE_NAME).exists():
        return False
    return hmac.compare_digest(key_mark(settings), manifest.origin.secret_key)


@contextmanager
def _progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, a word in a log; on standard error."""
    with typer.progressbar(length=length, label=label, file=typer.get_text_stream("stderr")) as bar:
        yield bar.update
