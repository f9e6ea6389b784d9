"""The limits as a schema runs them: who asks, with which variables, and for how long."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Any

import pytest
import strawberry
import structlog.testing
from graphql import DocumentNode, GraphQLError, GraphQLSchema, specified_rules
from strawberry.schema.schema import validate_document
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graphql_schema.errors import AuthorizationError
from graphql_schema.execution.schema import ParlanceSchema
from graphql_schema.limits.documents import DocumentPreparation
from graphql_schema.limits.extension import OperationLimits
from graphql_schema.masking import ErrorMasking

NOBODY: dict[str, Any] = {}
PERSON = {"person": True}
SECONDS = 0.05


@strawberry.type
class Thing:
    name: str = "a thing"

    @strawberry.field
    def friends(self, first: int = 20) -> list["Thing"]:  # noqa: ARG002
        return []


@strawberry.type
class Query:
    @strawberry.field
    def things(self, first: int = 20) -> list[Thing]:  # noqa: ARG002
        return [Thing()]

    @strawberry.field
    async def never(self) -> bool | None:
        await asyncio.Event().wait()
        return None

    @strawberry.field
    def since(self, moment: datetime) -> str:
        return moment.isoformat()

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("the password is hunter2")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def late(self) -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.sleep(SECONDS * 3)
        yield 2


class Asked:
    """Answers whether a caller is a person, and counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self, context: dict[str, Any]) -> bool:
        self.times += 1
        if context.get("expired"):
            raise AuthorizationError("TOKEN_EXPIRED")
        if context.get("fault"):
            raise RuntimeError("the password is hunter2")
        return bool(context.get("person"))


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def schema(asked: Asked) -> ParlanceSchema:
    def validate(core_schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
        return validate_document(core_schema, document, specified_rules)

    preparation = DocumentPreparation(validate)
    return ParlanceSchema(
        Query,
        subscription=Subscription,
        extensions=[ErrorMasking, lambda: OperationLimits(preparation, asked, SECONDS)],
    )


async def streamed(
    schema: ParlanceSchema, text: str, context: dict[str, Any], **given: Any
) -> list[Any]:
    results = await schema.stream(text, context_value=context, **given)
    async with aclosing(results) as all_results:
        return [one async for one in all_results]


async def codes(
    schema: ParlanceSchema, text: str, context: dict[str, Any], **given: Any
) -> list[Any]:
    """The codes of the errors, which must be the same ones on both ways into the schema."""
    executed = await schema.execute(text, context_value=context, **given)
    (first,) = await streamed(schema, text, context, **given)
    found = [
        [(error.extensions or {}).get("code") for error in one.errors or []]
        for one in (executed, first)
    ]
    assert found[0] == found[1]
    assert isinstance(executed, PreExecutionError) == isinstance(first, PreExecutionError)
    return found[0]


FRIENDS = "{ friends { name } }"
LARGE = "{ " + "name: things { name } " * 11 + "}"
DEEP = "{ things(first: 1)" + " { friends(first: 1)" * 7 + " { name }" + " }" * 8
PAGES = "query ($n: Int = 1) { things(first: $n) { friends(first: 1000) { name } } }"
SCHEMA_NAMES = "{ __schema { types { name } } }"


@pytest.mark.parametrize(
    "values",
    [
        ["a"] * 10_001,
        [[]] * 10_001,
        {str(number): None for number in range(10_001)},
        [{"inner": ["a"] * 100} for _ in range(100)],
    ],
)
async def test_variables_hold_so_many_values(
    schema: ParlanceSchema, asked: Asked, values: object
) -> None:
    text = "query ($moment: DateTime!) { since(moment: $moment) }"
    given = {"variable_values": {"moment": values}}
    assert await codes(schema, text, NOBODY, **given) == ["TOO_COMPLEX"]
    assert asked.times == 0, "before anybody looks who asks"


async def test_variables_may_hold_as_many_values_as_the_limit(schema: ParlanceSchema) -> None:
    text = "query ($moment: DateTime!) { since(moment: $moment) }"
    given = {"variable_values": {"moment": ["a"] * 9_999}}
    assert await codes(schema, text, NOBODY, **given) == ["BAD_USER_INPUT"]


async def test_visitors_have_less_room_than_people(schema: ParlanceSchema, asked: Asked) -> None:
    assert await codes(schema, DEEP, PERSON) == []
    assert await codes(schema, DEEP, NOBODY) == ["TOO_DEEP"]
    assert await codes(schema, LARGE, NOBODY) == ["TOO_COMPLEX"]


async def test_small_documents_are_executed_without_a_question_who_asks(
    schema: ParlanceSchema, asked: Asked
) -> None:
    assert await codes(schema, "{ things { name __typename } }", {"expired": True}) == []
    assert asked.times == 0


async def test_a_bad_token_is_named_instead_of_a_limit(schema: ParlanceSchema) -> None:
    assert await codes(schema, DEEP, {"expired": True}) == ["TOKEN_EXPIRED"]
    assert await codes(schema, SCHEMA_NAMES, {"expired": True}) == ["TOKEN_EXPIRED"]


async def test_variables_count_in_documents_that_were_seen_before(schema: ParlanceSchema) -> None:
    small, large = {"n": 4}, {"n": 20}

    assert await codes(schema, PAGES, PERSON) == []
    assert await codes(schema, PAGES, NOBODY, variable_values=small) == []
    assert await codes(schema, PAGES, NOBODY, variable_values=large) == ["TOO_COMPLEX"]
    assert await codes(schema, PAGES, PERSON, variable_values=large) == ["TOO_COMPLEX"]
    assert await codes(schema, PAGES, NOBODY, variable_values=small) == []


async def test_introspection_is_for_people(schema: ParlanceSchema) -> None:
    assert await codes(schema, SCHEMA_NAMES, PERSON) == []
    assert await codes(schema, SCHEMA_NAMES, NOBODY) == ["INTROSPECTION_OFF"]


async def test_introspections_that_come_together_leave_the_loop_its_rounds(
    schema: ParlanceSchema,
) -> None:
    rounds = 0
    answered_in: list[int] = []

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    async def introspect() -> None:
        result = await schema.execute(SCHEMA_NAMES, context_value=PERSON)
        assert result.data
        answered_in.append(rounds)

    counting = asyncio.create_task(count())
    await introspect()  # validated from here on
    await asyncio.gather(*(introspect() for _ in range(10)))
    counting.cancel()

    assert len(set(answered_in)) == 11


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ things {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ since(moment: "yesterday") }', "GRAPHQL_VALIDATION_FAILED"),
        ("query ($at: DateTime!) { since(moment: $at) }", "BAD_USER_INPUT"),
    ],
)
async def test_mistakes_of_the_client_have_a_code_and_are_no_faults(
    schema: ParlanceSchema, text: str, code: str
) -> None:
    assert await codes(schema, text, NOBODY) == [code]
    wrong = {"at": "yesterday"}
    result = await schema.execute(text, context_value=NOBODY, variable_values=wrong)

    assert isinstance(result, PreExecutionError)
    for error in result.errors or []:
        assert error.extensions == {"code": code}


async def test_faults_stay_masked(schema: ParlanceSchema) -> None:
    with structlog.testing.capture_logs():
        assert await codes(schema, "{ broken }", NOBODY) == ["INTERNAL"]
        result = await schema.execute("{ broken }", context_value=NOBODY)

    assert "hunter2" not in str(result.errors)


async def test_a_fault_in_finding_out_who_asks_is_masked(schema: ParlanceSchema) -> None:
    with structlog.testing.capture_logs():
        assert await codes(schema, DEEP, {"fault": True}) == ["INTERNAL"]
        result = await schema.execute(DEEP, context_value={"fault": True})

    assert "hunter2" not in str(result.errors)


async def test_an_operation_that_takes_too_long_is_ended(schema: ParlanceSchema) -> None:
    result = await schema.execute("{ never things { name } }", context_value=NOBODY)

    assert await codes(schema, "{ never }", NOBODY) == ["TIMEOUT"]
    assert isinstance(result, ExecutionResult)
    assert not isinstance(result, PreExecutionError)
    assert result.data is None


async def test_a_subscription_may_last(schema: ParlanceSchema) -> None:
    results = await streamed(schema, "subscription { late }", NOBODY)

    assert [one.data for one in results] == [{"late": 1}, {"late": 2}]
