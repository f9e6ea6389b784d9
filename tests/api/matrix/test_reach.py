"""What each caller reaches from what is theirs: all of it, four objects deep, and nothing else.

Documents of B that A's documents name (see lures.py) are not shown, no text or id of B stands in
any answer, and no way leads to things that `node` does not show to the caller.
"""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from graphql import get_named_type, is_leaf_type

from tests.api.matrix.callers import MEMBERS, SCOPES, Caller
from tests.api.matrix.conftest import new_world
from tests.api.matrix.documents import root_fields, variables_of
from tests.api.matrix.lures import lure
from tests.api.matrix.outcomes import ALLOWED
from tests.api.matrix.planting import collections_without, fields_without_text
from tests.api.matrix.row import Row
from tests.api.matrix.rows.nested_fields import closed_to
from tests.api.matrix.rows.nodes import THINGS
from tests.api.matrix.stored import seen_in, stored_of_client, stored_of_visitor, telltales
from tests.api.matrix.table import ROWS
from tests.api.matrix.walking import (
    Walk,
    coordinate,
    text_of,
    walk_of_people,
    walk_of_visitors,
    without,
)
from tests.api.matrix.world import Filling, World
from tests.graphql_clients import Json
from tests.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

Walker = tuple[Caller, frozenset[str]]
"""A caller, and the scopes of an API key."""

WALKERS: list[Walker] = [
    (Caller.VISITOR, frozenset()),
    *((one, frozenset[str]()) for one in MEMBERS),
    (Caller.KEY, SCOPES),
    *((Caller.KEY, frozenset({scope})) for scope in sorted(SCOPES)),
]
SHOWN_ELSEWHERE: dict[Walker, set[str]] = {
    (Caller.KEY, frozenset({"ASK"})): {"Message"},  # the answers that it follows
}
"""Types that `node` does not show to a caller, and something else rightly does."""

NEVER_STORED = {"pending_erasures", "knowledge_leftovers"}
"""Collections that are empty while nothing is being erased or deleted."""

OF_NO_VISITOR = ("users", "sessions", "api_keys", "llm_configs", "audit_log", "knowledge_sources")
"""Collections of which a visitor sees nothing."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def luring_world(server: ServerProcess) -> AsyncGenerator[World, None]:
    """A world in which A's documents name documents of B."""
    async with new_world(server) as world:
        await lure(world)
        yield world


def name_of(walker: Walker) -> str:
    caller, scopes = walker
    return next(iter(scopes)) if len(scopes) == 1 else caller.name


@pytest.mark.parametrize("walker", WALKERS, ids=name_of)
async def test_nothing_of_others_is_reached(luring_world: World, walker: Walker) -> None:
    world, (caller, scopes) = luring_world, walker
    journey = walk_of_visitors() if caller is Caller.VISITOR else walk_of_people()
    foreign = await foreign_texts(world, caller)
    reached: set[str] = set()
    for row in open_queries(walker):
        async for answer in answers(world, walker, row, journey):
            assert not seen_in(answer, foreign), f"{row}: {answer}"
            reached |= set(types_in(answer))

    hidden = reached & {type_name for type_name, _ in THINGS.values()} - visible_types(walker)
    assert not hidden, (
        f"{sorted(hidden)} can be reached although `node` does not show it to {name_of(walker)}:"
        " declare on the field that leads there who may use it"
    )
    closed = {one for one in closed_to(caller, scopes) if one.partition(".")[0] in reached}
    assert journey.closed == closed, (
        "who may use a field inside of a thing stands in tests/api/matrix/rows/nested_fields.py"
    )


def open_queries(walker: Walker) -> Iterator[Row]:
    """The rows of queries that are open to a caller."""
    caller, scopes = walker
    for row in ROWS:
        opening = row.expected.scopes
        if root_fields()[row.operation][0] != "query" or caller not in row.callers:
            continue
        if row.expected.outcomes[caller] == ALLOWED and (not scopes or scopes & opening):
            yield row


async def answers(
    world: World, walker: Walker, row: Row, journey: Walk
) -> AsyncGenerator[Json, None]:
    """All answers on the way through an operation; what is closed is left out and asked no more."""
    caller, scopes = walker
    _, definition = root_fields()[row.operation]
    given: dict[str, Any] = await Filling(world).filled(variables_of(row.operation, row.arguments))
    if "first" in definition.args and "last" not in given:
        given |= {"first": 3}
    if is_leaf_type(get_named_type(definition.type)):
        yield await world.call_with(caller, row, given, scopes)
        return
    only = row.case if row.operation in {"node", "nodes"} else ""
    for selection in list(journey.documents(definition.type, only)):
        left: Any = selection
        while left:
            answer = await world.call_with(caller, row, given, scopes, text_of(left))
            yield answer
            closed = closed_paths(answer)
            for path in closed:
                journey.closed |= coordinate(definition.type, path)
                left = without(left, path)
            if not closed:
                break


def closed_paths(answer: Json) -> list[list[str]]:
    """Where the answer says FORBIDDEN; there must be no other errors."""
    errors = answer.get("errors", [])
    assert {one["extensions"]["code"] for one in errors} <= {"FORBIDDEN"}, errors
    return [[name for name in one["path"][1:] if isinstance(name, str)] for one in errors]


def types_in(value: Any) -> Iterator[str]:
    """The types of all objects in an answer."""
    if isinstance(value, dict):
        if "__typename" in value:
            yield value["__typename"]
        for one in value.values():
            yield from types_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from types_in(one)


def visible_types(walker: Walker) -> set[str]:
    """The types of which `node` shows something to a caller, and what shows the caller itself."""
    caller, scopes = walker
    visible = {
        type_name
        for type_name, expected in THINGS.values()
        if expected.outcomes[caller] == ALLOWED and (not scopes or scopes & expected.scopes)
    }
    itself = {Caller.KEY: {"ApiKey"}, Caller.VISITOR: {"Visitor"}}
    return visible | itself.get(caller, {"Session"}) | SHOWN_ELSEWHERE.get(walker, set())


async def foreign_texts(world: World, caller: Caller) -> frozenset[str]:
    """The texts and ids that a caller of A must not see."""
    database, visitor = world.database, world.a.things["visitor"].document["_id"]
    of_a = await stored_of_client(database, world.a.slug)
    foreign = telltales(await stored_of_client(database, world.b.slug), of_a)
    if caller is not Caller.VISITOR:
        return foreign
    own = await stored_of_visitor(database, visitor)
    others = await stored_of_visitor(database, world.others["visitor"].document["_id"])
    internal = {name: of_a[name] for name in OF_NO_VISITOR}
    return foreign | telltales(others, own) | telltales(internal, own)


async def test_there_is_one_of_everything_to_be_seen(quiet_world: World) -> None:
    stored = await stored_of_client(quiet_world.database, quiet_world.b.slug)
    assert set(collections_without(stored)) <= NEVER_STORED, (
        "let tests/api/matrix/building.py make something of it for each client"
    )
    assert fields_without_text(stored) == [], (
        "let something in tests/api/matrix/building.py have them, or say in planting.py why not"
    )
