"""A replica set of three real mongod processes on loopback ports, whose members can be killed."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from documents.database.binary import find_mongod
from tests.server_process import free_port

MEMBERS = 3
NAME = "three"
START_SECONDS = 120.0
STOP_SECONDS = 60.0


class ReplicaSet:
    """Three members with MongoDB's own defaults, elections included."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._members: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """What a server is given."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._members)
        return f"mongodb://{hosts}/?replicaSet={NAME}"

    def start(self) -> None:
        """Start all, and wait until one is primary."""
        for _ in range(MEMBERS):
            port = free_port()
            self._members[port] = self._started(port)
        members = [
            {"_id": number, "host": f"127.0.0.1:{port}"}
            for number, port in enumerate(self._members)
        ]
        self._until(lambda: self._initiated(members))
        self._until(lambda: self.primary() is not None)

    def kill_primary(self) -> int:
        """SIGKILL the primary; its port."""
        port = self.primary()
        assert port is not None
        self._members[port].kill()
        self._members[port].wait(STOP_SECONDS)
        return port

    def primary(self) -> int | None:
        """The port of the member that takes writes, as it says itself."""
        for port, member in self._members.items():
            if member.poll() is None and self._said(port, "hello").get("isWritablePrimary"):
                return port
        return None

    def stop(self) -> None:
        """Kill all: nobody reads their data again."""
        for member in self._members.values():
            member.kill()
        for member in self._members.values():
            member.wait(STOP_SECONDS)

    def _started(self, port: int) -> subprocess.Popen[bytes]:
        data = self._folder / str(port)
        data.mkdir(parents=True)
        return subprocess.Popen(
            [
                *(str(find_mongod(None)), "--dbpath", str(data), "--port", str(port)),
                *("--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", NAME),
                *("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64", "--quiet"),
                *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            ],
            stdout=subprocess.DEVNULL,
        )

    def _initiated(self, members: list[dict[str, Any]]) -> bool:
        configuration = {"_id": NAME, "members": members}
        port = next(iter(self._members))
        if self._said(port, "replSetGetStatus").get("ok"):
            return True
        return bool(self._said(port, "replSetInitiate", configuration).get("ok"))

    def _said(self, port: int, command: str, value: object = 1) -> dict[str, Any]:
        """A member's answer; nothing when it gives none."""
        try:
            with MongoClient[dict[str, Any]](
                "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=2_000
            ) as mongo:
                return mongo.admin.command(command, value)
        except PyMongoError:
            return {}

    def _until(self, condition: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        while not condition():
            assert time.monotonic() < give_up_at, "the replica set does not get ready"
            time.sleep(0.1)


@contextmanager
def replica_set(folder: Path) -> Iterator[ReplicaSet]:
    """A running replica set for the length of the block."""
    with ExitStack() as stack:
        members = ReplicaSet(folder)
        stack.callback(members.stop)
        members.start()
        yield members
