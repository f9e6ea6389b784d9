"""The execution context of our schema: plain fields by a plan, everything else by graphql-core.

graphql-core builds a path, an info object and a list of arguments for every field of every object,
also where all that a field does is read an attribute. Here an object's plain fields are read by
the functions that were compiled for its selection, whole lists of objects at a time; the rest of
its fields go through graphql-core, each like before.
"""

from collections.abc import Awaitable, Sequence
from typing import Any, cast

from graphql import DocumentNode, GraphQLError, GraphQLObjectType, OperationType
from graphql.execution import Executor
from graphql.execution.collect_fields import DeferUsage, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path

from graphql_schema.execution.leaf_plan import NeedsFullExecutionError
from graphql_schema.execution.query_plan import CompiledOperation, CompiledOperations, Reads
from graphql_schema.execution.selection_plan import definition_of
from graphql_schema.execution.subscription_context import SubscriptionContext


class PlannedContext(SubscriptionContext):
    """Executes operations by plans where nothing speaks against it."""

    compiled: CompiledOperation | None = None

    @classmethod
    def build(cls, *args: Any, **kwargs: Any) -> list[GraphQLError] | Executor[Any]:
        """Build the executor of a document, with what is known about the document."""
        executor = super().build(*args, **kwargs)
        if isinstance(executor, PlannedContext):
            executor.take_plans(kwargs["document"] if "document" in kwargs else args[1])
        return executor

    def take_plans(self, document: DocumentNode) -> None:
        plans = getattr(definition_of(self.schema), "plans", None)
        of_events = self.operation.operation is OperationType.SUBSCRIPTION
        if of_events or not self.may_be_planned or not isinstance(plans, CompiledOperations):
            return
        self.compiled = plans.of(document, self)
        self._relevant_sub_fields = self.compiled.sub_fields

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,  # noqa: FBT001  graphql-core's signature
        new_defer_usages: Sequence[DeferUsage],
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Execute the root fields, each time as the same objects: what is known hangs on them."""
        if self.compiled is not None:
            grouped_field_set, new_defer_usages, _ = self.compiled.root_fields(root_type)
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Read the plain fields of an object, and let graphql-core execute the others."""
        reads = self.compiled and self.compiled.reads(parent_type, grouped_field_set)
        if not reads:
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        results, others = self._read(reads, source_value, grouped_field_set)
        if not others:
            return results
        executed = super().execute_fields(parent_type, source_value, path, others, position_context)
        if self.is_awaitable(executed):
            return _completed(results, executed)
        return results | cast("dict[str, Any]", executed)

    def _read(
        self, reads: Reads, source: Any, fields: GroupedFieldSet
    ) -> tuple[dict[str, Any], GroupedFieldSet]:
        compiled = cast("CompiledOperation", self.compiled)
        # Operations of one document share what is compiled. Nothing is awaited before it is taken
        # away again, so no other operation meets this one's context.
        compiled.context_value = self.context_value
        try:
            return read_fields(reads, source, fields)
        finally:
            compiled.context_value = None


def read_fields(
    reads: Reads, source: Any, fields: GroupedFieldSet
) -> tuple[dict[str, Any], GroupedFieldSet]:
    """Read what can be read of an object, and tell which fields are left.

    The results have a place for every field, so that their order is that of the selection.
    """
    results: dict[str, Any] = {}
    others: GroupedFieldSet = {}
    for name, details in fields.items():
        results[name] = None
        if (read := reads.get(name)) is None:
            others[name] = details
            continue
        try:
            results[name] = read(source)
        except Exception as surprise:  # noqa: BLE001  graphql-core meets it too and reports it
            others[name] = details
            if isinstance(surprise, NeedsFullExecutionError) and surprise.always:
                del reads[name]  # costs the next object of this class nothing
    return results, others


async def _completed(
    results: dict[str, Any], executed: Awaitable[dict[str, Any]]
) -> dict[str, Any]:
    return results | await executed
