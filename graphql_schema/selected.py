"""What of the stored documents a list needs, by what is selected of its nodes.

Fragments and fields under @skip count as selected, so the answer depends on the document alone: it
is found once and kept beside it.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, SelectionSetNode
from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import get_object_definition

from documents.parts import Fields
from graphql_schema.context import ParlanceInfo
from graphql_schema.execution.made import MadeOfDocument

MOST_KEPT = 200
"""Selections whose needs are remembered."""


class _WholeDocumentError(Exception):
    """Something is selected of which nobody said what it needs."""


@dataclass(frozen=True, slots=True)
class _Known:
    nodes: Sequence[FieldNode]  # kept, or others might get their identities
    fields: Fields | None


_known: OrderedDict[tuple[type, tuple[int, ...]], _Known] = OrderedDict()


def fields_of_nodes(info: ParlanceInfo, shown: type[MadeOfDocument]) -> Fields | None:
    """The stored fields that a connection's nodes of this type need; None: the whole documents."""
    raw = info._raw_info  # noqa: SLF001  the nodes themselves, which Strawberry only copies
    key = (shown, tuple(map(id, raw.field_nodes)))
    known = _known.get(key)
    if known is None:
        known = _known[key] = _Known(raw.field_nodes, _fields(raw, shown))
        if len(_known) > MOST_KEPT:
            _known.popitem(last=False)
    else:
        _known.move_to_end(key)
    return known.fields


def _fields(raw: Any, shown: type[MadeOfDocument]) -> Fields | None:
    walk = _Walk(raw.fragments)
    nodes = walk.below(walk.below(raw.field_nodes, "edges"), "node")
    try:
        return frozenset(walk.needed(nodes, shown))
    except _WholeDocumentError:
        return None


class _Walk:
    def __init__(self, fragments: Mapping[str, Any]) -> None:
        self._fragments = fragments

    def below(self, nodes: Sequence[FieldNode], name: str) -> list[FieldNode]:
        """The fields of this name that are selected of what the nodes stand for."""
        return [one for one in self._selected(nodes) if one.name.value == name]

    def needed(self, nodes: Sequence[FieldNode], shown: type[MadeOfDocument]) -> Iterator[str]:
        names = _names(shown)  # type: ignore[arg-type]  # a class is as hashable as any
        for node in self._selected(nodes):
            if node.name.value == "__typename":
                continue
            made = shown.made.get(names.get(node.name.value, ""))
            if made is None:
                raise _WholeDocumentError
            if made.shows is None:
                yield from made.stored
            else:
                [part] = made.stored
                inner = [f"{part}.{one}" for one in self.needed([node], made.shows)]
                yield from inner or [part]

    def _selected(self, nodes: Sequence[FieldNode]) -> Iterator[FieldNode]:
        for node in nodes:
            yield from self._fields_in(node.selection_set)

    def _fields_in(self, selections: SelectionSetNode | None) -> Iterator[FieldNode]:
        for one in selections.selections if selections else ():
            if isinstance(one, FieldNode):
                yield one
            elif isinstance(one, FragmentSpreadNode):
                yield from self._fields_in(self._fragments[one.name.value].selection_set)
            else:
                yield from self._fields_in(one.selection_set)  # type: ignore[attr-defined]


@cache
def _names(shown: type) -> Mapping[str, str]:
    """The attributes of a type by their names in the schema."""
    convert = NameConverter().get_graphql_name
    definition = get_object_definition(shown, strict=True)
    return {convert(one): one.python_name for one in definition.fields}
