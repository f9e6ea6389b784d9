"""The plan and stock Strawberry give the same data and the same errors, whatever is selected."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import strawberry
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types import ExecutionResult

from graphql_schema.execution.schema import ParlanceSchema
from tests.unit.execution.generated_selections import documents, events
from tests.unit.execution.toy_schema import EVENT_TYPES, Query, Subscription, TextEvent

STOCK = strawberry.Schema(Query, subscription=Subscription, types=EVENT_TYPES)
PARLANCE = ParlanceSchema(Query, subscription=Subscription, types=EVENT_TYPES)
VARIABLES = {"yes": True, "no": False}


async def collect(
    schema: strawberry.Schema, document: str, payloads: list[Any], *, informed: bool
) -> list[dict[str, Any]]:
    async def source() -> AsyncGenerator[Any, None]:
        for payload in payloads:
            yield payload

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


@settings(max_examples=300, deadline=None)
@given(
    document=documents(PARLANCE._schema),
    payloads=st.lists(events, min_size=1, max_size=4),
    informed=st.booleans(),
)
def test_every_operation_gives_what_stock_execution_gives(
    document: str, payloads: list[Any], informed: bool
) -> None:
    assert not validate(PARLANCE._schema, parse(document))

    expected = asyncio.run(collect(STOCK, document, payloads, informed=informed))
    actual = asyncio.run(collect(PARLANCE, document, payloads, informed=informed))

    assert actual == expected


@settings(max_examples=100, deadline=None)
@given(
    payloads=st.lists(
        st.lists(st.sampled_from((0, 1, None, "x", True, 2**31, -(2**31), 1.5)), max_size=3)
        | st.sampled_from((None, 5, "text", (1, 2), {1})),
        min_size=1,
    )
)
def test_lists_of_leaves_give_what_stock_execution_gives(payloads: list[Any]) -> None:
    document = "subscription { numbers }"

    expected = asyncio.run(collect(STOCK, document, payloads, informed=True))
    actual = asyncio.run(collect(PARLANCE, document, payloads, informed=True))

    assert actual == expected


async def test_an_attribute_that_raises_gives_what_stock_execution_gives() -> None:
    document = "subscription { events { seq ... on TextEvent { text } } }"
    half_built = TextEvent.__new__(TextEvent)

    expected = await collect(STOCK, document, [half_built], informed=True)
    actual = await collect(PARLANCE, document, [half_built], informed=True)

    assert actual == expected
    assert "no attribute" in actual[0]["errors"][0]["message"]
