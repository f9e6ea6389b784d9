"""How many objects an operation may ask for: page sizes multiply down the selection.

What depends on the document alone is found once and kept with the parsed document; the sizes that
stand in variables are filled in for every request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLNonNull,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ValueNode,
    VariableNode,
    is_composite_type,
    is_list_type,
)

DEFAULT_PAGE = 20
"""Items of a page for which neither the document nor the schema names a size."""

UNPAGED_LIST = 10
"""What a list without a page size is taken to hold, such as the citations of a message."""

LARGEST = 10**9
"""Sizes are cut here, so that sums of hostile ones stay small numbers."""

PAGE_ARGUMENTS = ("first", "last")
ID_LIST_ARGUMENT = "ids"

_STRUCTURE = ("Connection", "Edge")
"""Endings of the types between a list and its items; Relay reserves them."""

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """How many objects one field gives.

    Attributes:
        asked: Values and variables that name a size; the largest counts.
        otherwise: The size when none of them is a number.
    """

    asked: tuple[object, ...] = ()
    otherwise: int = 1

    def count(self, variables: Variables) -> int:
        """The number of objects with these variables."""
        given = [
            variables.get(one.name.value) if isinstance(one, VariableNode) else one
            for one in self.asked
        ]
        return max((found for one in given if (found := _number(one)) > 0), default=self.otherwise)


@dataclass(slots=True)
class Rows:
    """Objects of one field (or of a group of fields) with everything selected on each."""

    size: Size = field(default_factory=Size)
    own: int = 1
    inner: list["Rows"] = field(default_factory=list)

    def count(self, variables: Variables) -> int:
        """Objects in all. Only for documents within the limit on expanded fields."""
        below = sum(one.count(variables) for one in self.inner)
        return self.size.count(variables) * (self.own + below)


def size_of(
    node: FieldNode, definition: GraphQLField | None, parent: GraphQLNamedType | None
) -> tuple[Size, int]:
    """The size of a field with a selection, and 1 if its objects count, 0 for structure."""
    if parent is not None and parent.name.endswith(_STRUCTURE):
        return Size(), 0
    if definition is None:
        return Size(), 1
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    if any(name in definition.args for name in PAGE_ARGUMENTS):
        return Size(_asked(given), _default_page(definition)), 1
    if not _is_list(definition):
        return Size(), 1
    ids = given.get(ID_LIST_ARGUMENT)
    return Size(() if ids is None else (_plain(ids),), UNPAGED_LIST), 1


def has_objects(named_type: GraphQLNamedType | None) -> bool:
    """Whether values of the type are objects."""
    return named_type is not None and is_composite_type(named_type)


def _asked(given: Mapping[str, ValueNode]) -> tuple[object, ...]:
    return tuple(_plain(given[name]) for name in PAGE_ARGUMENTS if name in given)


def _plain(node: ValueNode) -> object:
    """A literal as far as sizes need it: its number, its length, or the variable."""
    match node:
        case IntValueNode():
            return int(node.value[:10])
        case ListValueNode():
            return node.values
        case NullValueNode():
            return None
    return node


def _default_page(definition: GraphQLField) -> int:
    defaults = [
        definition.args[name].default_value for name in PAGE_ARGUMENTS if name in definition.args
    ]
    return next((one for one in defaults if isinstance(one, int)), DEFAULT_PAGE)


def _is_list(definition: GraphQLField) -> bool:
    type_ = definition.type
    return is_list_type(type_.of_type if isinstance(type_, GraphQLNonNull) else type_)


def _number(value: object) -> int:
    """A size that a client gave; 0 for what is none (and will be refused where it is used)."""
    match value:
        case bool():
            return 0
        case int() | float():  # JSON has one kind of number: 50.0 is accepted for an Int as well
            return int(max(0, min(value, LARGEST)))
        case list() | tuple():
            return len(value)
    return 0
