"""The table has a row for each operation of the schema, and says the same as the schema's code."""

from graphql import GraphQLField

from graphql_schema.nodes import KEY_SCOPES
from graphql_schema.permissions import (
    Anybody,
    KeyWithScope,
    Person,
    PlatformAdmin,
    SignedIn,
    Visitor,
)
from graphql_schema.scopes import Scope
from tests.api.matrix.callers import PEOPLE, SCOPES, VISITORS, Caller
from tests.api.matrix.documents import node_types, root_fields
from tests.api.matrix.outcomes import FORBIDDEN, UNAUTHENTICATED
from tests.api.matrix.table import ROWS, rows_by_operation

HOW = "CONTRIBUTING.md tells how, under `Who may do what`"


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    operations, rows = set(root_fields()), set(rows_by_operation())
    without_row = sorted(operations - rows)
    assert not without_row, (
        f"nobody has said who may use {', '.join(without_row)}: add a row for each to the file of"
        f" its domain in tests/api/matrix/rows/; {HOW}"
    )
    without_operation = sorted(rows - operations)
    assert not without_operation, (
        f"the schema has no {', '.join(without_operation)} any more: delete their rows in"
        " tests/api/matrix/rows/"
    )


def test_every_type_with_an_id_is_looked_for_by_its_id() -> None:
    cases = {row.case for row in rows_by_operation()["node"]}
    assert cases == node_types(), (
        "each type that implements Node needs a thing of the world (tests/api/matrix/building.py)"
        " and an entry in THINGS of tests/api/matrix/rows/nodes.py, and no other type has one"
    )


def test_the_table_and_the_code_name_the_same_scopes_of_api_keys() -> None:
    for row in ROWS:
        _, field = root_fields()[row.operation]
        declared = scopes_of(field)
        if row.operation in {"node", "nodes"}:
            assert declared == SCOPES
            declared = {one.name for one in KEY_SCOPES.get(row.case, ())}
        assert row.expected.scopes == declared, (
            f"{row}: its field declares {sorted(declared)} with `allowed_for(..., scope=...)`; what"
            " was decided say its row in tests/api/matrix/rows/ and docs/guide/access.md"
        )


def test_the_table_and_the_code_shut_out_the_same_kinds_of_callers() -> None:
    for row in ROWS:
        rules = [type(one) for one in rules_of(root_fields()[row.operation][1])]
        outcomes = row.expected.outcomes.items()
        shut_out = {one for one, outcome in outcomes if outcome in SHUT_OUT}
        for rule in rules:
            assert SHUT_OUT_BY.get(rule, set()) <= shut_out, f"{row} declares {rule.__name__}"
        if Anybody in rules:
            assert not shut_out, f"{row} declares Anybody"


SHUT_OUT = {FORBIDDEN, UNAUTHENTICATED}
SHUT_OUT_BY: dict[type, set[Caller]] = {
    SignedIn: {Caller.NOBODY},
    Person: {Caller.NOBODY, *VISITORS},
    PlatformAdmin: {*Caller} - {Caller.ADMIN, Caller.KEY},
    Visitor: {Caller.NOBODY, *PEOPLE},
}
"""Whom each rule of graphql_schema/permissions.py must shut out, whatever the arguments are."""


def rules_of(field: GraphQLField) -> list[object]:
    """The permissions that a field declares, those beside an API key's scopes included."""
    declared = _permissions(field)
    beside = [rule for one in declared if isinstance(one, KeyWithScope) for rule in one._others]
    return [*declared, *beside]


def scopes_of(field: GraphQLField) -> set[str]:
    """The scopes that open a field to API keys; where nobody needs a token, all of them."""
    declared = _permissions(field)
    if any(isinstance(one, Anybody) for one in declared):
        return set(SCOPES)
    stored = {one for rule in declared if isinstance(rule, KeyWithScope) for one in rule._scopes}
    return {Scope(one).name for one in stored}


def _permissions(field: GraphQLField) -> list[object]:
    extensions = field.extensions["strawberry-definition"].extensions
    return [rule for one in extensions for rule in getattr(one, "permissions", [])]
