"""Of two who change the same thing at once, one learns of the other.

Which mutations that is about is read from the schema: what has a `revision` to be read must take
one to be changed.
"""

import asyncio

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type

from tests.api.matrix.callers import Caller
from tests.api.matrix.documents import GRAPHQL, root_fields
from tests.api.matrix.row import Reference, Row
from tests.api.matrix.table import ROWS
from tests.api.matrix.world import Filling, World
from tests.graphql_clients import Json

SELECTION = """{ __typename ... on UserError { code path }
  ... on ConflictError { currentRevision current { __typename id } } }"""
WITHOUT_REVISION = {
    "createChatbot": "makes it",
    "createClient": "makes it",
    "createLlmConfig": "makes it",
    "createUser": "makes it",
    "inviteUser": "makes it",
    "importChatbot": "makes it",
    "importIntegrations": "makes them",
    "cloneChatbot": "makes it",
    "addKnowledgeSource": "makes it",
    "createIntegration": "makes it",
    "approveAnswer": "adds a pair to a source that holds all of them, whatever was changed",
    "syncKnowledgeSource": "reads it anew, whatever was changed",
    "pushKnowledge": "each document says when it was modified",
    "rollbackChatbot": "names the version that shall be seen, whatever is seen now",
    "deactivateUser": "ends somebody's access, whatever else was changed",
    "rotateIntegrationSecret": "adds a key; two at once are bounded by how many may live",
    "rotateClientSigningKey": "adds a key; two at once are bounded by how many may live",
    "updateMembership": "sets one role as a whole",
}
"""Mutations that give back something with a revision and take none, with the reason."""


def takes_revision(operation: str) -> bool:
    input_type = get_named_type(root_fields()[operation][1].args["input"].type)
    return "revision" in getattr(input_type, "fields", {})


def results_of(operation: str) -> list[GraphQLObjectType]:
    result = get_named_type(root_fields()[operation][1].type)
    return list(result.types) if isinstance(result, GraphQLUnionType) else []


def gives_something_with_a_revision(operation: str) -> bool:
    (success,) = [one for one in results_of(operation) if one.name.endswith("Success")]
    given = (get_named_type(field.type) for field in success.fields.values())
    return any("revision" in one.fields for one in given if isinstance(one, GraphQLObjectType))


MUTATIONS = [name for name, (kind, _) in root_fields().items() if kind == "mutation"]
EDITS = [row for row in ROWS if row.operation in MUTATIONS and takes_revision(row.operation)]


def test_what_has_a_revision_is_changed_with_it() -> None:
    with_union = [name for name in MUTATIONS if results_of(name)]
    without = {
        name
        for name in with_union
        if gives_something_with_a_revision(name) and not takes_revision(name)
    }
    assert without == WITHOUT_REVISION.keys(), "take a `revision`, or say here why not"
    conflict = GRAPHQL.type_map["ConflictError"]
    assert not [row for row in EDITS if conflict not in results_of(row.operation)]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("row", EDITS, ids=str)
async def test_of_two_edits_at_once_one_hears_of_the_other(world: World, row: Row) -> None:
    filling = Filling(world)
    arguments = await filling.filled(row.arguments)
    target = row.arguments["id"]
    assert isinstance(target, Reference)
    revision = (await filling.thing(target)).document["revision"]

    async def edited(given: Json) -> Json:
        variables = {"input": arguments | given}
        answer = await world.call_with(Caller.ADMIN, row, variables, selection=SELECTION)
        result: Json = answer["data"][row.operation]
        return result

    results = await asyncio.gather(*[edited({"revision": revision}) for _ in range(2)])
    (conflict,) = [one for one in results if one["__typename"] == "ConflictError"]
    (success,) = [one for one in results if one["__typename"].endswith("Success")]
    assert success
    assert conflict["currentRevision"] == revision + 1
    assert conflict["current"]["id"] == arguments["id"]
    assert conflict["path"] == ["input", "revision"]
    future = await edited({"revision": revision + 7})
    assert future["__typename"] == "ConflictError", "a revision that there never was"
    assert (await edited({}))["__typename"].endswith("Success"), "without one the last write wins"
