"""How a plan reads a leaf: the value of a field without a selection, as it stands in a response.

Most leaves are strings, numbers and flags that a response takes as they are. So each kind of leaf
has a short way for values of exactly the class that it should have, and everything else takes the
long way, which does what graphql-core does or refuses.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias, cast

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.enum import StrawberryEnumDefinition

Complete: TypeAlias = Callable[[Any], Any]
"""Turns a resolved value that is not null into response data, or raises any exception."""

Get: TypeAlias = Callable[[Any], Any]
"""Gets the value of one field from its object."""

EXACT_CLASSES: dict[object, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Scalars that give back a value of exactly this class as it is."""


class NeedsFullExecutionError(Exception):
    """The plan met something that only graphql-core executes.

    Attributes:
        reason: What it was, for a developer who wonders why an operation is not planned.
        always: Whether values of the same class will meet it every time.
    """

    def __init__(self, reason: str, *, always: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.always = always


def read_leaf(type_: GraphQLLeafType, get: Get, *, nullable: bool) -> Complete:
    """A function from an object to the response data of one of its leaves."""
    if type_ in EXACT_CLASSES:
        return _read_exact(type_, get, EXACT_CLASSES[type_], nullable=nullable)
    complete = complete_leaf(type_)
    if not nullable:
        return lambda source: complete(get(source))

    def read(source: Any) -> Any:
        value = get(source)
        return None if value is None else complete(value)

    return read


def complete_leaf(type_: GraphQLLeafType) -> Complete:
    """A function from a leaf's value that is not null to its response data."""
    if type_ in EXACT_CLASSES:
        python_class, otherwise = EXACT_CLASSES[type_], _complete_any(type_)
        return lambda value: value if type(value) is python_class else otherwise(value)
    if type_ is GraphQLInt:
        return _complete_int(type_)
    if isinstance(type_, GraphQLEnumType):
        return _complete_enum(type_)
    return _complete_any(type_)


def _read_exact(type_: GraphQLLeafType, get: Get, exact: type, *, nullable: bool) -> Complete:
    otherwise = _complete_any(type_)
    taken_as_they_are = frozenset({exact, type(None)} if nullable else {exact})

    def read(source: Any) -> Any:
        value = get(source)
        return value if type(value) in taken_as_they_are else otherwise(value)

    return read


def _complete_any(type_: GraphQLLeafType) -> Complete:
    coerce = type_.coerce_output_value

    def complete(value: Any) -> Any:
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

    return complete


def _complete_int(type_: GraphQLLeafType) -> Complete:
    otherwise = _complete_any(type_)

    def complete(value: Any) -> Any:
        if type(value) is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT:
            return value
        return otherwise(value)

    return complete


def _complete_enum(type_: GraphQLEnumType) -> Complete:
    otherwise = _complete_any(type_)
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryEnumDefinition):
        return otherwise
    enum_class = cast("type[Enum]", definition.wrapped_cls)
    # By identity: an enum's own hash is code of Python's, and each member is there once.
    names = {id(member): type_.coerce_output_value(member) for member in enum_class}
    return lambda value: names[id(value)] if type(value) is enum_class else otherwise(value)
