"""No operation scans a collection: MongoDB's own profiler is the witness, for every row.

A client with hundreds of everything calls all operations. What the server sent to the database for
that must have found its documents by an index.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bson import ObjectId
from graphql import GraphQLObjectType, get_named_type

from documents.registry import DOCUMENT_CLASSES
from tests.api.matrix.callers import Caller
from tests.api.matrix.conftest import new_world
from tests.api.matrix.documents import root_fields, variables_of
from tests.api.matrix.outcomes import ALLOWED
from tests.api.matrix.row import Row
from tests.api.matrix.table import ROWS
from tests.api.matrix.things import Documents, _make_unique
from tests.api.matrix.world import Filling, World
from tests.api.test_tenancy import first_field
from tests.graphql_clients import Json
from tests.server_process import ServerProcess

CALLERS = (Caller.ADMIN, Caller.OWNER, Caller.VISITOR, Caller.KEY)
COPIES = 200
SCANNED_ON_PURPOSE: Mapping[tuple[str, str], str] = {
    ("installation", ""): "holds one document",
    ("clients", "$or"): "a text anywhere in names, slugs and domains; admins search so",
}
"""Reads without an index, by collection and first field of the filter, with the reason."""

NOT_COPIED = {"clients", "api_keys", "signing_keys", "live_counters", "live_events"}
"""A client in use is the only one with its slug, its events are counted, it may have few keys."""


def test_every_exception_is_of_a_collection_that_there_is() -> None:
    names = {str(one.Settings.name) for one in DOCUMENT_CLASSES}
    assert {collection for collection, _ in SCANNED_ON_PURPOSE} <= names


@pytest.mark.timeout(600)
async def test_no_operation_scans_a_collection(own_server: ServerProcess) -> None:
    await asyncio.to_thread(own_server.start)
    async with new_world(own_server) as world:
        await multiply(world.database, world.a.slug)
        calls = [await prepared(world, row, caller) for row, caller in wanted()]
        async with profiled(world.database) as recorded:
            for caller, row, variables in calls:
                await world.call_with(caller, row, variables, selection=counted(row))

    collections = {one["ns"].partition(".")[2] for one in recorded}
    assert {"messages", "conversations", "chatbots", "visits"} <= collections
    assert [told(one) for one in recorded if is_scan(one)] == []


def wanted() -> list[tuple[Row, Caller]]:
    return [
        (row, caller)
        for row in ROWS
        for caller in CALLERS
        if caller in row.callers and row.expected.outcomes[caller] == ALLOWED
    ]


async def prepared(world: World, row: Row, caller: Caller) -> tuple[Caller, Row, Json]:
    """A call with everything that it needs, so that only the server's own reads are recorded."""
    await world._token_of(caller, row, None)
    given = await Filling(world).filled(row.arguments)
    return caller, row, variables_of(row.operation, given)


def counted(row: Row) -> str | None:
    """Of a list also how long it is; of anything else the usual."""
    type_ = get_named_type(root_fields()[row.operation][1].type)
    if isinstance(type_, GraphQLObjectType) and "totalCount" in type_.fields:
        return "{ totalCount edges { node { __typename id } } }"
    return None


async def multiply(database: Documents, slug: str) -> None:
    """Copies of the client's first document of each kind, which belong to nothing else of its."""
    for kind in DOCUMENT_CLASSES:
        name = str(kind.Settings.name)
        found = await database[name].find_one({"client_id": slug})
        if found is None or name in NOT_COPIED:
            continue
        information = await database[name].index_information()
        unique = [index["key"][-1][0] for index in information.values() if index.get("unique")]
        await database[name].insert_many([copied(found, unique) for _ in range(COPIES)])


def copied(document: Json, unique: list[str]) -> Json:
    copy = {
        name: ObjectId() if name.endswith("_id") and isinstance(value, ObjectId) else value
        for name, value in document.items()
    }
    for name in unique:
        _make_unique(copy, name)
    return copy


@asynccontextmanager
async def profiled(database: Documents) -> AsyncIterator[list[Json]]:
    """What the database did within the block, once the block has ended."""
    recorded: list[Json] = []
    await database.command("profile", 0)
    await database.drop_collection("system.profile")
    await database.create_collection("system.profile", capped=True, size=64_000_000)
    await database.command("profile", 2)
    yield recorded
    await database.command("profile", 0)
    every = await database["system.profile"].find({"planSummary": {"$exists": True}}).to_list()
    recorded += [one for one in every if "$changeStream" not in str(one)]


def is_scan(entry: Json) -> bool:
    collection = entry["ns"].partition(".")[2]
    if collection == "system.profile" or "COLLSCAN" not in entry["planSummary"]:
        return False
    if is_counting(entry) and not filter_of(entry) and "$limit" in str(entry["command"]):
        return False  # all that there is, up to a limit: an index would not help
    return (collection, first_field(filter_of(entry))) not in SCANNED_ON_PURPOSE


def is_counting(entry: Json) -> bool:
    pipeline = entry.get("command", {}).get("pipeline", [])
    return any(stage.get("$group", {}).get("_id") == 1 for stage in pipeline)


def filter_of(entry: Json) -> dict[str, Any]:
    command = entry.get("command", {})
    if "pipeline" in command:
        found = command["pipeline"][0].get("$match", {})
    else:
        found = command.get("filter") or command.get("query") or command.get("q") or {}
    return dict(found)


def told(entry: Json) -> str:
    figures = {name: entry.get(name) for name in ("docsExamined", "nreturned", "nMatched")}
    return f"{entry['ns']} {entry['op']} {entry['planSummary']} {figures} {filter_of(entry)}"
