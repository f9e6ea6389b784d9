"""A chatbot as a JSON document that people keep, read, and bring to another client or installation.

It names things in the schema's words and holds no ids, since an id means nothing elsewhere: a
language model stands there with its name, an uploaded picture with its content. What comes back is
a stranger's text, and each part of it is checked by its type here and by its meaning where all
settings are (`settings_checks`).
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from documents.chatbots import ColorSchemeName, KnowledgeModeName, WidgetPositionName
from services.languages.codes import LANGUAGES
from services.refusals import FieldIssue, InvalidFieldsError

FORMAT = "parlance.chatbot"
VERSION = 1
"""Counts up when documents of before cannot be read as they are any more."""

MAX_CHARACTERS = 1_400_000
"""A chatbot with every text at its longest and two pictures."""

MAX_ISSUES = 50
"""A document may be wrong in a hundred thousand places; nobody reads of more."""

MAX_SHOWN = 100
"""Characters of a name in a document that a path repeats."""

ENUMS = ("color_scheme", "position", "knowledge_mode", "default_language")
"""Settings that are stored in lower case and named in upper case."""

PATH = ("input", "document")


def _one_of(*names: str) -> AfterValidator:
    allowed = [name.upper() for name in names]

    def check(value: str) -> str:
        if value not in allowed:
            raise PydanticCustomError("one_of", f"must be one of {', '.join(allowed)}")
        return value

    return AfterValidator(check)


def _decoded(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PydanticCustomError("base64", "is not base64") from error
    return value


def _storable(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError("half", "may not contain half characters") from error
    return value


LanguageCode = Annotated[str, _one_of(*LANGUAGES)]


class _Part(BaseModel):
    """A part of the document: exactly these names, and no value of another type made to fit."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True
    )


class PortableTexts(_Part):
    """What the widget says in one language."""

    language: LanguageCode
    welcome_message: str | None = None
    starter_questions: list[str] = []
    placeholder: str | None = None
    consent_text: str | None = None
    contact_text: str | None = None


class PortableModel(_Part):
    """A language model by its name: the platform's, or the client's own."""

    name: Annotated[str, AfterValidator(_storable)]
    of: Annotated[str, _one_of("platform", "client")] = "PLATFORM"


class PortablePicture(_Part):
    """An uploaded picture with its content."""

    base64: Annotated[str, AfterValidator(_decoded)]

    @property
    def content(self) -> bytes:
        """The file."""
        return base64.b64decode(self.base64)


class PortableSettings(_Part):
    """The settings. Only what is there was meant: the rest keeps the defaults of a new chatbot."""

    name: str
    primary_color: str = ""
    secondary_color: str = ""
    color_scheme: Annotated[str, _one_of(*get_args(ColorSchemeName))] = ""
    position: Annotated[str, _one_of(*get_args(WidgetPositionName))] = ""
    logo_url: str | None = None
    logo: PortablePicture | None = None
    bubble_icon_url: str | None = None
    bubble_icon: PortablePicture | None = None
    show_branding: bool = True
    auto_open: bool = False
    auto_open_delay_ms: int = 0
    languages: list[LanguageCode] = []
    default_language: LanguageCode = ""
    texts: list[PortableTexts] = []
    allowed_origins: list[str] = []
    allowed_image_hosts: list[str] = []
    contact_email: str | None = None
    contact_url: str | None = None
    custom_instructions: str = ""
    knowledge_mode: Annotated[str, _one_of(*get_args(KnowledgeModeName))] = ""
    default_llm: PortableModel | None = None
    fallback_llm: PortableModel | None = None


class PortableChatbot(_Part):
    """The whole document."""

    format: Literal["parlance.chatbot"] = "parlance.chatbot"
    version: int = VERSION
    settings: PortableSettings


class _WrongDocumentError(ValueError):
    """It is no such document at all. The path inside of it, and what would be right."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.path = path


def written(settings: PortableSettings) -> str:
    """The document that holds these settings."""
    document = PortableChatbot(settings=settings).model_dump(by_alias=True)
    return json.dumps(document, ensure_ascii=False, indent=2)


def read(text: str) -> PortableSettings:
    """The settings in a document.

    Raises:
        InvalidFieldsError: it cannot be read; each problem with its path in the document.
    """
    try:
        return PortableChatbot.model_validate(_opened(text)).settings
    except _WrongDocumentError as error:
        raise InvalidFieldsError([FieldIssue((*PATH, *error.path), str(error))]) from error
    except ValidationError as error:
        raise InvalidFieldsError(_issues(error.errors(include_url=False))) from error


def _opened(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        raise _WrongDocumentError(f"may have at most {MAX_CHARACTERS} characters")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"is not JSON{_place(error)}; give the text as exportChatbot gave it"
        raise _WrongDocumentError(problem) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _WrongDocumentError(f'must be "{FORMAT}", as exportChatbot writes it', "format")
    version = document.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        known = f"must be {VERSION}, the version that this server reads and writes"
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
