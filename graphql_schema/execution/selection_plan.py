"""Compiles the selection of one validated subscription into a function event -> response data.

An answer is thousands of events of two or three classes, and graphql-core walks the same
selection again for each of them. The plan walks it once per class and operation and keeps what the
walk found: which attributes to read, under which names. It knows only what needs no code of ours at
run time (plain attributes, nested objects, lists, leaves); whatever else it meets, in the selection
or in a value, it refuses, and the caller lets graphql-core execute that event. Resolvers,
permissions, awaitables, nulls that propagate and every error therefore have one implementation.
"""

from collections.abc import Callable
from enum import Enum
from operator import attrgetter
from typing import Any, TypeAlias, cast

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
    Undefined,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    GroupedFieldSet,
    collect_fields,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import get_strawberry_type_cast
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

Complete: TypeAlias = Callable[[Any], Any]
"""Turns a resolved value that is not null into response data, or raises any exception."""

PLANNED_DIRECTIVES = frozenset({"skip", "include"})
"""Directives that collecting the fields has dealt with already."""

EXACT_CLASSES: dict[object, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Scalars that give back a value of exactly this class as it is."""


class NeedsFullExecutionError(Exception):
    """The plan met something that only graphql-core executes.

    Attributes:
        reason: What it was, for a developer who wonders why an operation is not planned.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def compile_subscription(operation: Executor[Any]) -> Complete:
    """Compile the operation into a function from one source event to the response data.

    The function raises (any exception, of no meaning) for an event that needs graphql-core.

    Raises:
        NeedsFullExecutionError: no event of this operation can be planned.
    """
    return _SelectionCompiler(operation).compile_root()


class _SelectionCompiler:
    def __init__(self, operation: Executor[Any]) -> None:
        self._operation = operation
        self._schema = operation.schema

    def compile_root(self) -> Complete:
        self._refuse_interference()
        root_type = self._schema.subscription_type
        if root_type is None:
            raise NeedsFullExecutionError("no subscription type")
        fields = _plain_fields(collect_root_fields(self._operation, root_type))
        if len(fields) != 1:
            raise NeedsFullExecutionError("not exactly one root field")
        (name, details), *_ = fields.items()
        field = self._schema.get_field(root_type, details[0].node.name.value)
        # Strawberry gives subscription fields the identity as resolver: the event is the value.
        if field is None or not _strawberry_field(field).is_subscription:
            raise NeedsFullExecutionError("the root field is no subscription field")
        complete = self._complete(field.type, details)
        return lambda event: {name: complete(event)}

    def _refuse_interference(self) -> None:
        operation = self._operation
        if operation.middleware_manager is not None and operation.middleware_manager.middlewares:
            raise NeedsFullExecutionError("an extension runs for every field")
        if operation.abort_signal is not None or operation.hooks is not None:
            raise NeedsFullExecutionError("abort signal or execution hooks")

    def _complete(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Complete:
        if is_non_null_type(type_):
            return self._complete_present(type_.of_type, details)
        complete = self._complete_present(type_, details)
        return lambda value: None if value is None else complete(value)

    def _complete_present(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Complete:
        if is_leaf_type(type_):
            return _complete_leaf(type_)
        if is_list_type(type_):
            return self._complete_list(type_, details)
        return self._complete_composite(type_, details)

    def _complete_list(
        self, type_: GraphQLList[GraphQLOutputType], details: FieldDetailsList
    ) -> Complete:
        complete = self._complete(type_.of_type, details)

        def complete_list(values: Any) -> list[Any]:
            if type(values) is not list and type(values) is not tuple:
                raise NeedsFullExecutionError("not a list or tuple")
            return [complete(value) for value in values]

        return complete_list

    def _complete_composite(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Complete:
        # Filled when a value of a class is first met: compiling ahead would expand nested
        # fragments that no value ever reaches, and their number can grow exponentially.
        plans: dict[type, Complete] = {}

        def complete_composite(value: Any) -> Any:
            plan = plans.get(type(value))
            if plan is None:
                plan = plans[type(value)] = self._plan_class(type_, type(value), details)
            if get_strawberry_type_cast(value) is not None:
                raise NeedsFullExecutionError("value cast to another type")
            return plan(value)

        return complete_composite

    def _plan_class(
        self, type_: GraphQLOutputType, python_class: type, details: FieldDetailsList
    ) -> Complete:
        try:
            object_type = self._runtime_type(type_, python_class)
            return self._complete_object(object_type, details)
        except NeedsFullExecutionError as error:
            return _refuse(error.reason)

    def _runtime_type(self, type_: GraphQLOutputType, python_class: type) -> GraphQLObjectType:
        definition = vars(python_class).get("__strawberry_definition__")
        if not isinstance(definition, StrawberryObjectDefinition):
            raise NeedsFullExecutionError(f"{python_class.__name__} is no Strawberry type")
        object_type = self._schema.get_type(definition.name)
        if (
            not isinstance(object_type, GraphQLObjectType)
            or _definition(object_type) is not definition
            or definition.is_type_of is not None
            or definition.is_graphql_generic
            or issubclass(python_class, Exception)
            or hasattr(python_class, "__await__")
        ):
            raise NeedsFullExecutionError(f"{definition.name} decides its type at run time")
        if object_type is not type_:
            self._refuse_other_type(type_, object_type)
        return object_type

    def _refuse_other_type(self, type_: GraphQLOutputType, object_type: GraphQLObjectType) -> None:
        if not is_abstract_type(type_) or not self._schema.is_sub_type(type_, object_type):
            raise NeedsFullExecutionError(f"{object_type.name} is not possible here")
        if getattr(_definition(type_), "resolve_type", None) is not None:
            raise NeedsFullExecutionError(f"{type_} has its own type resolver")

    def _complete_object(
        self, object_type: GraphQLObjectType, details: FieldDetailsList
    ) -> Complete:
        selected = _plain_fields(self._operation.collect_subfields(object_type, details))
        fields = [
            (name, self._read_field(object_type, field_details))
            for name, field_details in selected.items()
        ]
        return lambda value: {name: read(value) for name, read in fields}

    def _read_field(self, object_type: GraphQLObjectType, details: FieldDetailsList) -> Complete:
        name = details[0].node.name.value
        if name == "__typename":
            return lambda _value: object_type.name
        field = self._schema.get_field(object_type, name)
        if field is None or field.args:
            raise NeedsFullExecutionError(f"{object_type.name}.{name} takes arguments")
        read = attrgetter(_plain_attribute(field))
        complete = self._complete(field.type, details)
        return lambda value: complete(read(value))


def collect_root_fields(operation: Executor[Any], root_type: GraphQLObjectType) -> CollectedFields:
    """Collect the root fields of the operation, as graphql-core does for every event."""
    return collect_fields(
        operation.schema,
        operation.fragments,
        operation.variable_values,
        root_type,
        operation.operation,
        operation.hide_suggestions,
    )


def _plain_fields(collected: CollectedFields) -> GroupedFieldSet:
    if collected.new_defer_usages:
        raise NeedsFullExecutionError("deferred fragment")
    for details in collected.grouped_field_set.values():
        for directive in (found for detail in details for found in detail.node.directives or ()):
            if directive.name.value not in PLANNED_DIRECTIVES:
                raise NeedsFullExecutionError(f"directive @{directive.name.value}")
    return collected.grouped_field_set


def _definition(type_: Any) -> object:
    return type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)


def _strawberry_field(field: GraphQLField) -> StrawberryField:
    definition = _definition(field)
    if not isinstance(definition, StrawberryField):
        raise NeedsFullExecutionError("a field that Strawberry did not make")
    return definition


def _plain_attribute(field: GraphQLField) -> str:
    definition = _strawberry_field(field)
    kind = type(definition)
    if (
        not definition.is_basic_field
        or definition.permission_classes
        or definition.default_resolver is not getattr
        or kind.get_result is not StrawberryField.get_result
        or kind.is_basic_field is not StrawberryField.is_basic_field
    ):
        raise NeedsFullExecutionError(f"{definition.python_name} is resolved by code")
    return definition.python_name


def _refuse(reason: str) -> Complete:
    def refuse(_value: Any) -> Any:
        raise NeedsFullExecutionError(reason)

    return refuse


def _complete_leaf(type_: GraphQLLeafType) -> Complete:
    if type_ in EXACT_CLASSES:
        return _complete_exact(type_, EXACT_CLASSES[type_])
    if type_ is GraphQLInt:
        return _complete_int(type_)
    if isinstance(type_, GraphQLEnumType):
        return _complete_enum(type_)
    return _complete_any_leaf(type_)


def _complete_any_leaf(type_: GraphQLLeafType) -> Complete:
    coerce = type_.coerce_output_value

    def complete_leaf(value: Any) -> Any:
        if (
            value is None
            or value is Undefined
            or isinstance(value, Exception)
            or optimized_is_awaitable(value)
        ):
            raise NeedsFullExecutionError("null, exception or awaitable")
        completed = coerce(value)
        if completed is None or completed is Undefined:
            raise NeedsFullExecutionError("coerced to null")
        return completed

    return complete_leaf


def _complete_exact(type_: GraphQLLeafType, python_class: type) -> Complete:
    otherwise = _complete_any_leaf(type_)
    return lambda value: value if type(value) is python_class else otherwise(value)


def _complete_int(type_: GraphQLLeafType) -> Complete:
    otherwise = _complete_any_leaf(type_)

    def complete_int(value: Any) -> Any:
        if type(value) is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT:
            return value
        return otherwise(value)

    return complete_int


def _complete_enum(type_: GraphQLEnumType) -> Complete:
    otherwise = _complete_any_leaf(type_)
    definition = _definition(type_)
    if not isinstance(definition, StrawberryEnumDefinition):
        return otherwise
    enum_class = cast("type[Enum]", definition.wrapped_cls)
    names = {member: type_.coerce_output_value(member) for member in enum_class}
    return lambda value: names[value] if type(value) is enum_class else otherwise(value)
