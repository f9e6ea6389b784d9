"""The file of a backup: a ZIP with a BSON file for each collection, and the manifest as its end.

MongoDB's own tools read the BSON files, should Parlance itself be what does not work. Files above
4 GB are ZIP64. All of this blocks: call it in a thread.
"""

import hashlib
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from pydantic import ValidationError

from documents.backup.errors import BackupFileError, DamagedBackupError
from documents.backup.manifest import FORMAT, CollectionPart, Manifest

COMPRESSION: Final = 3
"""Of zlib's 9 levels: nearly as small as its default, in half the time."""

MAX_MANIFEST_BYTES: Final = 1_000_000
MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024 + 16 * 1024
"""What MongoDB takes at most for a document, with what it allows itself beside it."""

_PIECE_BYTES: Final = 1 << 20
_LENGTH_BYTES: Final = 4
_MANIFEST: Final = "manifest.json"


def _entry(collection: str) -> str:
    return f"documents/{collection}.bson"


class CollectionWriter:
    """Takes one collection's documents and counts them."""

    def __init__(self, name: str, entry: Callable[[bytes], int]) -> None:
        self._name = name
        self._write = entry
        self._hash = hashlib.sha256()
        self._documents = self._size = 0

    def write(self, documents: bytes) -> int:
        """Adds whole documents, one after the other; how many they were."""
        count = sum(1 for _ in _lengths(documents))
        self._write(documents)
        self._hash.update(documents)
        self._documents += count
        self._size += len(documents)
        return count

    @property
    def part(self) -> CollectionPart:
        """What the manifest tells of them."""
        return CollectionPart(
            name=self._name,
            documents=self._documents,
            size=self._size,
            sha256=self._hash.hexdigest(),
        )


def _lengths(documents: bytes) -> Iterator[int]:
    """The length of each of some BSON documents: the first four bytes of one."""
    place = 0
    while place < len(documents):
        length = int.from_bytes(documents[place : place + _LENGTH_BYTES], "little")
        yield length
        place += length


class ArchiveWriter:
    """A new file, readable by its owner only, that appears under its name when it is whole."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}.partial")

    def __enter__(self) -> Self:
        with _explained(self._file):
            if self._file.exists():
                raise BackupFileError(self._file, "there is such a file already; give another name")
            opened = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._output = os.fdopen(opened, "w+b")
        self._zip = zipfile.ZipFile(
            self._output, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION
        )
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # a full disk, which was told of already
            self._zip.close()
        with suppress(OSError):
            self._output.close()
        self._draft.unlink(missing_ok=True)

    @contextmanager
    def collection(self, name: str) -> Iterator[CollectionWriter]:
        """Takes the next collection.

        Raises:
            BackupFileError: the disk is full, for instance.
        """
        with _explained(self._file), self._zip.open(_entry(name), "w", force_zip64=True) as entry:
            yield CollectionWriter(name, entry.write)

    def finish(self, manifest: Manifest) -> None:
        """Adds the manifest, brings all to the disk, and gives the file its name.

        Raises:
            BackupFileError: the disk is full, for instance.
        """
        with _explained(self._file):
            self._zip.writestr(_MANIFEST, manifest.model_dump_json(indent=2))
            self._zip.close()
            self._output.flush()
            os.fsync(self._output.fileno())
            self._draft.rename(self._file)
            _bring_to_disk(self._file.parent)


def _bring_to_disk(folder: Path) -> None:
    """A file's new name is on the disk when its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class ArchiveReader:
    """A file that was written once, looked at before it is trusted."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> Self:
        with _read(self.file):
            self._zip = zipfile.ZipFile(self.file)
            self.manifest = self._manifest()
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _manifest(self) -> Manifest:
        try:
            if self._zip.getinfo(_MANIFEST).file_size > MAX_MANIFEST_BYTES:
                raise DamagedBackupError(self.file, "its manifest is too large")
            manifest = Manifest.model_validate_json(self._zip.read(_MANIFEST))
        except (KeyError, ValidationError) as error:
            raise DamagedBackupError(self.file, "it has no manifest") from error
        if manifest.format != FORMAT:
            raise BackupFileError(self.file, f"it has the format {manifest.format}, not {FORMAT}")
        return manifest

    def verify(self, advance: Callable[[int], None]) -> None:
        """Reads all of it and compares it with what was written; tells the bytes as it goes.

        Raises:
            DamagedBackupError: something is missing, too much, or changed.
        """
        expected = {_entry(part.name) for part in self.manifest.collections} | {_MANIFEST}
        with _read(self.file):
            if sorted(self._zip.namelist()) != sorted(expected):
                raise DamagedBackupError(self.file, "its parts are not those of its manifest")
            for part in self.manifest.collections:
                if self._hash_of(part, advance) != part.sha256:
                    raise DamagedBackupError(self.file, f"the checksum of {part.name} is wrong")

    def _hash_of(self, part: CollectionPart, advance: Callable[[int], None]) -> str:
        found = hashlib.sha256()
        with self._zip.open(_entry(part.name)) as entry:
            while piece := entry.read(_PIECE_BYTES):
                found.update(piece)
                advance(len(piece))
        return found.hexdigest()

    def documents(self, part: CollectionPart) -> Iterator[bytes]:
        """One collection's documents, one at a time.

        Raises:
            DamagedBackupError: what is there is no documents.
        """
        with _read(self.file), self._zip.open(_entry(part.name)) as entry:
            while length := entry.read(_LENGTH_BYTES):
                size = int.from_bytes(length, "little")
                rest = entry.read(size - _LENGTH_BYTES) if size <= MAX_DOCUMENT_BYTES else b""
                if len(length) + len(rest) != size:
                    raise DamagedBackupError(self.file, f"a document of {part.name} is cut off")
                yield length + rest


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupFileError(file, error.strerror or type(error).__name__) from error


@contextmanager
def _read(file: Path) -> Iterator[None]:
    try:
        with _explained(file):
            yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DamagedBackupError(file, "it is not whole") from error
    except (NotImplementedError, RuntimeError) as error:  # another compression, or encrypted
        raise DamagedBackupError(file, "it is not as Parlance writes it") from error
