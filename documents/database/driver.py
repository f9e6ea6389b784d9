"""How Parlance talks to MongoDB: one way to make the driver, with deadlines and safe writes.

Every write is acknowledged only when a majority has it on disk, so that a crash loses nothing that
was acknowledged. The deadlines may be changed in the URL; the write concern may not.
"""

from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pymongo
from pymongo import AsyncMongoClient

Mongo = AsyncMongoClient[dict[str, Any]]

SERVER_SELECTION_TIMEOUT_MS = 5_000
"""How long an operation waits for a primary, in milliseconds: longer than a restart of the private
mongod (about 1 second) or an election, shorter than a visitor's patience."""

CONNECT_TIMEOUT_MS = 3_000
"""For the TCP and TLS handshake, in milliseconds."""

ANSWER_TIMEOUT_MS = 20_000
"""For the server's answer to one command, in milliseconds; `operation_deadline` changes it. This is
not the driver's `timeoutMS`: that one ends a change stream which has been idle for so long, and
waits for a lost primary until its very end."""

_DEFAULTS = {
    "serverSelectionTimeoutMS": SERVER_SELECTION_TIMEOUT_MS,
    "connectTimeoutMS": CONNECT_TIMEOUT_MS,
    "socketTimeoutMS": ANSWER_TIMEOUT_MS,
    # Half the connections. A lost primary is noticed by the operation that meets it, and retried;
    # with "auto", closing the driver soon after opening it leaves a socket open (pymongo 4.20).
    "serverMonitoringMode": "poll",
}
_SAFETY = {
    "w": "majority",
    "journal": True,
    "retryWrites": True,
    "retryReads": True,
    "readPreference": "primary",
    "tz_aware": True,
    "uuidRepresentation": "standard",
    "appname": "parlance",
}


def connect_mongo(url: str, **overrides: Any) -> Mongo:
    """Makes the driver for `url`. It connects when it is first used, in that event loop.

    Raises:
        pymongo.errors.PyMongoError: when the URL cannot be understood.
        ValueError: when a part of it is not what it should be, a port for instance.
    """
    given = {name.lower() for name, _ in parse_qsl(urlsplit(url).query)}
    defaults = {name: value for name, value in _DEFAULTS.items() if name.lower() not in given}
    return AsyncMongoClient(url, **{**defaults, **_SAFETY, **overrides})


def operation_deadline(seconds: float) -> AbstractContextManager[None]:
    """Bounds the operations inside by `seconds` together, instead of 20 for each command.

    Use it around what takes long on purpose (indexes, migrations, backups) and what must be quick.
    Without a primary, operations inside wait until the deadline and not for 5 seconds. A task that
    is started inside inherits the deadline, also after the block.
    """
    return pymongo.timeout(seconds)
