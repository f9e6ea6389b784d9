"""Compiles what is selected of a value into a function value -> response data.

A page is a hundred objects of one class and an answer is thousands of events of two or three, and
graphql-core walks the same selection again for each of them. A plan walks it once per class and
keeps what the walk found: which attributes to read, under which names. It knows only what needs no
code of ours at run time (plain attributes, nested objects, lists, leaves); whatever else it meets,
in the selection or in a value, it refuses, and the caller lets graphql-core do it. Resolvers,
permissions, awaitables, nulls that propagate and every error therefore have one implementation.
"""

from operator import attrgetter
from typing import Any, Protocol

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import get_strawberry_type_cast
from strawberry.types.field import StrawberryField

from graphql_schema.execution.computed import computation_of
from graphql_schema.execution.leaf_plan import (
    Complete,
    Get,
    NeedsFullExecutionError,
    complete_leaf,
    read_leaf,
)
from graphql_schema.execution.made import made_getter

PLANNED_DIRECTIVES = frozenset({"skip", "include"})
"""Directives that collecting the fields has dealt with already."""


class Selections(Protocol):
    """What is selected of each type, as graphql-core's executor knows it."""

    schema: GraphQLSchema
    context_value: Any
    """The context of the operation whose values are read just now."""

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields:
        """The fields that are selected of a value of this type."""


class SelectionCompiler:
    """Makes the functions for the selections of one operation."""

    def __init__(self, selections: Selections) -> None:
        self._selections = selections
        self._schema = selections.schema

    def complete(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Complete:
        """A function from a value of a field to its response data."""
        if is_non_null_type(type_):
            return self._complete_present(type_.of_type, details)
        complete = self._complete_present(type_, details)
        return lambda value: None if value is None else complete(value)

    def read_field(self, object_type: GraphQLObjectType, details: FieldDetailsList) -> Complete:
        """A function from an object to the response data of one of its fields.

        Raises:
            NeedsFullExecutionError: the field is no plain attribute.
        """
        name = details[0].node.name.value
        refuse_directives(details)
        if name == "__typename":
            return lambda _source: object_type.name
        field = self._schema.get_field(object_type, name)
        if field is None or field.args:
            raise NeedsFullExecutionError(f"{object_type.name}.{name} takes arguments")
        get = self._getter(object_type, field)
        type_ = field.type
        present = type_.of_type if is_non_null_type(type_) else type_
        if is_leaf_type(present):
            return read_leaf(present, get, nullable=present is type_)
        complete = self.complete(type_, details)
        return lambda source: complete(get(source))

    def _getter(self, object_type: GraphQLObjectType, field: GraphQLField) -> Get:
        compute = computation_of(strawberry_field(field))
        if compute is None:
            name = plain_attribute(field)
            shown = getattr(definition_of(object_type), "origin", None)
            return made_getter(shown, name) or attrgetter(name)
        selections = self._selections
        return lambda source: compute(source, selections.context_value)

    def _complete_present(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Complete:
        if is_leaf_type(type_):
            return complete_leaf(type_)
        if is_list_type(type_):
            return self._complete_list(type_, details)
        return self._complete_composite(type_, details)

    def _complete_list(
        self, type_: GraphQLList[GraphQLOutputType], details: FieldDetailsList
    ) -> Complete:
        complete = self.complete(type_.of_type, details)

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
        if issubclass(python_class, Exception) or hasattr(python_class, "__await__"):
            raise NeedsFullExecutionError(f"{definition.name} is more than an object")
        if definition.is_graphql_generic:
            return _specialization(type_, definition)
        object_type = self._schema.get_type(definition.name)
        if (
            not isinstance(object_type, GraphQLObjectType)
            or definition_of(object_type) is not definition
            or definition.is_type_of is not None
        ):
            raise NeedsFullExecutionError(f"{definition.name} decides its type at run time")
        if object_type is not type_:
            self._refuse_other_type(type_, object_type)
        return object_type

    def _refuse_other_type(self, type_: GraphQLOutputType, object_type: GraphQLObjectType) -> None:
        if not is_abstract_type(type_) or not self._schema.is_sub_type(type_, object_type):
            raise NeedsFullExecutionError(f"{object_type.name} is not possible here")
        if getattr(definition_of(type_), "resolve_type", None) is not None:
            raise NeedsFullExecutionError(f"{type_} has its own type resolver")

    def _complete_object(
        self, object_type: GraphQLObjectType, details: FieldDetailsList
    ) -> Complete:
        selected = planned_fields(self._selections.collect_subfields(object_type, details))
        fields = [
            (name, self.read_field(object_type, field_details))
            for name, field_details in selected.items()
        ]
        return lambda value: {name: read(value) for name, read in fields}


def planned_fields(collected: CollectedFields) -> GroupedFieldSet:
    """The fields of a selection.

    Raises:
        NeedsFullExecutionError: some of them are deferred.
    """
    if collected.new_defer_usages:
        raise NeedsFullExecutionError("deferred fragment")
    return collected.grouped_field_set


def refuse_directives(details: FieldDetailsList) -> None:
    """Refuse a field with directives that do something while it is executed.

    Raises:
        NeedsFullExecutionError: it has one.
    """
    for directive in (found for detail in details for found in detail.node.directives or ()):
        if directive.name.value not in PLANNED_DIRECTIVES:
            raise NeedsFullExecutionError(f"directive @{directive.name.value}")


def definition_of(thing: Any) -> object:
    """What Strawberry made a type or field of graphql-core from."""
    return thing.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)


def strawberry_field(field: GraphQLField) -> StrawberryField:
    """What Strawberry made a field from.

    Raises:
        NeedsFullExecutionError: it did not make it.
    """
    definition = definition_of(field)
    if not isinstance(definition, StrawberryField):
        raise NeedsFullExecutionError("a field that Strawberry did not make")
    return definition


def plain_attribute(field: GraphQLField) -> str:
    """The attribute that a field reads.

    Raises:
        NeedsFullExecutionError: the field is resolved by code.
    """
    definition = strawberry_field(field)
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


def _specialization(
    type_: GraphQLOutputType, generic: StrawberryObjectDefinition
) -> GraphQLObjectType:
    """The type of a generic object (a connection of chatbots): the one that its field has."""
    definition = definition_of(type_) if isinstance(type_, GraphQLObjectType) else None
    if (
        not isinstance(type_, GraphQLObjectType)
        or not isinstance(definition, StrawberryObjectDefinition)
        or definition.concrete_of is not generic
        or type_.is_type_of is not None
    ):
        raise NeedsFullExecutionError(f"{generic.name} decides its type at run time")
    return type_


def _refuse(reason: str) -> Complete:
    def refuse(_value: Any) -> Any:
        raise NeedsFullExecutionError(reason, always=True)

    return refuse
