"""Puts the limits before graphql-core's own steps, for every transport alike.

The order is the point: text, parser, measure, who asks, validation, variables. Each step gets only
what the ones before have bounded, and asking who the caller is (a look into the database) is left
to documents that need an answer.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

from graphql import GraphQLError, GraphQLSchema, GraphQLSyntaxError, IntValueNode
from strawberry.extensions import SchemaExtension

from graphql_schema.limits.allowances import PEOPLE, VISITORS, Allowance
from graphql_schema.limits.documents import DocumentPreparation, PreparedDocument
from graphql_schema.limits.errors import (
    IntrospectionOffError,
    LimitExceededError,
    UnknownOperationError,
)
from graphql_schema.limits.scanning import check_length, check_tokens

IsPerson = Callable[[Any], Awaitable[bool]]
"""Whether the caller, by the operation's context, is a signed-in user (or a server)."""

EXECUTION_SECONDS = 15.0
"""How long a query or mutation may take. Subscriptions last as long as somebody listens."""

LONG_POLL_SECONDS = 25.0
"""What an operation that waits on purpose gets on top: a long poll, a test call of a model."""

MOST_VALUES = 10_000
"""In the variables of an operation, all lists and objects together. The largest input that passes
its own checks has a few hundred; a value costs the event loop 2 microseconds before anybody asks
who sends it."""

NO_DOCUMENT = "GRAPHQL_PARSE_FAILED"
INVALID_DOCUMENT = "GRAPHQL_VALIDATION_FAILED"
INVALID_VARIABLES = "BAD_USER_INPUT"
"""Codes that client libraries know from other servers."""


class OperationLimits(SchemaExtension):
    """Prepares each operation, or refuses it.

    Args:
        preparation: Shared by all operations of a schema.
        is_person: Asked about introspection, and about what is too large for a visitor.
        seconds: How long a query or mutation may take.
    """

    def __init__(
        self,
        preparation: DocumentPreparation,
        is_person: IsPerson,
        seconds: float = EXECUTION_SECONDS,
    ) -> None:
        super().__init__()
        self._seconds = seconds
        self._preparation = preparation
        self._is_person = is_person
        self._document: PreparedDocument | None = None

    @property
    def execution_seconds(self) -> float:
        """How long the operation may take, if it is no subscription."""
        waits = self._document is not None and self._document.measure.waits
        return self._seconds + (LONG_POLL_SECONDS if waits else 0.0)

    async def wait_for_turn(self) -> None:
        """Wait while others do what this operation would do without ever pausing.

        To answer an introspection takes a tenth of a second and no look into the database.
        """
        if self._document is not None and self._document.measure.introspects:
            await self._preparation.turns.take()

    async def on_parse(self) -> AsyncIterator[None]:
        """Read the document.

        Raises:
            DocumentRefusedError: it is too large, or has not exactly one operation.
            GraphQLError: GRAPHQL_PARSE_FAILED, it is no document.
        """
        execution = self.execution_context
        if execution.query:
            schema = execution.schema._schema  # noqa: SLF001  Strawberry has no other name for it
            document = self._read(schema, execution.query)
            self._refuse_other_name(document)
            await self._check_caller(document)
            self._document = document
            execution.graphql_document = document.tree
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        """Validate the document."""
        execution = self.execution_context
        if self._document is not None:
            schema = execution.schema._schema  # noqa: SLF001
            found = await self._preparation.problems(schema, self._document)
            execution.pre_execution_errors = [with_code(one, INVALID_DOCUMENT) for one in found]
        yield

    def _read(self, schema: GraphQLSchema, text: str) -> PreparedDocument:
        try:
            return self._preparation.read(schema, text)
        except GraphQLSyntaxError as error:
            raise with_code(error, NO_DOCUMENT) from None

    def _refuse_other_name(self, document: PreparedDocument) -> None:
        asked = self.execution_context._provided_operation_name  # noqa: SLF001
        name = document.operation.name
        if asked is not None and (name is None or name.value != asked):
            raise UnknownOperationError(asked)

    async def _check_caller(self, document: PreparedDocument) -> None:
        variables = effective_variables(document, self.execution_context.variables)
        context = self.execution_context.context
        check_values(variables)
        check_rows(document, variables, PEOPLE)
        if document.measure.introspects and not await self._is_person(context):
            raise IntrospectionOffError
        try:
            check_all(document, variables, VISITORS)
        except LimitExceededError:
            if not await self._is_person(context):
                raise


def check_all(
    document: PreparedDocument, variables: Mapping[str, Any], allowance: Allowance
) -> None:
    """Hold a document against limits.

    Raises:
        LimitExceededError: it is beyond one of them.
    """
    check_length(document.text, allowance)
    check_tokens(document.tokens, allowance)
    document.measure.check(allowance)
    check_rows(document, variables, allowance)


def check_rows(
    document: PreparedDocument, variables: Mapping[str, Any], allowance: Allowance
) -> None:
    """Hold the objects that a document asks for against the limit.

    Raises:
        LimitExceededError: TOO_COMPLEX.
    """
    rows = document.measure.rows.count(variables)
    if rows > allowance.rows:
        raise LimitExceededError(
            "TOO_COMPLEX",
            "The operation asks for up to {value} objects; at most {limit} are allowed. Ask for"
            " smaller pages.",
            limit=allowance.rows,
            value=rows,
        )


def check_values(variables: Mapping[str, Any]) -> None:
    """Hold the values in variables against the limit, before anything looks at them one by one.

    Raises:
        LimitExceededError: TOO_COMPLEX.
    """
    counted = 0
    inside: list[Iterable[Any]] = [variables.values()]
    while inside:
        for value in inside.pop():
            if isinstance(value, (dict, list)):
                counted += len(value)
                inside.append(value.values() if isinstance(value, dict) else value)
            if counted > MOST_VALUES:
                raise LimitExceededError(
                    "TOO_COMPLEX",
                    "The variables hold {value} values or more; at most {limit} are allowed. Send"
                    " fewer at a time.",
                    limit=MOST_VALUES,
                    value=counted,
                )


def effective_variables(
    document: PreparedDocument, given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The variables of a request with the numbers that the document has as defaults."""
    defaults = {
        one.variable.name.value: int(one.default_value.value[:10])
        for one in document.operation.variable_definitions or ()
        if isinstance(one.default_value, IntValueNode)
    }
    return defaults | dict(given or {})


def with_code(error: GraphQLError, code: str) -> GraphQLError:
    """A client's mistake under a code, and without the exception behind it: the text says it all.

    (An exception behind an error makes it look like a fault of ours, which would be masked.)
    """
    return GraphQLError(
        error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        extensions={"code": code},
    )
