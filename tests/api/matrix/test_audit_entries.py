"""No change without its entry in the audit log, and no entry without its change: every mutation.

The mutations are the schema's, and their arguments those of the table's rows. A new mutation fails
here until it is declared with `audited_for`, or is excepted with a reason.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from graphql import GraphQLField

from graphql_schema.audit.changing import Audited
from tests.api.matrix.callers import Caller
from tests.api.matrix.documents import root_fields
from tests.api.matrix.outcomes import ALLOWED, outcome_of
from tests.api.matrix.row import Row
from tests.api.matrix.table import ROWS
from tests.api.matrix.things import Documents
from tests.api.matrix.world import Filling, World
from tests.graphql_clients import Json
from tests.unit.answering.processes import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHOUT_ENTRY = {
    "signIn": "opens a session, which `sessions` lists; what throttles it is recorded",
    "refreshSession": "goes on with a session",
    "startVisit": "a visitor's own",
    "refreshWidgetToken": "a visitor's own",
    "rateAnswer": "a visitor's own, which the answer keeps",
    "askOnce": "a question, which its conversation keeps",
    "regenerateAnswer": "an answer, which its conversation keeps beside the old one",
    "validateHook": "looks at a text and stores nothing",
    "stopAnswer": "an answer, which says itself that it was stopped",
}
"""Mutations that leave no entry in the audit log, with the reason."""

CHANGERS = (Caller.ADMIN, Caller.OWNER, Caller.KEY)
NOTED_BY_READING = frozenset({"last_used_at", "updated_at"})
MOVING = frozenset({"rate_windows", "outgoing_mails", "alarms", "heartbeats"})
"""What is limited or fails is counted in any case, mails are on their way, and time goes on."""


def is_audited(field: GraphQLField) -> bool:
    extensions = field.extensions["strawberry-definition"].extensions
    return any(isinstance(one, Audited) for one in extensions)


def audited_rows() -> list[tuple[Row, Caller]]:
    """Each row of an audited mutation, with each of the changers who may use it."""
    return [
        (row, caller)
        for row in ROWS
        for caller in CHANGERS
        if row.operation in mutations(audited=True)
        and caller in row.callers
        and row.expected.outcomes[caller] == ALLOWED
    ]


def mutations(*, audited: bool) -> set[str]:
    fields = root_fields().items()
    return {
        name
        for name, (kind, field) in fields
        if kind == "mutation" and is_audited(field) is audited
    }


def name_of(case: object) -> str:
    return str(case)


async def test_every_mutation_is_audited_or_excepted_with_a_reason() -> None:
    unaudited = mutations(audited=False)
    assert unaudited == WITHOUT_ENTRY.keys(), (
        "declare mutations that people and servers change something with by"
        " `extensions=audited_for(...)` and tell services.audit.audit_log.record what they change"
    )
    tried = {row.operation for row, _ in audited_rows()}
    assert tried == mutations(audited=True), "its row in tests/api/matrix/rows/ allows nobody"


@pytest.mark.parametrize(("row", "caller"), audited_rows(), ids=name_of)
async def test_a_change_leaves_its_entry(world: World, row: Row, caller: Caller) -> None:
    arguments = await Filling(world).filled(row.arguments)
    await world.prepare(caller, row)
    known = [one["_id"] async for one in world.database["audit_log"].find()]
    answer = await world.call(caller, row, arguments)
    assert outcome_of(answer, row.operation) == ALLOWED, answer
    new = [one async for one in world.database["audit_log"].find({"_id": {"$nin": known}})]
    assert {one["action"] for one in new} == {row.operation}
    assert new[0]["actor"].startswith(WITHOUT_TOKEN.get(row.operation, WRITTEN[caller]))


@pytest.mark.parametrize(("row", "caller"), audited_rows(), ids=name_of)
async def test_a_change_whose_entry_cannot_be_stored_is_none(
    world: World, row: Row, caller: Caller
) -> None:
    arguments = await Filling(world).filled(row.arguments)
    await world.prepare(caller, row)
    await until(partial(_nothing_is_under_way, world.database))
    before = await _everything(world.database)
    async with _audit_log_refusing(world.database):
        answer = await world.call(caller, row, arguments)
    assert outcome_of(answer, row.operation) == "INTERNAL", answer
    after = await _everything(world.database)
    assert {name: after[name] for name in after if after[name] != before.get(name)} == {}


WRITTEN = {Caller.ADMIN: "admin@", Caller.OWNER: "owner-of-", Caller.KEY: "API key "}
"""How the log calls them."""

WITHOUT_TOKEN = {"requestPasswordReset": "Nobody", "resetPassword": "invited-"}
"""Who acts in operations that look at no token: nobody, or whom a code is for."""


@asynccontextmanager
async def _audit_log_refusing(database: Documents) -> AsyncGenerator[None, None]:
    """MongoDB itself refuses every new entry."""
    never = {"actor": "somebody who never acts"}
    await database.command("collMod", "audit_log", validator=never)
    try:
        yield
    finally:
        await database.command("collMod", "audit_log", validator={})


async def _nothing_is_under_way(database: Documents) -> bool:
    """Whether nothing is left to be made or sent behind the requests of other tests."""
    made = {"status": {"$in": ["queued", "running"]}}
    sent = {"open": True, "$or": [{"status": "pending"}, {"taken_by": {"$ne": None}}]}
    waiting = [
        await database["reports"].find_one(made),
        await database["outbox"].find_one({"to_spread": True}),
        await database["deliveries"].find_one(sent),
    ]
    return not any(waiting)


async def _everything(database: Documents) -> dict[str, list[Json]]:
    """What is stored, apart from what moves by itself, reading notes, or begins a session."""
    stored = {}
    for name in await database.list_collection_names():
        if name in MOVING:
            continue
        which = {"revoked_at": {"$ne": None}} if name == "sessions" else {}
        stored[name] = [
            {key: one[key] for key in one if key not in NOTED_BY_READING}
            async for one in database[name].find(which).sort("_id")
        ]
    return stored
