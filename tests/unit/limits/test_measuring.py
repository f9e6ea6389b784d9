"""What a document counts as, and that counting takes no longer than reading it."""

from typing import Any

import pytest
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from graphql_schema.limits.measuring import Measure, measure_document
from tests.unit.limits.toy_schema import toy_schema


def measured(text: str) -> Measure:
    return measure_document(toy_schema(), parse(text))


def rows(text: str, **variables: Any) -> int:
    return measured(text).rows.count(variables)


def doubling(chained: int) -> str:
    """Fragments that each spread the next one twice: 2^chained fields when written out."""
    links = [
        f"fragment F{number} on User {{ ...F{number + 1} ...F{number + 1} }}"
        for number in range(chained)
    ]
    return "\n".join(["{ me { ...F0 } }", *links, f"fragment F{chained} on User {{ id }}"])


def longest_chain() -> str:
    """Fragments in each other as deep as 1,000 tokens allow, in brackets as deep as allowed."""
    brackets = 38
    before, after = "... { " * brackets, "} " * brackets
    links = [
        f"fragment F{number} on Query {{ {before} ...F{number + 1} {after} }}"
        for number in range(6)
    ]
    return "\n".join(["{ ...F0 }", *links, "fragment F6 on Query { name }"])


def test_depth_is_that_of_the_deepest_field() -> None:
    assert measured("{ name }").depth == 1
    assert measured("{ name me { friend { id } } }").depth == 3


def test_fragments_add_no_depth_and_hide_none() -> None:
    document = "{ ... { ...A } } fragment A on Query { ... on Query { me { ...B } } }"
    assert measured(document + "fragment B on User { friend { id } }").depth == 3


def test_introspection_has_a_depth_of_its_own() -> None:
    found = measured("{ name __schema { types { ofType { name } } } }")

    assert (found.depth, found.introspection_depth) == (1, 4)
    assert found.introspects
    assert found.rows.count({}) == 0


def test_introspection_inside_of_a_fragment_is_seen() -> None:
    assert measured(
        '{ ...A } fragment A on Query { ... { __type(name: "A") { name } } }'
    ).introspects
    assert not measured("{ __typename me { __typename } }").introspects


def test_aliases_fields_and_directives_count_once_per_use_of_a_fragment() -> None:
    found = measured("{ me { ...A ...A @skip(if: false) } } fragment A on User { a: id @b name }")

    assert (found.aliases, found.fields, found.directives) == (2, 5, 3)


def test_directives_count_wherever_they_stand() -> None:
    document = (
        "query ($a: Int @a) @b { ...F @c ... @d { name @e } } fragment F on Query @f { name }"
    )
    assert measured(document).directives == 6


def test_fragments_that_nobody_uses_count_too() -> None:
    assert measured("{ name } fragment A on User { id name }").fields == 3


def test_fragments_of_one_name_count_both() -> None:
    document = "{ me { ...A } } fragment A on User { id } fragment A on User { id name }"
    assert measured(document).fields >= 4


@pytest.mark.parametrize(
    "document",
    [
        "{ ...A } fragment A on Query { name ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { name ...A ...C }",
        "{ ...Nobody nothing { more ...Nobody } } fragment A on Nothing { some { thing } }",
    ],
)
def test_circles_and_unknown_names_come_to_an_end(document: str) -> None:
    assert measured(document).fields >= 1


def test_doubling_fragments_are_counted_without_being_written_out() -> None:
    schema = toy_schema()
    found = measure_document(schema, parse(doubling(200)))

    assert found.fields == 2**200 + 1
    assert schema.looked_up == 2


def test_every_field_is_looked_up_once() -> None:
    schema = toy_schema()
    measure_document(schema, parse("{ me { " + "...A " * 50 + "} } fragment A on User { id name }"))

    assert schema.looked_up == 3


def test_the_longest_chain_of_fragments_fits_on_the_stack() -> None:
    assert measured(longest_chain()).fields == 1


def test_pages_multiply() -> None:
    page = "edges { node { id friends(first: 3) { edges { node { name } } totalCount } } }"

    assert rows("{ users(first: 10) { " + page + " } }") == 10 * (1 + 3)
    assert rows("{ users { " + page + " pageInfo { hasNextPage } } }") == 20 * (1 + 3)


def test_single_objects_and_lists_without_pages_count() -> None:
    assert rows("{ me { friend { friend { id } } } }") == 3
    assert rows("{ name }") == 0
    assert rows("{ listed { friend { id } } }") == 10 * 2
    assert rows('{ byId(ids: ["a", "b"]) { id } }') == 2


def test_the_larger_of_two_directions_counts_and_null_is_the_default() -> None:
    assert rows("{ newest(first: 3, last: 7) { edges { cursor } } }") == 7
    assert rows("{ newest(first: null) { edges { cursor } } }") == 20
    assert rows("{ newest { edges { cursor } } }") == 20


@pytest.mark.parametrize(
    ("given", "counted"),
    [(7, 7), (7.0, 7), (10**30, 10**9), (-5, 20), (None, 20), ("7", 20), (True, 20), ({}, 20)],
)
def test_page_sizes_in_variables_count_as_they_come(given: object, counted: int) -> None:
    document = "query ($n: Int!) { users(first: $n) { edges { cursor } } }"
    assert rows(document, n=given) == counted


def test_lists_in_variables_count_by_their_length() -> None:
    document = "query ($ids: [ID!]!) { byId(ids: $ids) { id } }"
    assert rows(document, ids=["a"] * 5) == 5
    assert rows(document) == 10


def test_rows_in_fragments_multiply_where_they_are_used() -> None:
    document = "{ users(first: 5) { ...P ...P } } fragment P on UserConnection { edges { ...E } }"
    assert rows(document + "fragment E on UserEdge { node { friend { id } } }") == 5 * (1 + 2)


def test_long_polls_are_noticed() -> None:
    assert measured("{ events(waitMs: 5) { id } }").waits
    assert measured("mutation { testLlmConfig }").waits
    for change in ("create", "update", "test", "delete"):
        assert measured(f"mutation {{ {change}Integration }}").waits
    assert not measured("{ name }").waits


NAMES = ["F0", "F1", "F2", "F3"]
selections = st.recursive(
    st.sampled_from(["id", "a: id", "name", "id @x"]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(
        lambda some: "friend { " + " ".join(some) + " }"
    ),
    max_leaves=8,
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Documents whose fragments spread only later ones, so that they can be written out."""
    bodies = []
    for number in range(len(NAMES)):
        spreads = st.sampled_from([f"...{name}" for name in NAMES[number + 1 :]] or ["id"])
        some = draw(st.lists(selections | spreads, min_size=1, max_size=4))
        bodies.append(f"fragment {NAMES[number]} on User {{ {' '.join(some)} }}")
    return "{ me { ...F0 } me { ...F1 ...F2 ...F3 } } " + " ".join(bodies)


def written_out(text: str) -> list[tuple[int, FieldNode]]:
    """Every field with its depth, fragments followed wherever they are spread."""
    tree = parse(text)
    fragments = {
        one.name.value: one for one in tree.definitions if isinstance(one, FragmentDefinitionNode)
    }

    def walk(node: Any, depth: int) -> list[tuple[int, FieldNode]]:
        found = []
        for one in node.selection_set.selections:
            if isinstance(one, FragmentSpreadNode):
                found += walk(fragments[one.name.value], depth)
                continue
            found.append((depth, one))
            if one.selection_set:
                found += walk(one, depth + 1)
        return found

    return walk(tree.definitions[0], 1)


@settings(deadline=None)  # what it takes decides nothing
@given(documents())
def test_a_measure_is_what_writing_the_document_out_would_give(text: str) -> None:
    found, fields = measured(text), written_out(text)

    assert found.fields == len(fields)
    assert found.depth == max(depth for depth, _ in fields)
    assert found.aliases == sum(node.alias is not None for _, node in fields)
    assert found.directives == sum(len(node.directives or ()) for _, node in fields)
    assert found.rows.count({}) == sum(bool(node.selection_set) for _, node in fields)
