"""Documents of every class as its own code stores them: bare, full, and with every closed word.

It knows nothing of the classes but their fields, so that the same program also ran on the classes
of every earlier commit. The values are the same each time; `§` stands where a text must be unique.
"""

import hashlib
import types
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, Union, get_args, get_origin

from beanie import Document, init_beanie
from beanie.odm.fields import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel
from pymongo.asynchronous.database import AsyncDatabase

Stored = dict[str, Any]

FAR: Final = datetime(2099, 1, 1, tzinfo=UTC)
"""Nothing that expires then is taken away by MongoDB while a test reads it."""

_SIMPLE: Final[dict[type, Any]] = {
    bool: True,
    int: 7,
    float: 0.5,
    bytes: b"bytes",
    datetime: FAR,
    date: FAR.date(),
    Decimal: Decimal("0.5"),
}
_LEFT_TO_BEANIE: Final = {"revision_id"}


async def written(
    classes: tuple[type[Document], ...], database: AsyncDatabase[Stored]
) -> list[tuple[str, Stored]]:
    """What the classes store, by collection. `database` is empty, and is not afterwards."""
    await init_beanie(database=database, document_models=list(classes), skip_indexes=True)
    found = []
    for document_class in classes:
        for values in _variants(document_class):
            stored = await document_class(**values).insert()
            name = document_class.get_settings().name or ""
            raw = await database[name].find_one({"_id": stored.id})
            assert raw is not None
            found.append((name, raw))
    return found


def _variants(document_class: type[Document]) -> Iterator[Stored]:
    """The required fields; all of them; then those with each further word of a closed set."""
    words = max(map(_words, (one.annotation for one in document_class.model_fields.values())))
    for turn in range(-1, max(words, 1)):
        full = turn == 0
        values = {
            name: _value(field.annotation, name, max(turn, 0))
            for name, field in document_class.model_fields.items()
            if name not in _LEFT_TO_BEANIE
            and (field.is_required() or full or (turn > 0 and _words(field.annotation)))
        }
        yield values | _same_each_time(document_class, turn)


def _same_each_time(document_class: type[Document], turn: int) -> Stored:
    """What is made anew for each document otherwise: its id and its times."""
    made = document_class.model_fields
    moments = {name: FAR for name in ("created_at", "updated_at") if name in made}
    own = _value(made["id"].annotation, f"{document_class.__name__}/{turn}", 0)
    return {"id": own} | moments


def _words(annotation: Any) -> int:
    """How many words a closed set in it has; 0 without one."""
    if get_origin(annotation) is Literal:
        return len(get_args(annotation))
    return max(map(_words, get_args(annotation)), default=0)


def _value(annotation: Any, name: str, turn: int) -> Any:
    """Something of this type."""
    if isinstance(annotation, type) and annotation in _SIMPLE:
        return _SIMPLE[annotation]
    if annotation is str:
        return f"{name}-§"
    if isinstance(annotation, type) and issubclass(annotation, ObjectId):
        return _id(name)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return {key: _value(field.annotation, key, turn) for key, field in fields}
    return _of_several(annotation, name, turn)


def _of_several(annotation: Any, name: str, turn: int) -> Any:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return inner[turn % len(inner)]
    if origin in {Union, types.UnionType}:
        kinds = [one for one in inner if one is not type(None)]
        return _value(kinds[0], name, turn)
    if origin is dict:
        return {str(_value(inner[0], name, turn)): _value(inner[1], name, turn)}
    if origin in {list, tuple, set, frozenset}:
        kinds = [one for one in inner if one is not ...]
        return [_value(one, name, turn) for one in kinds]
    if origin is not None and inner:  # Annotated, and generic names of ours
        return _value(inner[0], name, turn)
    return f"any {name}"


def _id(text: str) -> PydanticObjectId:
    return PydanticObjectId(hashlib.sha256(text.encode()).hexdigest()[:24])
