"""A MongoDB that somebody else runs: connect, and refuse early what would fail later."""

from typing import Any
from urllib.parse import urlsplit

from pymongo.errors import OperationFailure, PyMongoError

from documents.database.driver import Mongo, connect_mongo
from documents.errors import (
    DatabaseAddressError,
    DatabaseNotReplicatedError,
    DatabaseSignInError,
    DatabaseTooOldError,
    DatabaseUnreachableError,
)

OLDEST_VERSION = "6.0"
OLDEST_WIRE_VERSION = 17
"""What MongoDB 6.0 reports as `maxWireVersion`."""

_SIGN_IN_CODES = {13, 18, 8000}


async def connect_external(url: str) -> Mongo:
    """Connects to the MongoDB at `url` and checks that it can do what Parlance needs.

    Raises:
        DatabaseAddressError: when `url` is malformed or its name cannot be resolved.
        DatabaseUnreachableError: when nobody answers.
        DatabaseSignInError: when the user or the password is refused.
        DatabaseNotReplicatedError: when it is a lone mongod.
        DatabaseTooOldError: when it is older than 6.0.
    """
    try:
        mongo = connect_mongo(url)
    except (PyMongoError, ValueError) as error:
        raise DatabaseAddressError(_without_secrets(str(error), url)) from None
    try:
        await _check(mongo, without_password(url))
    except BaseException:
        await mongo.close()
        raise
    return mongo


async def _check(mongo: Mongo, address: str) -> None:
    try:
        hello = await mongo.admin.command("hello")
        # The handshake needs no rights; this does.
        await mongo.admin.command("connectionStatus")
    except OperationFailure as error:
        if error.code not in _SIGN_IN_CODES:
            raise
        raise DatabaseSignInError(address, "See PARLANCE_MONGODB_URL") from error
    except PyMongoError as error:
        raise DatabaseUnreachableError(address, _short(error)) from error
    if not _is_replicated(hello):
        raise DatabaseNotReplicatedError(address)
    if hello["maxWireVersion"] < OLDEST_WIRE_VERSION:
        version = (await mongo.server_info())["version"]
        raise DatabaseTooOldError(address, version, OLDEST_VERSION)


def _is_replicated(hello: dict[str, Any]) -> bool:
    return "setName" in hello or hello.get("msg") == "isdbgrid" or "serviceId" in hello


def without_password(url: str) -> str:
    """The hosts of a connection string: what may be shown."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "the given address"
    except ValueError:
        return "the given address"


def _short(error: PyMongoError) -> str:
    """The driver's message without the description of the whole topology after it."""
    return str(error).partition(" (configured timeouts")[0].partition(", Timeout:")[0]


def _without_secrets(message: str, url: str) -> str:
    """Some of the driver's messages repeat a part of the URL."""
    credentials = url.partition("://")[2].rpartition("@")[0]
    for secret in (credentials, *credentials.split(":", 1)):
        if secret:
            message = message.replace(secret, "***")
    return message
