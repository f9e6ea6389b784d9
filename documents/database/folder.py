"""What the private mongod keeps in the data folder, and that the folder can be used at all.

mongodb/data/          MongoDB's own files
mongodb/password       of the one user, mode 0600
mongodb/key            the replica set's key, mode 0600
mongodb/port           kept between starts
mongodb/address.json   where the running server listens; commands attach by it
mongodb/server.lock    held by the process that runs mongod
mongodb/mongod.log     see log_rotation
"""

import base64
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from documents.database.private_file import read_if_there, write_private_file
from documents.errors import DataFolderError

HOST = "127.0.0.1"
REPLICA_SET = "parlance"
USER = "parlance"

NEEDED_FRESH_MB = 400
"""Free space for a new database, in MB: mongod allocates its journal, 300 MB, in advance."""

NEEDED_MB = 50
"""Free space to start an existing database with, in MB."""


@dataclass(frozen=True)
class EmbeddedAddress:
    """Where the private mongod listens, and how to sign in."""

    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """The connection string, with the password in it: not for logs."""
        return (
            f"mongodb://{USER}:{quote(self.password, safe='')}@{HOST}:{self.port}/"
            f"?replicaSet={REPLICA_SET}&authSource=admin"
        )

    def __str__(self) -> str:
        return f"{HOST}:{self.port}"


class DatabaseFolder:
    """The private mongod's part of the data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir.expanduser().absolute() / "mongodb"
        self.data = self.root / "data"
        self.key_file = self.root / "key"
        self.lock_file = self.root / "server.lock"
        self.log_file = self.root / "mongod.log"
        self._password_file = self.root / "password"
        self._port_file = self.root / "port"
        self._address_file = self.root / "address.json"

    def make(self) -> None:
        """Makes the folder, for this user only.

        Raises:
            DataFolderError: when it cannot be made.
        """
        with self._explained():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def prepare(self) -> None:
        """Makes what mongod needs: its folder, the key and the password. Call under the lock.

        Raises:
            DataFolderError: when something cannot be written, or there is too little space.
        """
        with self._explained():
            self.data.mkdir(mode=0o700, exist_ok=True)
            fresh = not (self.data / "WiredTiger").exists()
            self.require_free_space(NEEDED_FRESH_MB if fresh else NEEDED_MB)
            if read_if_there(self.key_file) is None:
                key = base64.b64encode(secrets.token_bytes(96)).decode()
                write_private_file(self.key_file, key)
            self.key_file.chmod(0o600)  # mongod refuses a key that others may read
            if not read_if_there(self._password_file):
                write_private_file(self._password_file, secrets.token_urlsafe(32))

    def require_free_space(self, needed_mb: int) -> None:
        """Refuses a full disk before mongod does, which aborts without a word to the user.

        Raises:
            DataFolderError: when fewer than `needed_mb` MB are free.
        """
        free_mb = shutil.disk_usage(self.root).free // 1_000_000
        if free_mb < needed_mb:
            raise DataFolderError(
                self.root, f"only {free_mb} MB are free there and mongod needs {needed_mb}"
            )

    def kept_port(self) -> int | None:
        """The port of the last start."""
        with self._explained():
            kept = read_if_there(self._port_file)
        return int(kept) if kept and kept.isdecimal() else None

    def keep_port(self, port: int) -> None:
        """Remembers the port for the next start."""
        with self._explained():
            write_private_file(self._port_file, str(port))

    def address_at(self, port: int) -> EmbeddedAddress:
        """The address of the mongod of this folder, were it to listen on `port`."""
        with self._explained():
            return EmbeddedAddress(port, read_if_there(self._password_file) or "")

    def announce(self, port: int) -> None:
        """Tells attaching commands where the database listens."""
        with self._explained():
            write_private_file(self._address_file, json.dumps({"host": HOST, "port": port}))

    def withdraw(self) -> None:
        """Takes the announcement back."""
        with self._explained():
            self._address_file.unlink(missing_ok=True)

    def announced(self) -> EmbeddedAddress | None:
        """What the running server announced, if it did."""
        with self._explained():
            content = read_if_there(self._address_file)
        if content is None:
            return None
        try:
            return self.address_at(int(json.loads(content)["port"]))
        except (ValueError, KeyError, TypeError) as error:
            raise DataFolderError(self.root, "its address.json is damaged") from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataFolderError(self.root, error.strerror or type(error).__name__) from error
