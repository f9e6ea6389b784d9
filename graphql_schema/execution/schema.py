"""The Schema class of the project: Strawberry's, with compiled plans for queries and streams.

Refusals before the execution (by an extension, by the variables) are results of their own kind
here, so that a transport can tell "not executed" from "executed, with errors".
"""

import asyncio
from typing import Any

from graphql import ExecutionResult as GraphQLExecutionResult
from graphql import GraphQLError
from strawberry import Schema
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.exceptions import (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graphql_schema.errors import PublicError
from graphql_schema.execution.planned_context import PlannedContext
from graphql_schema.execution.query_plan import CompiledOperations
from graphql_schema.execution.stream_extensions import StreamExtensionsRunner, StreamMiddleware
from graphql_schema.execution.together import one_by_one
from graphql_schema.limits.errors import ExecutionTimeoutError
from graphql_schema.limits.extension import INVALID_VARIABLES, OperationLimits, with_code

TOLD_BY_TRANSPORTS = (CannotGetOperationTypeError, InvalidOperationTypeError)
"""What Strawberry lets a transport put into words."""


class ParlanceSchema(Schema):
    """A Strawberry schema whose operations run by compiled plans.

    Takes the arguments of `strawberry.Schema`. Results are the same, errors included.

    Attributes:
        plans: The plans of its queries and mutations; None leaves them to graphql-core.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("execution_context_class", PlannedContext)
        super().__init__(*args, **kwargs)
        self.plans: CompiledOperations | None = CompiledOperations()

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> SchemaExtensionsRunner:
        """Return the runner that spares extensions the events they have no part in."""
        return StreamExtensionsRunner(execution_context, extensions)

    def _get_middleware_manager(self, extensions: list[SchemaExtension]) -> StreamMiddleware:
        return StreamMiddleware(extensions)

    async def stream(self, *args: Any, **kwargs: Any) -> StreamResult:
        """The results of an operation, each by itself."""
        return one_by_one(await self.stream_together(*args, **kwargs))

    async def stream_together(self, *args: Any, **kwargs: Any) -> StreamResult:
        """The results of an operation, with `Completed` as data where events came together."""
        return await super().stream(*args, **kwargs)

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        refusal: GraphQLError
        try:
            return await super()._prepare_operation_async(context, extensions_runner)
        except TOLD_BY_TRANSPORTS:
            raise
        except MissingQueryError:
            refusal = PublicError("The request has no `query`.", "BAD_REQUEST")
        except GraphQLError as error:
            refusal = error
        except Exception as fault:  # noqa: BLE001  masked and logged like one of a resolver
            refusal = GraphQLError(str(fault), original_error=fault)
        # Raised by an extension. Strawberry would end `stream` with it, and `execute` unmasked.
        context.pre_execution_errors = [refusal]
        return PreExecutionError(data=None, errors=[refusal])

    async def _execute_operation(
        self,
        execution_context: ExecutionContext,
        extensions_runner: SchemaExtensionsRunner,
        *arguments: Any,
    ) -> Any:
        limits = _limits_of(extensions_runner)
        seconds = limits.execution_seconds if limits else None
        try:
            async with asyncio.timeout(seconds):
                if limits is not None:
                    await limits.wait_for_turn()
                result = await super()._execute_operation(
                    execution_context, extensions_runner, *arguments
                )
        except TimeoutError:
            result = GraphQLExecutionResult(None, [ExecutionTimeoutError(seconds or 0)])
        else:
            result = _as_refused_variables(result)
        execution_context.result = result
        return result

    async def _handle_execution_result(
        self,
        context: ExecutionContext,
        result: Any,
        extensions_runner: SchemaExtensionsRunner,
        **options: bool,
    ) -> Any:
        is_plan_s = type(result) is ExecutionResult and not result.errors
        if is_plan_s and _adds_nothing(extensions_runner, context):
            context.result = result
            return result
        if isinstance(result, PreExecutionError) and result.errors:
            # The variables of a subscription come here without having passed `_execute_operation`.
            result.errors = [_as_refused_variable(one) for one in result.errors]
        return await super()._handle_execution_result(context, result, extensions_runner, **options)


def _adds_nothing(runner: SchemaExtensionsRunner, context: ExecutionContext) -> bool:
    return isinstance(runner, StreamExtensionsRunner) and runner.adds_nothing(context)


def _as_refused_variable(error: GraphQLError) -> GraphQLError:
    """The error under its code; as it is, when it has one already or blames a field."""
    blames = error.path is not None or "code" in (error.extensions or {})
    if blames or not isinstance(error.original_error, GraphQLError | None):
        return error
    return with_code(error, INVALID_VARIABLES)


def _limits_of(extensions_runner: SchemaExtensionsRunner) -> OperationLimits | None:
    return next(
        (one for one in extensions_runner.extensions if isinstance(one, OperationLimits)), None
    )


def _as_refused_variables(result: Any) -> Any:
    """The result, or a refusal when the execution never began.

    graphql-core looks at the variables when it is told to execute, and answers like an execution
    that failed; only that no field is to blame.
    """
    if not isinstance(result, GraphQLExecutionResult) or result.data is not None:
        return result
    errors = result.errors or []
    if not errors or any(error.path is not None for error in errors):
        return result
    return PreExecutionError(
        data=None, errors=[with_code(one, INVALID_VARIABLES) for one in errors]
    )
