"""A chatbot as a document (`portable_documents`).

A language model stands there with its name, an uploaded picture with its content. What comes back
is checked by its type here, and by its meaning where all settings are (`settings_checks`).
"""

import base64
import binascii
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from documents.chatbots import ColorSchemeName, KnowledgeModeName, WidgetPositionName
from services import portable_documents
from services.languages.codes import LANGUAGES
from services.portable_documents import DocumentForm, PortablePart, one_of, storable

FORM = DocumentForm(
    name="parlance.chatbot",
    version=1,
    exported_by="exportChatbot",
    most_characters=1_400_000,  # every text at its longest and two pictures
)

ENUMS = ("color_scheme", "position", "knowledge_mode", "default_language")
"""Settings that are stored in lower case and named in upper case."""


def _decoded(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PydanticCustomError("base64", "is not base64") from error
    return value


LanguageCode = Annotated[str, one_of(*LANGUAGES)]


class PortableTexts(PortablePart):
    """What the widget says in one language."""

    language: LanguageCode
    welcome_message: str | None = None
    starter_questions: list[str] = Field(default_factory=list)
    placeholder: str | None = None
    consent_text: str | None = None
    contact_text: str | None = None


class PortableModel(PortablePart):
    """A language model by its name: the platform's, or the client's own."""

    name: Annotated[str, AfterValidator(storable)]
    of: Annotated[str, one_of("platform", "client")] = "PLATFORM"


class PortablePicture(PortablePart):
    """An uploaded picture with its content."""

    base64: Annotated[str, AfterValidator(_decoded)]

    @property
    def content(self) -> bytes:
        """The file."""
        return base64.b64decode(self.base64)


class PortableSettings(PortablePart):
    """The settings. Only what is there was meant: the rest keeps the defaults of a new chatbot."""

    name: str
    primary_color: str = ""
    secondary_color: str = ""
    color_scheme: Annotated[str, one_of(*get_args(ColorSchemeName))] = ""
    position: Annotated[str, one_of(*get_args(WidgetPositionName))] = ""
    logo_url: str | None = None
    logo: PortablePicture | None = None
    bubble_icon_url: str | None = None
    bubble_icon: PortablePicture | None = None
    show_branding: bool = True
    auto_open: bool = False
    auto_open_delay_ms: int = 0
    languages: list[LanguageCode] = Field(default_factory=list)
    default_language: LanguageCode = ""
    texts: list[PortableTexts] = Field(default_factory=list)
    allowed_origins: list[str] = Field(default_factory=list)
    allowed_image_hosts: list[str] = Field(default_factory=list)
    contact_email: str | None = None
    contact_url: str | None = None
    custom_instructions: str = ""
    knowledge_mode: Annotated[str, one_of(*get_args(KnowledgeModeName))] = ""
    default_llm: PortableModel | None = None
    fallback_llm: PortableModel | None = None


class PortableChatbot(PortablePart):
    """The whole document."""

    format: Literal["parlance.chatbot"] = "parlance.chatbot"
    version: int = FORM.version
    settings: PortableSettings


def written(settings: PortableSettings) -> str:
    """The document that holds these settings."""
    return portable_documents.written(PortableChatbot(settings=settings))


def read(text: str) -> PortableSettings:
    """The settings in a document.

    Raises:
        InvalidFieldsError: it cannot be read; each problem with its path in the document.
    """
    return portable_documents.read(text, FORM, PortableChatbot).settings
