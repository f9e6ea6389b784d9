"""Queries and mutations by plans give what stock Strawberry gives, whatever is selected."""

import asyncio
from dataclasses import fields
from typing import Any

import pytest
import strawberry
from graphql import parse, print_ast, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.extensions import ParserCache, ValidationCache

from graphql_schema.execution.schema import ParlanceSchema
from tests.unit.execution.generated_selections import query_cases
from tests.unit.execution.test_equivalence import LEAVES, VALUES, shape
from tests.unit.execution.toy_schema import (
    CANCELLED_BEFORE_IT_BEGAN,
    CONFIG,
    EVENT_TYPES,
    Author,
    Leaves,
    Mutation,
    Note,
    NoteEvent,
    Query,
    TextEvent,
)

pytestmark = CANCELLED_BEFORE_IT_BEGAN

REMEMBERING = [lambda: ParserCache(maxsize=500), lambda: ValidationCache(maxsize=500)]
"""A memory for documents, as the product has one: plans are found by the parsed document."""


class Stock(strawberry.Schema):
    """Strawberry's schema, which does not write its thousands of expected errors to the log."""

    def process_errors(self, *_: Any) -> None:
        """Nothing."""


class Compiled(ParlanceSchema):
    """Ours, as quiet."""

    def process_errors(self, *_: Any) -> None:
        """Nothing."""


STOCK = Stock(Query, Mutation, types=EVENT_TYPES, config=CONFIG, extensions=REMEMBERING)
PARLANCE = Compiled(Query, Mutation, types=EVENT_TYPES, config=CONFIG, extensions=REMEMBERING)

CONDITIONS = (
    {"yes": True, "no": False},
    {"yes": False, "no": True},
    {"yes": True, "no": True, "n": 1},
    {"yes": True, "no": False, "n": 3},
)


async def executed(
    schema: strawberry.Schema, document: str, value: object, *, informed: bool, variables: Any
) -> dict[str, Any]:
    context = {"given": value, "informed": informed}
    used = {name: value for name, value in variables.items() if f"${name}:" in document}
    return shape(await schema.execute(document, used, context))


async def all_executed(
    schema: strawberry.Schema, document: str, values: list[Any], *, informed: bool
) -> list[dict[str, Any]]:
    results = [
        await executed(schema, document, value, informed=informed, variables=variables)
        for value in values
        for variables in CONDITIONS
    ]
    settling = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*settling, return_exceptions=True)
    return results


@pytest.mark.timeout(600)
@settings(max_examples=60, deadline=None)
@given(case=query_cases(PARLANCE._schema), informed=st.booleans())
def test_every_query_gives_what_stock_execution_gives(
    case: tuple[str, list[Any]], informed: bool
) -> None:
    document, values = case
    assert not validate(PARLANCE._schema, parse(document))

    expected = asyncio.run(all_executed(STOCK, document, values, informed=informed))
    actual = asyncio.run(all_executed(PARLANCE, document, values, informed=informed))

    assert actual == expected


@pytest.mark.timeout(600)
@settings(max_examples=20, deadline=None)
@given(case=query_cases(PARLANCE._schema, "mutation"), informed=st.booleans())
def test_every_mutation_gives_what_stock_execution_gives(
    case: tuple[str, list[Any]], informed: bool
) -> None:
    document, values = case
    assert not validate(PARLANCE._schema, parse(document))

    expected = asyncio.run(all_executed(STOCK, document, values, informed=informed))
    actual = asyncio.run(all_executed(PARLANCE, document, values, informed=informed))

    assert actual == expected


@pytest.mark.parametrize("field", [field.name for field in fields(Leaves)])
async def test_every_value_in_every_field_gives_what_stock_execution_gives(field: str) -> None:
    document = LEAVES.replace("subscription", "query")
    values = [Leaves(**{field: value}) for value in VALUES]

    expected = await all_executed(STOCK, document, values, informed=True)
    actual = await all_executed(PARLANCE, document, values, informed=True)

    assert actual == expected


THREE = Note(number=3, body="three", author=Author(name="Ada"))
WRITTEN: list[tuple[str, Any]] = [
    # A resolver that fails far inside: the null goes up to the nearest place where one may be.
    ("{ notes { number readLater { body replies { number readLater { number } } } } }", THREE),
    (
        "{ notes { replies { pages(count: 2) { places { item { readLater { risky } } } } } } }",
        Note(number=2, body=None, replies=[THREE]),
    ),
    # Of two errors both are told, in the same order.
    ("{ notes { risky readLater { number } secret } note { risky } }", THREE),
    # A null where none may be, in a list of a list.
    (
        "{ notes { replies { number author { name } } } }",
        Note(number=1, body=None, replies=[Note(number=None, body="no number")]),  # type: ignore[arg-type]
    ),
    # Fields of one name from three fragments on an interface and its types.
    (
        (
            "{ event { seq ...A ... on NoteEvent { note { number } } ...B } }"
            " fragment A on NoteEvent { note { body } }"
            " fragment B on Event { again: seq __typename }"
        ),
        NoteEvent(seq=1, note=THREE),
    ),
    (
        "{ anything { __typename ... on Author { name } ... on TextEvent { text } } }",
        TextEvent(seq=1, text="words"),
    ),
    # What is computed of the object and the request, one time for a friend and one for a stranger.
    ("{ notes { signed replies { signed } } }", Note(number=2, body="two", replies=[THREE])),
    ("{ notes { replies { signed guarded } } }", Note(number=2, body="two", replies=[THREE])),
    (
        "{ notes { number replies { signed } } }",
        Note(number=2, body="two", replies=[THREE, Note(number=4, body="four")]),
    ),
    # The same connection twice, with other selections of its items.
    (
        (
            "{ events { places { cursor item { seq } } total size }"
            " more: events { places { item { __typename ... on NoteEvent { note { body } } } } } }"
        ),
        NoteEvent(seq=1, note=THREE),
    ),
]


@pytest.mark.parametrize("informed", [True, False])
@pytest.mark.parametrize(("document", "value"), WRITTEN)
async def test_these_queries_give_what_stock_execution_gives(
    document: str, value: object, informed: bool
) -> None:
    for _ in range(2):
        expected = await executed(STOCK, document, value, informed=informed, variables={})
        actual = await executed(PARLANCE, document, value, informed=informed, variables={})
        assert actual == expected


async def test_operations_of_one_document_do_not_meet_each_others_context() -> None:
    document = "query Told { notes { number replies { signed } readLater { replies { signed } } } }"
    note = Note(number=2, body="two", replies=[THREE])

    results = await asyncio.gather(
        *(
            executed(PARLANCE, document, note, informed=informed, variables={})
            for informed in (True, False) * 5
        )
    )

    for result, informed in zip(results, (True, False) * 5, strict=True):
        assert ("three for friends" in result["data"]) == informed
        assert ("three for strangers" in result["data"]) != informed
    (compiled,) = [
        operation
        for known in PARLANCE.plans._known.values()  # type: ignore[union-attr]
        for operation in known.operations.values()
        if "query Told" in print_ast(known._document)
    ]
    assert compiled.context_value is None
