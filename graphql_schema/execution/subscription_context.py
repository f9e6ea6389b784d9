"""The execution context of our schema: one plan per subscription, and nothing kept per event.

graphql-core collects the root fields anew for every event and remembers the sub-fields it derived
from them by the identity of that collection, until the subscription ends: about 1.3 KB per event
that nothing ever reads again. Here the collection is made once per operation, so that memory stays
flat. Events that the plan can complete do not reach graphql-core's executor at all.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import Any, cast
from weakref import ref

from graphql import GraphQLObjectType, OperationType, Undefined
from graphql.execution import Executor
from graphql.execution.async_iterables import aclosing
from graphql.execution.collect_fields import (
    CollectedFields,
    DeferUsage,
    GroupedFieldSet,
    collect_fields,
)
from graphql.pyutils import AwaitableOrValue, Path, gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.execution import ExecutionResult

from graphql_schema.execution.fresh_context import fresh_context
from graphql_schema.execution.leaf_plan import Complete, NeedsFullExecutionError
from graphql_schema.execution.selection_plan import (
    SelectionCompiler,
    planned_fields,
    refuse_directives,
    strawberry_field,
)
from graphql_schema.execution.stream_extensions import StreamMiddleware
from graphql_schema.execution.together import Completed, Together


class SubscriptionContext(StrawberryGraphQLCoreExecutionContext):
    """Executes queries and mutations as Strawberry does, and subscription events by a plan."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # graphql-core's own hold the executor that holds them, and with it the request and its
        # socket: all of that would wait for Python's search for garbage, which stops every stream.
        self.async_helpers = GraphQLResolveInfoHelpers(gather=_gather, track=_Tracking(self))

    @cached_property
    def plan(self) -> Complete | None:
        """The compiled operation, or None when graphql-core must execute every event."""
        try:
            return self._compile_subscription()
        except NeedsFullExecutionError:
            return None

    @cached_property
    def root_fields(self) -> CollectedFields:
        """The root fields of a subscription, collected once per operation."""
        root_type = cast("GraphQLObjectType", self.schema.subscription_type)
        return collect_fields(
            self.schema,
            self.fragments,
            self.variable_values,
            root_type,
            self.operation,
            self.hide_suggestions,
        )

    @property
    def may_be_planned(self) -> bool:
        """Whether nothing watches each field, so that leaving graphql-core out changes nothing."""
        watches = self.middleware_manager is not None and self.middleware_manager.middlewares
        return not watches and self.abort_signal is None and self.hooks is None

    def _compile_subscription(self) -> Complete:
        """A function from one source event to the response data.

        It raises (any exception, of no meaning) for an event that needs graphql-core.

        Raises:
            NeedsFullExecutionError: no event of this operation can be planned.
        """
        root_type = self.schema.subscription_type
        if root_type is None or not self.may_be_planned:
            raise NeedsFullExecutionError("no subscription type, or each field is watched")
        fields = planned_fields(self.root_fields)
        if len(fields) != 1:
            raise NeedsFullExecutionError("not exactly one root field")
        (name, details), *_ = fields.items()
        refuse_directives(details)
        field = self.schema.get_field(root_type, details[0].node.name.value)
        # Strawberry gives subscription fields the identity as resolver: the event is the value.
        if field is None or not strawberry_field(field).is_subscription:
            raise NeedsFullExecutionError("the root field is no subscription field")
        # A copy, which holds no plan: the two would hold each other.
        complete = SelectionCompiler(copy(self)).complete(field.type, details)
        return lambda event: {name: complete(event)}

    def cancellable_iterable(self, iterable: AsyncIterable[Any]) -> AsyncIterable[Any]:
        """The events of a source, those that came together completed together."""
        return self._arriving(super().cancellable_iterable(iterable))

    async def _arriving(self, events: AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
        async with aclosing(events):
            async for event in events:
                if type(event) is Together:
                    for some in self._completed_together(event):
                        yield some
                else:
                    yield event

    def _completed_together(self, events: Together) -> Iterator[Any]:
        """What the plan makes of events, and each by itself that it leaves to graphql-core."""
        manager, plan = self.middleware_manager, self.plan
        if plan is None or not (isinstance(manager, StreamMiddleware) and manager.takes_together):
            yield from events
            return
        completed = Completed()
        for event in events:
            data = _tried(plan, event)
            if data is not None:
                completed.append(data)
                continue
            if completed:
                yield completed
                completed = Completed()
            yield event
        if completed:
            yield completed

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """Return what executes one event: the plan, or a copy of this executor."""
        if type(payload) is Completed:
            return cast("Executor[Any]", CompletedEvents(payload))
        if self.plan is None:
            return self.build_full_executor(payload)
        # Only `execute_operation` is called on it; see PlannedEvent.
        return cast("Executor[Any]", PlannedEvent(self, self.plan, payload))

    def build_full_executor(self, payload: Any) -> Executor[Any]:
        """Return graphql-core's executor for one event, with the operation's root fields."""
        # The copy takes over what this executor has collected: touch it before copying.
        _ = self.root_fields
        executor = super().build_per_event_executor(payload)
        executor.context_value = fresh_context(self.context_value)
        return executor

    def execute_fields_serially(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Execute mutations one after another, each with a context of its own."""

        async def execute_all() -> dict[str, Any]:
            results = {}
            for name, details in grouped_field_set.items():
                executor = copy(self)
                executor.context_value = fresh_context(self.context_value)
                field_path = Path(path, name, parent_type.name)
                result = executor.execute_field(
                    parent_type, source_value, details, field_path, position_context
                )
                if result is not Undefined:
                    results[name] = await result if self.is_awaitable(result) else result
            return results

        return execute_all()

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,  # noqa: FBT001  graphql-core's signature
        new_defer_usages: Sequence[DeferUsage],
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Execute the root fields; for a subscription always the same collection of them."""
        if self.operation.operation is OperationType.SUBSCRIPTION:
            grouped_field_set, new_defer_usages, _ = self.root_fields
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )


class CompletedEvents:
    """Stands where graphql-core expects the executor of one event."""

    __slots__ = ("_data",)

    def __init__(self, data: Completed) -> None:
        self._data = data

    def execute_operation(
        self,
        serially: bool | None = None,  # noqa: ARG002, FBT001  graphql-core's signature
    ) -> ExecutionResult:
        """What was completed."""
        return ExecutionResult(cast("Any", self._data), None, {})


class PlannedEvent:
    """Stands where graphql-core expects the executor of one event."""

    __slots__ = ("_operation", "_payload", "_plan")

    def __init__(self, operation: SubscriptionContext, plan: Complete, payload: Any) -> None:
        self._operation = operation
        self._plan = plan
        self._payload = payload

    def execute_operation(
        self,
        serially: bool | None = None,  # noqa: FBT001  graphql-core's signature
    ) -> AwaitableOrValue[Any]:
        """Complete the event by the plan, or execute it in full on any surprise."""
        # Full execution starts after the `except`, or its errors would carry this one as context.
        data = _tried(self._plan, self._payload)
        if data is not None:
            return ExecutionResult(data, None, {})
        return self._operation.build_full_executor(self._payload).execute_operation(serially)


def _tried(plan: Complete, event: Any) -> Any:
    """What the plan makes of an event; None for one that is graphql-core's."""
    try:
        return plan(event)
    except Exception:  # noqa: BLE001  graphql-core meets the same surprise and reports it
        return None


class _Tracking:
    """Hands pending work to an executor, for as long as somebody else holds it."""

    __slots__ = ("_executor",)

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = ref(executor)

    def __call__(self, values: Sequence[Any]) -> None:
        """Let the executor see what becomes of these values."""
        executor = self._executor()
        if executor is not None:
            executor.track_async_work(values)


def _gather(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
    return gather_with_cancel(*values)
