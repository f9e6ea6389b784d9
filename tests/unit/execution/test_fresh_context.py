"""Each mutation of several and each event of a stream loads for itself."""

from collections.abc import AsyncGenerator
from itertools import count

import strawberry

from graphql_schema.execution.schema import ParlanceSchema

LABELS = count(1)


class Context:
    """Labelled, so that a test sees which one a resolver got."""

    def __init__(self) -> None:
        self.label = next(LABELS)

    def fresh(self) -> "Context":
        return Context()


@strawberry.type
class Seen:
    @strawberry.field
    def label(self, info: strawberry.Info[Context, None]) -> int:
        return info.context.label

    @strawberry.field
    async def label_later(self, info: strawberry.Info[Context, None]) -> int:
        return info.context.label


@strawberry.type
class Query:
    @strawberry.field
    def seen(self) -> Seen:
        return Seen()


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def change(self) -> Seen:
        return Seen()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def events(self) -> AsyncGenerator[Seen, None]:
        for _ in range(3):
            yield Seen()


SCHEMA = ParlanceSchema(Query, Mutation, Subscription)


async def test_a_query_has_one_context() -> None:
    context = Context()

    result = await SCHEMA.execute(
        "{ seen { label labelLater } again: seen { label } }", None, context
    )

    assert result.data == {
        "seen": {"label": context.label, "labelLater": context.label},
        "again": {"label": context.label},
    }


async def test_each_mutation_has_a_context_of_its_own() -> None:
    document = "mutation { one: change { label labelLater } two: change { label labelLater } }"

    result = await SCHEMA.execute(document, None, Context())

    assert result.data is not None
    one, two = result.data["one"], result.data["two"]
    assert one["label"] == one["labelLater"] < two["label"] == two["labelLater"]


async def test_each_event_has_a_context_of_its_own() -> None:
    results = await SCHEMA.stream("subscription { events { label labelLater } }", None, Context())

    labels = [result.data["events"] async for result in results]  # type: ignore[union-attr,index]

    assert all(each["label"] == each["labelLater"] for each in labels)
    assert len({each["label"] for each in labels}) == len(labels) == 3
