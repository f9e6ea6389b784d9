"""Documents of which only some fields are read: a list shows few of many.

MongoDB then sends less, and what it sends is not validated once more: it was when it was stored.
A part reads like its document and is none, so that whatever was not asked for, method or field,
raises `AttributeError`. (The classes of documents have attributes with the names of their fields.)
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace, UnionType
from typing import Any, Generic, Literal, TypeAlias, TypeVar, Union, cast, get_args, get_origin

from beanie import PydanticObjectId
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from documents.base import TenantDocument

Fields: TypeAlias = frozenset[str]
"""The names of fields, also of parts: `draft.name`."""

ALWAYS: Fields = frozenset({"id", "client_id"})
"""What identifies a document is read with every part of it."""

MOST_READERS = 500
"""How many are kept: one for each document class and set of fields, some kilobytes each."""

_TAKEN_AS_THEY_ARE = frozenset({str, int, float, bool, datetime, PydanticObjectId, type(None)})

DocumentType = TypeVar("DocumentType", bound=TenantDocument)
_Read: TypeAlias = Callable[[dict[str, Any]], Any]


class PartReader(Generic[DocumentType]):
    """Reads the same fields of documents of one class.

    Attributes:
        projection: What MongoDB is to send.
    """

    def __init__(self, document_class: type[DocumentType], fields: Fields) -> None:
        wanted = _without_parts_of(fields | ALWAYS)
        self.projection = {"_id" if name == "id" else name: 1 for name in sorted(wanted)}
        self._read = _reader(document_class, wanted)

    def read(self, stored: dict[str, Any]) -> DocumentType:
        """The document with these fields, which takes over the dictionary that the driver gave.

        A field that is not stored has its default.

        Raises:
            KeyError: a field without a default is not stored.
        """
        part: DocumentType = self._read(stored)
        return part


def part_reader(document_class: type[DocumentType], fields: Fields) -> PartReader[DocumentType]:
    """What reads these fields of documents of this class."""
    known: PartReader[DocumentType] = _kept_reader(document_class, fields)  # type: ignore[arg-type]
    return known


@lru_cache(MOST_READERS)
def _kept_reader(document_class: type[Any], fields: Fields) -> PartReader[Any]:
    return PartReader(document_class, fields)


def _without_parts_of(fields: Fields) -> Fields:
    """The fields but for those that are parts of others among them."""
    return frozenset(
        name for name in fields if not any(name.startswith(f"{other}.") for other in fields)
    )


def _reader(model: type[BaseModel], fields: Iterable[str]) -> _Read:
    parts: dict[str, set[str]] = {}
    for name in fields:
        outer, _, inner = name.partition(".")
        parts.setdefault(outer, set()).update({inner} if inner else ())
    infos = {name: model.model_fields[name] for name in parts}
    renamed = [(info.alias, name) for name, info in infos.items() if info.alias not in {None, name}]
    converted = [
        (name, convert)
        for name, info in infos.items()
        if (convert := _conversion(info, parts[name])) is not None
    ]
    names = frozenset(parts)

    def read(stored: dict[str, Any]) -> Any:
        for key, name in renamed:
            if key in stored:
                stored[name] = stored.pop(key)
        if len(stored) != len(infos):  # what was not asked for is not there
            for name in names - stored.keys():
                stored[name] = _default(infos[name], name)
        for name, convert in converted:
            stored[name] = convert(stored[name])
        return SimpleNamespace(**stored)

    return read


def _default(info: FieldInfo, name: str) -> Any:
    if info.is_required():
        raise KeyError(name)
    return info.get_default(call_default_factory=True, validated_data={})


def _conversion(info: FieldInfo, inner: set[str]) -> Callable[[Any], Any] | None:
    """What makes the value of what the driver gives; None if it is the same."""
    if inner:
        return _reader(cast("type[BaseModel]", info.annotation), inner)
    if all(one in _TAKEN_AS_THEY_ARE for one in _types_in(info.annotation)):
        return None
    adapter: TypeAdapter[Any] = TypeAdapter(cast("Any", info.annotation))
    return adapter.validate_python


def _types_in(annotation: Any) -> Iterable[Any]:
    """The types that values of a type are made of; a list of plain ones is as plain."""
    origin = get_origin(annotation)
    if origin is Literal:
        return {type(one) for one in get_args(annotation)}
    if origin is None:
        return (annotation,)
    if origin not in {Union, UnionType, list}:
        return (origin,)
    return (found for one in get_args(annotation) for found in _types_in(one))
