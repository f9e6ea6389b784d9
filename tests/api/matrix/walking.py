"""Everything that can be reached from an operation, as documents within the limits of the API.

A walk selects all fields of all types down to a number of objects inside each other. It is cut into
documents of a size that visitors may send, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    is_required_argument,
)

from tests.api.matrix.documents import GRAPHQL

Branch = dict[str, "Branch | None"]
"""A selection: what stands before the braces, and what stands in them."""

OBJECTS_DEEP = 4
FIELDS_DEEP = 8
"""As deep as visitors may ask."""

STRUCTURE = ("Connection", "Edge")
SKIPPED = "PageInfo"


@dataclass(slots=True)
class Walk:
    """What is still to be selected, and what was found closed on the way.

    Attributes:
        most_fields: Of one document; tokens, which are limited as well, are about twice as many.
        most_rows: Objects that one document asks for, for each thing it begins with.
        closed: The fields that are not asked for any more, such as Conversation.client.
        walked: The types from which everything was walked.
    """

    most_fields: int
    most_rows: int
    closed: set[str] = field(default_factory=set)
    walked: set[str] = field(default_factory=set)

    def documents(self, type_: GraphQLOutputType, only: str = "") -> Iterator[Branch]:
        """Selections that together reach everything from a type; from `only` one of its kinds.

        What each thing leads to is walked once: another list of the same things is only looked at.
        """
        named = get_named_type(type_)
        if not is_abstract_type(named):
            yield from self._documents(named)
            return
        # One by one: fields of one name may have different types.
        for possible in GRAPHQL.get_possible_types(named):
            if only not in {"", possible.name}:
                continue
            for branch in self._documents(possible):
                yield {f"... on {possible.name}": branch}

    def _documents(self, type_: GraphQLNamedType) -> Iterator[Branch]:
        item = type_.name.removesuffix("Connection")
        objects = 1 if item in self.walked else OBJECTS_DEEP
        self.walked.add(item)
        whole: Branch = {}
        for piece in _pieces(self._branch(type_, objects, FIELDS_DEEP - 1, 1)):
            joined = _joined(whole, piece)
            if _fields(joined) > self.most_fields or _rows(type_, joined) > self.most_rows:
                yield whole
                joined = piece
            whole = joined
        yield whole

    def _branch(self, type_: GraphQLNamedType, objects: int, fields: int, rows: int) -> Branch:
        branch: Branch = {"__typename": None}
        if not isinstance(type_, GraphQLObjectType):
            return branch  # what an interface or a union stands for is walked from `node`
        for name, one in type_.fields.items():
            if f"{type_.name}.{name}" not in self.closed:
                times = _times(type_, one)
                branch |= self._below(name, one, objects, fields, rows * times)
        return branch

    def _below(self, name: str, one: GraphQLField, objects: int, fields: int, rows: int) -> Branch:
        type_ = get_named_type(one.type)
        if any(is_required_argument(argument) for argument in one.args.values()):
            return {}
        if not is_composite_type(type_):
            return {name: None}
        objects -= not in_page(type_)
        if objects < 0 or fields < 2 or 2 * rows > self.most_rows or type_.name == SKIPPED:
            return {}
        call = f"{name}(first: 2)" if "first" in one.args else name
        return {call: self._branch(type_, objects, fields - 1, rows)}


def walk_of_visitors() -> Walk:
    """With documents as large as visitors may send."""
    return Walk(most_fields=130, most_rows=480)


def walk_of_people() -> Walk:
    """With documents as large as people and servers may send."""
    return Walk(most_fields=350, most_rows=1_900)


def text_of(branch: Branch) -> str:
    """The selection as GraphQL writes it."""
    parts = [
        call if below is None else f"{call} {text_of(below)}" for call, below in branch.items()
    ]
    return f"{{ {' '.join(parts)} }}"


def without(branch: Branch, path: list[str]) -> Branch:
    """The selection without the field at the path of an error."""
    pruned: Branch = {}
    for call, below in branch.items():
        name = call.partition("(")[0]
        if call.startswith("... on ") and below is not None:
            pruned[call] = without(below, path)
        elif name != path[0]:
            pruned[call] = below
        elif path[1:] and below is not None:
            pruned[call] = without(below, path[1:])
    return {call: below for call, below in pruned.items() if below != {}}


def coordinate(type_: GraphQLOutputType, path: list[str]) -> set[str]:
    """The coordinates of the field at a path, which for an abstract type may be several."""
    named = get_named_type(type_)
    types = GRAPHQL.get_possible_types(named) if is_abstract_type(named) else [named]
    having = [one for one in types if isinstance(one, GraphQLObjectType) and path[0] in one.fields]
    if not path[1:]:
        return {f"{one.name}.{path[0]}" for one in having}
    return {found for one in having for found in coordinate(one.fields[path[0]].type, path[1:])}


def _pieces(branch: Branch) -> Iterator[Branch]:
    """The selection in parts that are small each, and make the whole when they are joined."""
    leaves: Branch = {call: None for call, below in branch.items() if below is None}
    if leaves:
        yield leaves
    for call, below in branch.items():
        for piece in _pieces(below or {}):
            yield {call: piece}


def _joined(one: Branch, other: Branch) -> Branch:
    joined = dict(one)
    for call, below in other.items():
        known = joined.get(call)
        joined[call] = _joined(known, below) if known and below else (known or below)
    return joined


def _fields(branch: Branch) -> int:
    return sum(1 + _fields(below or {}) for below in branch.values())


def _rows(type_: GraphQLNamedType, branch: Branch) -> int:
    """How many objects a selection asks for, as graphql_schema/limits/rows.py counts them."""
    rows = 0
    for call, below in branch.items():
        if below is None:
            continue
        if call.startswith("... on "):
            rows += _rows(GRAPHQL.type_map[call.removeprefix("... on ")], below)
        elif isinstance(type_, GraphQLObjectType):
            one = type_.fields[call.partition("(")[0]]
            rows += _times(type_, one) * (1 + _rows(get_named_type(one.type), below))
    return rows


def _times(type_: GraphQLNamedType, one: GraphQLField) -> int:
    is_list = is_list_type(get_nullable_type(one.type)) and not in_page(type_)
    return 2 if "first" in one.args else 10 if is_list else 1


def in_page(type_: GraphQLNamedType) -> bool:
    """Whether a type only stands between a list and its items."""
    return type_.name.endswith(STRUCTURE)
