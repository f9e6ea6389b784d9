"""Types whose fields are made of a stored document when they are read: of a long list few are.

A type says for each of its fields what of the document it needs. So a plan reads a field straight
from the document, and a list asks the database for nothing that nobody selected.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from strawberry.types.cast import TYPE_CAST_ATTRIBUTE


@dataclass(frozen=True, slots=True)
class Made:
    """Where a field comes from.

    Attributes:
        get: From the object to the field's value; None for a field that a resolver answers.
        stored: The fields of the document that are needed for it.
        shows: The type of the value, if it is itself made of the one stored field.
    """

    get: Callable[[Any], Any] | None
    stored: tuple[str, ...]
    shows: "type[MadeOfDocument] | None" = None


class MadeOfDocument:
    """Mix in before a Strawberry type; it needs an attribute `document`."""

    made: ClassVar[Mapping[str, Made]] = {}
    """By the names of the attributes. A field that is missing here needs the whole document."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The value of a field, for whoever reads it without a plan."""
            made = self.made.get(name)
            if made is None or made.get is None:
                raise AttributeError(name)
            return made.get(self)


setattr(MadeOfDocument, TYPE_CAST_ATTRIBUTE, None)  # asked of every object: found without a search


def kept(*names: str) -> dict[str, Made]:
    """Fields that are shown as they are stored, under the same names."""
    return {name: Made(attrgetter(f"document.{name}"), (name,)) for name in names}


def made_by(make: Callable[[Any], Any], *stored: str) -> Made:
    """A field that a function makes of the document."""
    return Made(lambda source: make(source.document), stored)


def needing(*stored: str) -> Made:
    """A field that a resolver answers, which reads these fields of the document and no others."""
    return Made(None, stored)


def made_getter(python_class: Any, name: str) -> Callable[[Any], Any] | None:
    """How to read a field of objects of a class; None for one that is a plain attribute."""
    if not (isinstance(python_class, type) and issubclass(python_class, MadeOfDocument)):
        return None
    made = python_class.made.get(name)
    return made.get if made else None
