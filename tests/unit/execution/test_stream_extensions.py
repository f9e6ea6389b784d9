"""Extensions keep their part in a stream: what they must see they see, the rest passes by."""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaskErrors, SchemaExtension
from strawberry.types import ExecutionResult, StreamExecutionResult

from graphql_schema.execution.schema import ParlanceSchema
from graphql_schema.execution.together import together
from tests.unit.execution.toy_schema import CONFIG, Note, Query, Subscription

DOCUMENT = "subscription { maybeNote { risky } }"
PLAIN = "subscription { maybeNote { number } }"
"""Which a plan completes."""

EVENTS = (Note(number=2, body=""), Note(number=3, body=""), Note(number=4, body=""))


async def collect(
    *extensions: type[SchemaExtension], document: str = DOCUMENT, at_once: bool = False
) -> list[ExecutionResult]:
    async def source() -> AsyncGenerator[Any, None]:
        if at_once:
            yield together(EVENTS)
            return
        for event in EVENTS:
            yield event

    schema = ParlanceSchema(Query, subscription=Subscription, config=CONFIG, extensions=extensions)
    context = {"source": source, "informed": True}
    results = await schema.stream(document, context_value=context)
    return [each async for each in results if isinstance(each, ExecutionResult)]


def messages(results: list[ExecutionResult]) -> list[list[str]]:
    return [[error.message for error in result.errors or ()] for result in results]


async def test_masking_masks_the_errors_of_every_event() -> None:
    assert messages(await collect(MaskErrors)) == [[], ["Unexpected error."], []]


async def test_a_refined_masking_keeps_its_say() -> None:
    class Refined(MaskErrors):
        def anonymise_error(self, error: GraphQLError) -> GraphQLError:
            return GraphQLError(f"masked {error.path}")

    assert messages(await collect(Refined)) == [[], ["masked ['maybeNote', 'risky']"], []]


@pytest.mark.parametrize(
    ("errors_only", "expected"), [(True, [False]), (False, [True, False, True])]
)
async def test_an_extension_sees_the_results_that_it_asks_for(
    errors_only: bool, expected: list[bool]
) -> None:
    seen: list[bool] = []

    class Watching(SchemaExtension):
        acts_on_errors_only = errors_only

        def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
            seen.append(not getattr(result, "errors", None))
            yield

    await collect(Watching, MaskErrors)

    assert seen == expected


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("document", [DOCUMENT, PLAIN])
async def test_an_extension_that_says_nothing_about_errors_sees_every_result(
    document: str, at_once: bool
) -> None:
    seen: list[StreamExecutionResult] = []

    class Watching(SchemaExtension):
        def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
            seen.append(result)
            yield

    results = await collect(Watching, document=document, at_once=at_once)

    assert seen == results
    assert len(seen) == len(EVENTS)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("document", [DOCUMENT, PLAIN])
async def test_an_extension_may_add_to_every_result(document: str, at_once: bool) -> None:
    class Adding(SchemaExtension):
        def get_results(self) -> dict[str, Any]:
            return {"added": True}

    results = await collect(Adding, document=document, at_once=at_once)

    assert [result.extensions for result in results] == [{"added": True}] * len(EVENTS)


async def test_a_failing_source_is_masked() -> None:
    @strawberry.type
    class Failing:
        @strawberry.subscription
        async def numbers(self) -> AsyncGenerator[int, None]:
            yield 1
            raise ValueError("the password is hunter2")

    schema = ParlanceSchema(Query, subscription=Failing, config=CONFIG, extensions=[MaskErrors])
    results = await schema.stream("subscription { numbers }")

    collected = [each async for each in results if isinstance(each, ExecutionResult)]

    assert [result.data for result in collected] == [{"numbers": 1}, None]
    assert messages(collected) == [[], ["Unexpected error."]]
