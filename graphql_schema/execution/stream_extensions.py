"""Runs the extensions of a stream only for the results that they act on.

Strawberry builds a stack of context managers for every event, also when no extension has anything
to do there. Here an event passes by unless an extension wants it: one that hooks into every result
gets every result, and one that only acts on errors (masking) gets every result with errors.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

from graphql import MiddlewareManager
from strawberry.extensions import MaskErrors, SchemaExtension
from strawberry.extensions.context import StreamResultContextManager
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext, ExecutionResult, StreamExecutionResult


@runtime_checkable
class ActsOnErrorsOnly(Protocol):
    """An extension says with this attribute that results without errors do not concern it."""

    acts_on_errors_only: bool


class StreamExtensionsRunner(SchemaExtensionsRunner):
    """Strawberry's runner, minus the work per event that no extension asked for."""

    def __init__(
        self,
        execution_context: ExecutionContext,
        extensions: list[SchemaExtension] | None = None,
    ) -> None:
        super().__init__(execution_context, extensions)
        self._hooks_every_result = _hooks_every_result(self.extensions)
        self._adds_to_results = _adds_to_results(self.extensions)

    def on_stream_result(self, result: StreamExecutionResult) -> StreamResultContextManager:
        """Return the hooks around one result, or none of them when none is concerned."""
        concerns_nobody = (
            not self._hooks_every_result
            and isinstance(result, ExecutionResult)
            and not result.errors
        )
        return NO_HOOKS if concerns_nobody else super().on_stream_result(result)

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """Return the `extensions` entry of one result."""
        if self._adds_to_results:
            return await super().get_extensions_results(ctx)
        return dict(ctx.extensions_results)

    def adds_nothing(self, ctx: ExecutionContext) -> bool:
        """Whether results have no `extensions` entry."""
        return not self._adds_to_results and not ctx.extensions_results


class StreamMiddleware(MiddlewareManager):
    """The extensions that watch each field, and whether events may be completed together.

    An extension that hooks into every result, or adds to it, must get each event by itself.
    """

    def __init__(self, extensions: Sequence[SchemaExtension]) -> None:
        super().__init__(*(each for each in extensions if _overrides(each, "resolve")))
        self.takes_together = not (_hooks_every_result(extensions) or _adds_to_results(extensions))


class NoHooks(StreamResultContextManager):
    """Does nothing around a result."""

    def __init__(self) -> None:
        super().__init__([], ExecutionResult(data=None, errors=None))

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        pass


NO_HOOKS = NoHooks()


def _hooks_every_result(extensions: Sequence[SchemaExtension]) -> bool:
    hooked = [each for each in extensions if _overrides(each, "on_stream_result")]
    return not all(_acts_on_errors_only(each) for each in hooked)


def _adds_to_results(extensions: Sequence[SchemaExtension]) -> bool:
    return any(_overrides(each, "get_results") for each in extensions)


def _overrides(extension: SchemaExtension, hook: str) -> bool:
    return getattr(type(extension), hook) is not getattr(SchemaExtension, hook)


def _acts_on_errors_only(extension: SchemaExtension) -> bool:
    if isinstance(extension, ActsOnErrorsOnly):
        return extension.acts_on_errors_only
    return type(extension).on_stream_result is MaskErrors.on_stream_result
