"""The plan and stock Strawberry give the same data and the same errors, whatever is selected."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import Undefined, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types import ExecutionResult

from graphql_schema.execution.schema import ParlanceSchema
from graphql_schema.execution.together import together
from tests.unit.execution.generated_selections import cases
from tests.unit.execution.toy_schema import (
    CANCELLED_BEFORE_IT_BEGAN,
    CONFIG,
    EVENT_TYPES,
    Author,
    Later,
    Leaves,
    Mood,
    Note,
    Query,
    Subscription,
    TextEvent,
)

pytestmark = CANCELLED_BEFORE_IT_BEGAN

STOCK = strawberry.Schema(Query, subscription=Subscription, types=EVENT_TYPES, config=CONFIG)
PARLANCE = ParlanceSchema(Query, subscription=Subscription, types=EVENT_TYPES, config=CONFIG)
VARIABLES = {"yes": True, "no": False}


async def collect(
    schema: strawberry.Schema,
    document: str,
    payloads: list[Any],
    *,
    informed: bool,
    at_once: int = 1,
) -> list[dict[str, Any]]:
    async def source() -> AsyncGenerator[Any, None]:
        for first in range(0, len(payloads), at_once):
            some = payloads[first : first + at_once]
            yield together(some) if at_once > 1 else some[0]

    context = {"source": source, "informed": informed}
    results = await schema.stream(document, variable_values=VARIABLES, context_value=context)
    return [shape(result) async for result in results]


def shape(result: Any) -> dict[str, Any]:
    assert isinstance(result, ExecutionResult)
    return {
        "kind": type(result).__name__,
        "data": repr(result.data),  # repr: the order of fields counts, and NaN equals NaN
        "errors": [error.formatted for error in result.errors or ()],
        "extensions": result.extensions,
    }


@settings(max_examples=200, deadline=None)
@given(case=cases(PARLANCE._schema), informed=st.booleans(), at_once=st.integers(1, 4))
def test_every_operation_gives_what_stock_execution_gives(
    case: tuple[str, list[Any]], informed: bool, at_once: int
) -> None:
    document, payloads = case
    assert not validate(PARLANCE._schema, parse(document))

    expected = asyncio.run(collect(STOCK, document, payloads, informed=informed))
    actual = asyncio.run(collect(PARLANCE, document, payloads, informed=informed, at_once=at_once))

    assert actual == expected


class OwnError(Exception):
    """An exception whose class is no builtin: as text it would pass for a string."""


VALUES: list[Any] = [
    None,
    Undefined,
    strawberry.UNSET,
    "",
    "calm",
    "CALM",
    "7",
    Mood.GRUMPY,
    0,
    7,
    True,
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**70,
    1.0,
    1.5,
    float("nan"),
    float("inf"),
    Decimal("1.5"),
    datetime(2026, 8, 1, tzinfo=UTC),
    b"bytes",
    object,
    ValueError("a builtin exception"),
    OwnError("an exception of ours"),
    Later("later"),
    Later(7),
    Later(None),
    [],
    (),
    ["a", None, "b"],
    ("a", 7),
    [None],
    [7, 8],
    [Mood.CALM, "grumpy"],
    [Later(Mood.CALM)],
    [[1, 2], []],
    [[1], None],
    [[None]],
    {"a"},
    {"key": "value"},
    range(2),
    Author(name="Ada"),
    Author(name=Later("Ada")),  # type: ignore[arg-type]
    [Author(name="Ada"), Author(name="Bob")],
    [Author(name="Ada"), None],
    strawberry.cast(Note, Author(name="Ada")),
    Note(number=1, body=None),
    SimpleNamespace(name="Ada"),
]

LEAVES = """
subscription { leaves {
  text identity number fraction truth mood moment anything even texts moods nested
  author { name } authors { name }
} }
"""


@pytest.mark.parametrize("field", [field.name for field in fields(Leaves)])
async def test_every_value_in_every_field_gives_what_stock_execution_gives(field: str) -> None:
    payloads = [Leaves(**{field: value}) for value in VALUES]

    expected = await collect(STOCK, LEAVES, payloads, informed=True)
    actual = await collect(PARLANCE, LEAVES, payloads, informed=True)
    bundled = await collect(PARLANCE, LEAVES, payloads, informed=True, at_once=len(payloads))

    assert actual == expected
    assert bundled == expected


async def test_an_attribute_that_raises_gives_what_stock_execution_gives() -> None:
    document = "subscription { events { seq ... on TextEvent { text } } }"
    half_built = TextEvent.__new__(TextEvent)

    expected = await collect(STOCK, document, [half_built], informed=True)
    actual = await collect(PARLANCE, document, [half_built], informed=True)

    assert actual == expected
    assert "no attribute" in actual[0]["errors"][0]["message"]
