"""Another's id is as good as none: for every operation and every argument that takes an id.

A's people, servers and visitors give ids of B (and visitors those of another visitor) in each
place. The answer must be the one to an id that was never given out, and nothing of B may change.
"""

import pytest

from tests.api.matrix.callers import Caller
from tests.api.matrix.documents import id_arguments, root_fields
from tests.api.matrix.forging import Place, places, strange_ids, unknown_id
from tests.api.matrix.outcomes import ALLOWED, EMPTY, nothing_there, outcome_of
from tests.api.matrix.stored import stored_of_client, stored_of_visitor
from tests.api.matrix.table import ROWS, rows_by_operation
from tests.api.matrix.things import Thing
from tests.api.matrix.world import Filling, World
from tests.graphql_clients import Json

PLACES = [place for row in ROWS for place in places(row)]
CALLERS = (Caller.OWNER, Caller.VIEWER, Caller.VISITOR, Caller.KEY)
"""The most and the least that people of A may, a visitor, and a server."""


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("place", PLACES, ids=str)
async def test_a_foreign_id_is_as_good_as_none(quiet_world: World, place: Place) -> None:
    world = quiet_world
    before = await everything_foreign(world)
    surprises = []
    for caller in CALLERS:
        if caller in place.row.callers:
            surprises += [f"{caller}: {one}" for one in await surprises_for(world, caller, place)]
    assert not surprises
    assert await everything_foreign(world) == before


async def surprises_for(world: World, caller: Caller, place: Place) -> list[str]:
    """Where a caller got another answer than the one to an unknown id."""
    filling, row, name = Filling(world), place.row, place.reference.thing
    right = await filling.thing(place.reference)
    unknown = unknown_id(right.type_name)

    async def answered(public_id: str, thing: Thing | None = None, *, beside: bool = False) -> Json:
        variables = await filling.filled(place.forged(thing, public_id, beside=beside))
        return await world.call_with(caller, row, variables)

    to_unknown, beside_right = await answered(unknown), await answered(unknown, beside=True)
    surprises = []
    for thing in world.foreign_to(caller, name):
        for beside, wanted in ((False, to_unknown), (True, beside_right)):
            answer = await answered(thing.id, thing, beside=beside)
            if answer != wanted:
                surprises.append(f"{thing.id} of another: {answer} instead of {wanted}")
    if row.expected.outcomes[caller] != ALLOWED:
        return surprises
    any_type = row.operation in {"node", "nodes"}
    for one in strange_ids(right, world.a.things, world.b.things[name], any_type=any_type):
        answer = await answered(one)
        if answer != to_unknown:
            surprises.append(f"{one!r}: {answer} instead of {to_unknown}")
    return surprises + wrong_refusals(place, to_unknown)


def wrong_refusals(place: Place, to_unknown: Json) -> list[str]:
    """What is wrong with the answer to an unknown id, given to one who may use known ones."""
    row = place.row
    wanted = {row.to_unknown.get(".".join(place.path), nothing_there(row.operation))}
    if "filter" in place.path:
        wanted.add(EMPTY)  # nothing matches a condition on what is not there
    got = outcome_of(to_unknown, row.operation)
    return [] if got in wanted else [f"{got} instead of {wanted} to an unknown id: {to_unknown}"]


async def everything_foreign(world: World) -> list[object]:
    """What none of the callers may change, or use."""
    visitor_id = world.others["visitor"].document["_id"]
    return [
        await stored_of_client(world.database, world.b.slug),
        await stored_of_visitor(world.database, visitor_id),
    ]


def test_every_argument_that_takes_an_id_is_tried_with_a_foreign_one() -> None:
    for operation, rows in rows_by_operation().items():
        if operation not in root_fields():
            continue
        tried = {".".join(place.path) for row in rows for place in places(row)}
        explained = {coordinate for row in rows for coordinate in row.names_nothing}
        wanted = id_arguments(operation)
        assert wanted <= tried | explained, (
            f"{operation} takes an id in {sorted(wanted - tried - explained)} that no row of it"
            ' gives: give one, as `"chatbotId": the("chatbot")`, or say in `names_nothing` why it'
            " is no document's"
        )
        assert explained <= wanted - tried, f"`names_nothing` of {operation} explains too much"


@pytest.mark.asyncio(loop_scope="session")
async def test_the_key_of_anothers_question_is_a_new_one(quiet_world: World) -> None:
    """Idempotency keys are the callers' own choice: they find nobody else's questions."""
    world = quiet_world
    row = next(one for one in ROWS if one.operation == "askOnce")
    before = await everything_foreign(world)
    for question in (world.b.things["question"], world.others["question"]):
        given = {
            "text": question.value("content"),
            "idempotencyKey": question.value("idempotency_key"),
            "conversationId": world.a.things["conversation"].id,
        }
        answer = await world.call(Caller.VISITOR, row, given)
        assert outcome_of(answer, "askOnce") == ALLOWED
    assert await everything_foreign(world) == before
