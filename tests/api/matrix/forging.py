"""Arguments with one id exchanged for another, as somebody sends who looks for others' data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from documents.ids import PydanticObjectId
from graphql_schema.node import global_id
from tests.api.matrix.documents import variables_of
from tests.api.matrix.row import PLATFORM, Reference, Row
from tests.api.matrix.things import Thing
from tests.api.operations import MALFORMED_IDS


@dataclass(frozen=True, slots=True)
class Place:
    """An ID argument of a row.

    Attributes:
        row: Whose.
        path: Where it stands in the variables, such as ("input", "settings", "defaultLlmId").
        reference: What is right there.
    """

    row: Row
    path: tuple[str, ...]
    reference: Reference

    def __str__(self) -> str:
        return f"{self.row}: {'.'.join(self.path)}"

    def forged(self, thing: Thing | None, public_id: str, *, beside: bool = False) -> Any:
        """The variables with another id in this place.

        Args:
            thing: What the id belongs to; its name stands wherever the row has the right one's.
            public_id: The id.
            beside: Keep the right id too, where the argument is a list.
        """
        variables = variables_of(self.row.operation, self.row.arguments)
        return self._exchanged(variables, (), thing, public_id, beside=beside)

    def _exchanged(
        self,
        value: Any,
        path: tuple[str, ...],
        thing: Thing | None,
        public_id: str,
        *,
        beside: bool,
    ) -> Any:
        match value:
            case Reference() if path == self.path:
                return public_id
            case Reference() if thing and self._goes_with(value):
                return thing.value(value.attribute)
            case list() if beside and path == self.path:
                return [*value, public_id]
            case list():
                return [
                    self._exchanged(one, path, thing, public_id, beside=beside) for one in value
                ]
            case dict():
                return {
                    name: self._exchanged(one, (*path, name), thing, public_id, beside=beside)
                    for name, one in value.items()
                }
        return value

    def _goes_with(self, other: Reference) -> bool:
        return other.thing == self.reference.thing and other.attribute != "id"


def places(row: Row) -> Iterator[Place]:
    """The ID arguments that a row fills."""
    for path, reference in _references(variables_of(row.operation, row.arguments), ()):
        if reference.attribute == "id" and not reference.thing.startswith(PLATFORM):
            yield Place(row, path, reference)


def _references(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Reference]]:
    match value:
        case Reference():
            yield path, value
        case list():
            for one in value:
                yield from _references(one, path)
        case dict():
            for name, one in value.items():
                yield from _references(one, (*path, name))


def unknown_id(type_name: str) -> str:
    """An id that was not given to anything."""
    return str(global_id(type_name, PydanticObjectId()))


def strange_ids(
    right: Thing, things: Mapping[str, Thing], foreign: Thing, *, any_type: bool
) -> Iterator[str]:
    """Ids that are none of the right type: of other things, and texts that are no ids at all."""
    other = next(one for one in things.values() if one.type_name != right.type_name)
    if not any_type:
        yield other.id
    yield str(global_id(right.type_name, other.document["_id"]))
    yield str(global_id(other.type_name, right.document["_id"]))
    yield str(global_id(other.type_name, foreign.document["_id"]))
    yield from MALFORMED_IDS
    yield from (f"{right.id}\n", f" {right.id}", f"{right.id}=", right.id.swapcase())
    yield str(right.document["_id"])
    yield str(foreign.document["_id"])
