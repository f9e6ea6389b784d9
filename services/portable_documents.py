"""Settings as JSON documents that people keep, read, and bring to another client or installation.

They name things in the schema's words and hold no ids, since an id means nothing elsewhere. What
comes back is a stranger's text: here each part of it is checked by its type.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from services.refusals import FieldIssue, InvalidFieldsError

MAX_ISSUES = 50
"""A document may be wrong in a hundred thousand places; nobody reads of more."""

MAX_SHOWN = 100
"""Characters of a name in a document that a path repeats."""

PATH = ("input", "document")


@dataclass(frozen=True, slots=True)
class DocumentForm:
    """What a document says of itself.

    Attributes:
        name: What it is, as in "parlance.chatbot".
        version: Counts up when documents of before cannot be read as they are any more.
        exported_by: The operation that writes it.
        most_characters: Its greatest length.
    """

    name: str
    version: int
    exported_by: str
    most_characters: int


class PortablePart(BaseModel):
    """A part of a document: exactly these names, and no value of another type made to fit."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True
    )


Part = TypeVar("Part", bound=PortablePart)


def one_of(*names: str) -> AfterValidator:
    """A text that is one of these, in upper case."""
    allowed = [name.upper() for name in names]

    def check(value: str) -> str:
        if value not in allowed:
            raise PydanticCustomError("one_of", f"must be one of {', '.join(allowed)}")
        return value

    return AfterValidator(check)


def storable(value: str) -> str:
    """A text that the database can be asked for."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError("half", "may not contain half characters") from error
    return value


def written(document: PortablePart) -> str:
    """The text of a document."""
    return json.dumps(document.model_dump(by_alias=True), ensure_ascii=False, indent=2)


def read(text: str, form: DocumentForm, kind: type[Part]) -> Part:
    """The document in a text.

    Raises:
        InvalidFieldsError: it cannot be read; each problem with its path in the document.
    """
    try:
        return kind.model_validate(_opened(text, form))
    except _WrongDocumentError as error:
        raise InvalidFieldsError([FieldIssue((*PATH, *error.path), str(error))]) from error
    except ValidationError as error:
        raise InvalidFieldsError(_issues(error.errors(include_url=False))) from error


class _WrongDocumentError(ValueError):
    """It is no such document at all. The path inside of it, and what would be right."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.path = path


def _opened(text: str, form: DocumentForm) -> dict[str, Any]:
    if len(text) > form.most_characters:
        raise _WrongDocumentError(f"may have at most {form.most_characters} characters")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"is not JSON{_place(error)}; give the text as {form.exported_by} gave it"
        raise _WrongDocumentError(problem) from error
    if not isinstance(document, dict) or document.get("format") != form.name:
        known = f'must be "{form.name}", as {form.exported_by} writes it'
        raise _WrongDocumentError(known, "format")
    version = document.get("version")
    if type(version) is not int or not 1 <= version <= form.version:
        known = f"must be {form.version}, the version that this server reads and writes"
        raise _WrongDocumentError(known, "version")
    return document


def _place(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f" (line {error.lineno}, column {error.colno})"
    return ""


def _issues(errors: Sequence[ErrorDetails]) -> list[FieldIssue]:
    return [
        FieldIssue((*PATH, *map(_shown, error["loc"])), _message(error))
        for error in errors[:MAX_ISSUES]
    ]


def _shown(part: str | int) -> str:
    """A part of a path, which a stranger may have named."""
    return str(part)[:MAX_SHOWN].encode(errors="replace").decode()


class _Said(NamedTuple):
    """What is said for a kind of error of Pydantic's."""

    begins: str
    message: str


_MESSAGES = (
    _Said("missing", "is needed"),
    _Said("extra_forbidden", "is not known here; leave it out"),
    _Said("string", "must be a text"),
    _Said("bool", "must be true or false"),
    _Said("int", "must be a whole number"),
    _Said("list", "must be a list"),
    _Said("model", "must be an object"),
)


def _message(error: ErrorDetails) -> str:
    said = (one.message for one in _MESSAGES if error["type"].startswith(one.begins))
    return next(said, error["msg"])
