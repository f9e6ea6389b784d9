"""Values that nobody means well, for every field of every mutation's input, read from the schema.

The other arguments are those of the mutation's row, so that the value is all that is wrong.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from tests.api.matrix.documents import root_fields, variables_of
from tests.api.matrix.row import Row
from tests.api.matrix.table import ROWS

TOO_LONG = "x" * 600_000
"""Longer than any text may be, and shorter than any body."""

WITH_CONTROL = "a\x00\x1bb"
TURNED_AROUND = "\u202egpj.exe"
HALF_CHARACTER = "a\ud800"
MANY = 2_000
"""Entries of a list that may have no such number."""

GOES_WITHOUT = {"logoUrl": "logoUploadId", "bubbleIconUrl": "bubbleIconUploadId"}
"""What is left out of a row's arguments for the sake of a field."""

REFUSED: Mapping[str, tuple[Any, ...]] = {
    "String": (TOO_LONG, WITH_CONTROL),
    "ID": (TOO_LONG, WITH_CONTROL),
    "Int": (2**31, -(2**31) - 1, 1.5, "1"),
    "Float": ("1", [1.0, 2.0]),
    "Boolean": ("yes", 1),
    "DateTime": ("nonsense", WITH_CONTROL, 10**20),
    "BigInt": ("nonsense", 10**30),
    "Decimal": ("nonsense", WITH_CONTROL, "NaN"),
}
"""What must be refused, by the type of the field."""

BORNE: Mapping[str, tuple[Any, ...]] = {
    "String": ("", " ", TURNED_AROUND, HALF_CHARACTER, "${7*7}{{7*7}}", {"$gt": ""}),
    "ID": ("", TURNED_AROUND, HALF_CHARACTER, 7),
    "Int": (2**31 - 1, -(2**31), -1, 0),
    "Float": (1e308, -1.0, 0.0),
    "DateTime": ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00Z"),
    "BigInt": (2**63, -(2**63), -1),
    "Decimal": ("1e308", "-1", "1e-400"),
}
"""What may be refused or taken, and must not be a fault."""


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a mutation's input.

    Attributes:
        row: With the right arguments.
        path: Where it stands, such as ("input", "settings", "texts", 0, "placeholder").
        type: What belongs there.
    """

    row: Row
    path: tuple[str | int, ...]
    type: GraphQLInputType

    def __str__(self) -> str:
        return f"{self.row}: {'.'.join(str(part) for part in self.path[1:])}"

    @property
    def type_name(self) -> str:
        """The name of the type, without lists."""
        return str(get_named_type(self.type).name)

    @property
    def coordinate(self) -> str:
        """The mutation and the names on the way, without numbers."""
        names = [str(part) for part in self.path[1:] if isinstance(part, str)]
        return ".".join([self.row.operation, *names])

    def variables(self, value: Any) -> dict[str, Any]:
        """The row's arguments with a value in this place."""
        variables = copy.deepcopy(variables_of(self.row.operation, self.row.arguments))
        container: Any = variables
        type_: GraphQLInputType = root_fields()[self.row.operation][1].args["input"].type
        for part, following in zip(self.path, self.path[1:], strict=False):
            if part != "input":
                type_ = _inside(type_, part)
            container = _entered(container, part, type_, following)
        if isinstance(container, dict):
            container.pop(GOES_WITHOUT.get(str(self.path[-1]), ""), None)
        container[self.path[-1]] = value
        return variables


def places() -> Iterator[Place]:
    """Every field of every mutation, once for each mutation."""
    seen = set()
    for row in ROWS:
        kind, field = root_fields()[row.operation]
        if kind != "mutation" or row.operation in seen:
            continue
        seen.add(row.operation)
        yield from _fields(row, ("input",), field.args["input"].type)


def _fields(row: Row, path: tuple[str | int, ...], type_: GraphQLInputType) -> Iterator[Place]:
    named = get_named_type(type_)
    assert isinstance(named, GraphQLInputObjectType)
    for name, field in named.fields.items():
        inner = get_nullable_type(field.type)
        here = (*path, name)
        if isinstance(inner, GraphQLList):
            yield Place(row, here, inner)
            here = (*here, 0)
        if isinstance(get_named_type(inner), GraphQLInputObjectType):
            yield from _fields(row, here, inner)
        else:
            yield Place(row, here, get_named_type(inner))


def _inside(type_: GraphQLInputType, part: str | int) -> GraphQLInputType:
    """The type of a part of an input."""
    inner = get_nullable_type(type_)
    if isinstance(inner, GraphQLList):
        return inner.of_type  # type: ignore[no-any-return]
    assert isinstance(inner, GraphQLInputObjectType)
    of_field: GraphQLInputType = inner.fields[str(part)].type
    return of_field


def _entered(container: Any, part: str | int, type_: GraphQLInputType, following: str | int) -> Any:
    """What stands in a place on the way; made if there is nothing."""
    there = container.get(part) if isinstance(container, dict) else None
    if isinstance(following, int):
        made: Any = [there[0] if there else right_value(_inside(type_, 0))]
    else:
        made = there if isinstance(there, dict) else right_value(type_)
    if isinstance(container, list):
        return container[0]
    container[part] = made
    return made


def right_value(type_: GraphQLInputType) -> Any:
    """A value that a field of this type takes."""
    if isinstance(type_, GraphQLNonNull):
        return right_value(type_.of_type)
    if isinstance(type_, GraphQLList):
        return [right_value(type_.of_type)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        fields = type_.fields.items()
        return {name: right_value(one.type) for name, one in fields if is_required_input_field(one)}
    return {"Int": 1, "Float": 1.0, "Boolean": True, "BigInt": 1}.get(type_.name, "text")
