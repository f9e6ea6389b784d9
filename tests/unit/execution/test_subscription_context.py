"""What is planned, what is left to graphql-core, and that neither keeps anything per event."""

import gc
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry
from graphql.execution import Executor
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult

from graphql_schema.execution.schema import ParlanceSchema
from graphql_schema.execution.subscription_context import SubscriptionContext
from tests.unit.execution.toy_schema import (
    CONFIG,
    EVENT_TYPES,
    Author,
    FieldPermissionEvent,
    Mood,
    Note,
    NoteEvent,
    PickyEvent,
    Query,
    Subscription,
    TextEvent,
)

PLANNED_DOCUMENT = """
subscription ($no: Boolean = false) {
  renamed: events {
    __typename
    ...Sequence
    ... on TextEvent { text words: text @include(if: $no) }
    ... on NoteEvent { note { body author { name mood } replies { number } labels } }
  }
}
fragment Sequence on Event { seq position: seq }
"""


class Observed(SubscriptionContext):
    """Remembers the executors of the operations, and how many events graphql-core executed."""

    operations: list["Observed"]
    full_executions: list[object]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        type(self).operations.append(self)

    def build_full_executor(self, payload: Any) -> Executor[Any]:
        self.full_executions.append(payload)
        return super().build_full_executor(payload)


def observed_schema(**options: Any) -> tuple[ParlanceSchema, type[Observed]]:
    class OneTest(Observed):
        operations: list[Observed] = []  # noqa: RUF012
        full_executions: list[object] = []  # noqa: RUF012

    schema = ParlanceSchema(
        Query,
        subscription=Subscription,
        types=EVENT_TYPES,
        execution_context_class=OneTest,
        config=CONFIG,
        **options,
    )
    return schema, OneTest


async def stream(
    schema: strawberry.Schema, document: str, payloads: Any, *, informed: bool = True
) -> AsyncGenerator[ExecutionResult, None]:
    async def source() -> AsyncGenerator[Any, None]:
        for payload in payloads:
            yield payload

    context = {"source": source, "informed": informed}
    async for result in await schema.stream(document, context_value=context):
        assert isinstance(result, ExecutionResult)
        yield result


async def collect(
    schema: strawberry.Schema, document: str, payloads: Any, *, informed: bool = True
) -> list[ExecutionResult]:
    return [each async for each in stream(schema, document, payloads, informed=informed)]


async def test_plain_attributes_never_reach_the_executor() -> None:
    schema, observed = observed_schema()
    author = Author(name="Ada", mood=Mood.GRUMPY)
    note = Note(number=2, body=None, author=author, replies=[Note(number=3, body="")], labels=["a"])

    results = await collect(
        schema, PLANNED_DOCUMENT, [TextEvent(seq=1, text="Hi"), NoteEvent(seq=2, note=note)]
    )

    assert observed.full_executions == []
    assert [result.errors for result in results] == [None, None]
    assert [result.data for result in results] == [
        {"renamed": {"__typename": "TextEvent", "seq": 1, "position": 1, "text": "Hi"}},
        {
            "renamed": {
                "__typename": "NoteEvent",
                "seq": 2,
                "position": 2,
                "note": {
                    "body": None,
                    "author": {"name": "Ada", "mood": "GRUMPY"},
                    "replies": [{"number": 3}],
                    "labels": ["a"],
                },
            }
        },
    ]


async def test_one_class_that_needs_a_resolver_leaves_the_others_planned() -> None:
    schema, observed = observed_schema()
    document = "subscription { events { seq ... on NoteEvent { note { risky } } } }"
    events = [TextEvent(seq=1, text="a"), NoteEvent(seq=2, note=Note(number=2, body=None))]

    results = await collect(schema, document, events)

    assert observed.full_executions == [events[1]]
    assert [result.data for result in results] == [
        {"events": {"seq": 1}},
        {"events": {"seq": 2, "note": {"risky": "even"}}},
    ]


@pytest.mark.parametrize(
    ("selection", "event"),
    [
        ("... on NoteEvent { note { secret } }", NoteEvent(seq=1, note=Note(number=1, body=None))),
        ("... on FieldPermissionEvent { classified }", FieldPermissionEvent(seq=1, classified="x")),
        ("... on PickyEvent { claim }", PickyEvent(seq=1, claim="true")),
        ("seq", strawberry.cast(TextEvent, TextEvent(seq=1, text=""))),
        ("seq", None),
        ("seq", ValueError("an exception instead of an event")),
    ],
)
async def test_what_must_run_code_or_fails_is_executed_in_full(selection: str, event: Any) -> None:
    schema, observed = observed_schema()

    await collect(schema, f"subscription {{ events {{ {selection} }} }}", [event])

    assert observed.full_executions == [event]


async def test_a_permission_on_a_field_is_asked_for_every_event() -> None:
    schema, _ = observed_schema()
    document = "subscription { events { ... on FieldPermissionEvent { classified } } }"
    events = [FieldPermissionEvent(seq=each, classified="x") for each in range(2)]

    results = await collect(schema, document, events, informed=False)

    assert [result.data for result in results] == [{"events": {"classified": None}}] * 2
    assert [(result.errors or [])[0].message for result in results] == ["Not for you."] * 2


async def test_a_permission_on_the_subscription_refuses_it_before_the_first_event() -> None:
    schema, _ = observed_schema()

    (result,) = await collect(
        schema, "subscription { guarded { seq } }", [TextEvent(seq=1, text="")], informed=False
    )

    assert result.data is None
    assert [error.message for error in result.errors or ()] == ["Not for you."]


class EveryField(SchemaExtension):
    """Runs for every field, as tracing does."""

    seen: list[str]

    def resolve(self, _next: Any, root: Any, info: Any, *args: str, **kwargs: Any) -> Any:
        self.seen.append(info.field_name)
        return _next(root, info, *args, **kwargs)


async def test_an_extension_that_runs_for_every_field_runs_for_every_field() -> None:
    class Recorded(EveryField):
        seen: list[str] = []  # noqa: RUF012

    schema, observed = observed_schema(extensions=[Recorded])
    event = TextEvent(seq=1, text="a")

    await collect(schema, "subscription { events { seq } }", [event])

    assert Recorded.seen == ["events", "seq"]
    assert observed.full_executions == [event]


class Shout(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs).upper()


async def test_a_field_extension_runs() -> None:
    @strawberry.type
    class Loud:
        text: str = strawberry.field(extensions=[Shout()])

    @strawberry.type
    class LoudSubscription:
        @strawberry.subscription
        async def loud(self) -> AsyncGenerator[Loud, None]:
            yield Loud(text="quiet")

    schema = ParlanceSchema(Query, subscription=LoudSubscription, config=CONFIG)

    (result,) = await collect(schema, "subscription { loud { text } }", [])

    assert result.data == {"loud": {"text": "QUIET"}}


@pytest.mark.parametrize(
    "document",
    [
        PLANNED_DOCUMENT,
        "subscription { events { seq ... on TextEvent { __typename } ... on NoteEvent { seq } } }",
        "subscription { maybeNote { risky replies { risky } } }",
    ],
)
async def test_nothing_is_remembered_per_event(document: str) -> None:
    schema, observed = observed_schema()
    payload: Any = TextEvent(seq=1, text="a")
    if "maybeNote" in document:
        payload = Note(number=2, body="", replies=[Note(number=4, body="")])

    remembered: list[int] = []
    objects: list[int] = []
    async for _ in stream(schema, document, (payload for _ in range(2_000))):
        remembered.append(len(observed.operations[0]._relevant_sub_fields))
        if len(remembered) in {500, 1_500}:
            observed.full_executions.clear()
            gc.collect()
            objects.append(len(gc.get_objects()))

    assert remembered[-1] == remembered[0]
    assert objects[1] - objects[0] < 100


async def test_graphql_core_alone_still_remembers_every_event() -> None:
    """When this fails, graphql-core has mended its leak, and our override of it can go."""
    operations: list[StrawberryGraphQLCoreExecutionContext] = []

    class Stock(StrawberryGraphQLCoreExecutionContext):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            operations.append(self)

    schema = strawberry.Schema(
        Query,
        subscription=Subscription,
        types=EVENT_TYPES,
        config=CONFIG,
        execution_context_class=Stock,
    )
    events = [TextEvent(seq=each, text="") for each in range(10)]

    remembered = [
        len(operations[0]._relevant_sub_fields)
        async for _ in stream(schema, "subscription { events { seq } }", events)
    ]

    assert remembered == list(range(1, 11))


async def test_queries_run_as_ever() -> None:
    schema, _ = observed_schema()

    document = "{ ready ...Again } fragment Again on Query { again: ready }"
    result = await schema.execute(document, root_value=Query())

    assert result.data == {"ready": True, "again": True}
