"""The public schema keeps what the contract pins.

`contract.graphql` is the contract, `not_built_yet.txt` what of it is still to come: one schema
coordinate a line (`Query.reports`, `AskInput.page`, `AskResult|NotFoundError`). A type that only
listed things lead to need not be listed. The list only shrinks: a line that exists fails the test.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from graphql_schema.schema import schema
from tests.architecture.contract_comparison import Difference, compare, reachable_types

HERE = Path(__file__).parent


@cache
def contract() -> GraphQLSchema:
    return build_schema((HERE / "contract.graphql").read_text())


@cache
def built() -> GraphQLSchema:
    return build_schema(schema.as_str())


@cache
def not_built_yet() -> frozenset[str]:
    lines = (HERE / "not_built_yet.txt").read_text().splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


@cache
def needed_types() -> frozenset[str]:
    return reachable_types(contract(), without=not_built_yet())


def waits(difference: Difference) -> bool:
    """Tells whether the list excuses a difference: itself, or everything that leads to it."""
    owner = re.split(r"[.|]", difference.coordinate)[0]
    return owner not in needed_types() or (
        difference.missing and difference.coordinate in not_built_yet()
    )


def test_every_pinned_name_exists_with_its_type() -> None:
    broken = [str(found) for found in compare(contract(), built()) if not waits(found)]
    assert not broken, "the schema breaks the contract:\n" + "\n".join(sorted(broken))


def test_what_is_built_is_off_the_list() -> None:
    missing = {found.coordinate for found in compare(contract(), built()) if found.missing}
    done = sorted(not_built_yet() - missing)
    assert not done, "remove from not_built_yet.txt, these exist:\n" + "\n".join(done)


CHANGES = {
    "a removed field": ("name: String! domain", "domain", "Client.name"),
    "another type": ("revision: Int!", "revision: Int", "Client.revision"),
    "another argument default": ("first: Int! = 20", "first: Int! = 30", "Client.bots(first:)"),
    "a new required argument": ("(first", "(now: Int! first", "Client.bots(now:)"),
    "a removed enum value": ("ONE TWO", "ONE", "Kind.TWO"),
    "a removed union member": ("Other | Client", "Other", "Any|Client"),
    "a removed interface": ("Client implements Node", "Client", "Client"),
    "a new required input field": ("input Plain {", "input Plain { now: Int!", "Plain.now"),
    "an input that allows more at once": ("@oneOf", "", "In"),
    "another kind": ("union Any = Other | Client", "scalar Any", "Any"),
}

SMALL_CONTRACT = """
interface Node { id: ID! }
type Client implements Node { id: ID! name: String! domain: String
  revision: Int! bots(first: Int! = 20): Any }
type Other { id: ID! }
enum Kind { ONE TWO }
union Any = Other | Client
input In @oneOf { kind: Kind text: String }
input Plain { text: String }
type Query { client(by: In): Client }
"""


@pytest.mark.parametrize("change", CHANGES)
def test_a_breaking_change_is_found(change: str) -> None:
    before, after, coordinate = CHANGES[change]
    changed = SMALL_CONTRACT.replace(before, after)
    assert changed != SMALL_CONTRACT
    found = compare(build_schema(SMALL_CONTRACT), build_schema(changed))
    assert [difference.coordinate for difference in found] == [coordinate]


def test_a_type_is_needed_only_while_something_built_leads_to_it() -> None:
    small = build_schema(SMALL_CONTRACT)
    assert "Other" in reachable_types(small, without=frozenset())
    assert "Other" not in reachable_types(small, without={"Any|Other"})
    assert "Any" not in reachable_types(small, without={"Client.bots"})


def test_additions_are_free() -> None:
    grown = SMALL_CONTRACT.replace("name: String!", "name(short: Boolean): String! extra: Int")
    grown = grown.replace("ONE TWO", "ONE TWO THREE").replace("Other | Client", "Other|Client|New")
    grown += "type New { id: ID! }"
    assert compare(build_schema(SMALL_CONTRACT), build_schema(grown)) == []
