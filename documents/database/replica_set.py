"""Makes a private mongod usable: a replica set of one with one user, at the port of this start.

Every step can be repeated, so that a first start that was interrupted anywhere is completed by the
next. The set and the user are made through MongoDB's localhost exception, which ends with the first
user. A set remembers its members' ports: at another port it has no primary until it is told.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pymongo.errors import OperationFailure

from documents.database.driver import Mongo, connect_mongo
from documents.database.folder import HOST, REPLICA_SET, USER, EmbeddedAddress
from documents.errors import DatabaseSignInError

_UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18
_ALREADY_INITIALIZED = 23
_NOT_YET_INITIALIZED = 94

_POLL_S = 0.01


async def prepare_replica_set(address: EmbeddedAddress) -> None:
    """Brings the mongod at `address` to the point where it accepts writes from our user.

    Raises:
        DatabaseSignInError: when the data belongs to another password.
        pymongo.errors.PyMongoError: when mongod goes away meanwhile.
    """
    async with _directly(address, username=USER, password=address.password) as mongo:
        try:
            await _match_port(mongo, address.port)
        except OperationFailure as error:
            if error.code != _AUTHENTICATION_FAILED:
                raise
        else:
            await _wait_for_primary(mongo)
            return
    await _create(address)


async def _create(address: EmbeddedAddress) -> None:
    async with _directly(address) as mongo:
        try:
            await mongo.admin.command("replSetInitiate", _configuration(address.port))
        except OperationFailure as error:
            if error.code == _UNAUTHORIZED:
                raise _foreign_data(address) from error
            if error.code != _ALREADY_INITIALIZED:
                raise
        await _wait_for_primary(mongo)
        try:
            await mongo.admin.command("createUser", USER, pwd=address.password, roles=["root"])
        except OperationFailure as error:
            if error.code == _UNAUTHORIZED:
                raise _foreign_data(address) from error
            raise


async def _match_port(mongo: Mongo, port: int) -> None:
    configuration = await _loaded_configuration(mongo)
    wanted = _configuration(port)["members"]
    if [member["host"] for member in configuration["members"]] == [wanted[0]["host"]]:
        return
    configuration |= {"members": wanted, "version": configuration["version"] + 1}
    # Forced, because a member that is not in its own configuration is no primary.
    await mongo.admin.command("replSetReconfig", configuration, force=True)


async def _loaded_configuration(mongo: Mongo) -> dict[str, Any]:
    """The set's configuration, as soon as mongod has loaded it.

    At another port than before, mongod first asks whoever has the old one whether that is itself;
    somebody who listens there and says nothing costs 30 seconds.
    """
    while True:
        try:
            answer = await mongo.admin.command("replSetGetConfig")
        except OperationFailure as error:
            if error.code != _NOT_YET_INITIALIZED:
                raise
            await asyncio.sleep(_POLL_S)
        else:
            return dict(answer["config"])


async def _wait_for_primary(mongo: Mongo) -> None:
    while not (await mongo.admin.command("hello")).get("isWritablePrimary"):  # noqa: ASYNC110
        await asyncio.sleep(_POLL_S)  # there is nothing to subscribe to; the caller has a deadline


def _configuration(port: int) -> dict[str, Any]:
    return {"_id": REPLICA_SET, "members": [{"_id": 0, "host": f"{HOST}:{port}"}]}


def _foreign_data(address: EmbeddedAddress) -> DatabaseSignInError:
    return DatabaseSignInError(
        str(address),
        "The data in the data folder was made with another password: put the file"
        " mongodb/password that belongs to it back",
    )


@asynccontextmanager
async def _directly(address: EmbeddedAddress, **credentials: str) -> AsyncIterator[Mongo]:
    url = f"mongodb://{HOST}:{address.port}/"
    mongo = connect_mongo(url, directConnection=True, **credentials)
    try:
        yield mongo
    finally:
        await mongo.close()
