"""The versioned settings of a chatbot, as people see and change them."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from documents.chatbots import ChatbotSettings as SettingsDocument
from documents.chatbots import ChatbotTexts as TextsDocument
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig as LlmConfigDocument
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.enum_values import described
from graphql_schema.execution.computed import computed_by
from graphql_schema.execution.made import MadeOfDocument, kept, made_by, needing
from graphql_schema.languages import Language, language_or_none
from graphql_schema.loading import OwnedId
from graphql_schema.node import local_id
from services.uploads.addresses import absolute

if TYPE_CHECKING:
    from graphql_schema.llm_configs.types import LlmConfig

UNKNOWN_ID = PydanticObjectId("000000000000000000000000")
"""Stands for an id that was not made here: checks find nothing under it."""


@strawberry.enum(description="The corner in which the widget's launcher stands.")
class WidgetPosition(Enum):
    """Values are the stored names."""

    BOTTOM_RIGHT = described("bottom_right", "Bottom right.")
    BOTTOM_LEFT = described("bottom_left", "Bottom left.")
    TOP_RIGHT = described("top_right", "Top right.")
    TOP_LEFT = described("top_left", "Top left.")


@strawberry.enum(description="Light or dark; AUTO follows the visitor's system.")
class ColorScheme(Enum):
    """Values are the stored names."""

    LIGHT = described("light", "Always light.")
    DARK = described("dark", "Always dark.")
    AUTO = described("auto", "As the visitor's system is set.")


@strawberry.enum(description="How far an answer may go beyond the chatbot's knowledge.")
class KnowledgeMode(Enum):
    """Values are the stored names."""

    STRICT = described(
        "strict", "Only what the knowledge says, else the chatbot owns up to not knowing."
    )
    GUIDED = described(
        "guided", "The knowledge first; small talk and general questions are answered too."
    )
    OPEN = described("open", "Anything that the language model knows.")


@strawberry.type(description="What the widget says in one language.")
class ChatbotTexts:
    """Texts of one language; null falls back to the next one in order."""

    language: Language = strawberry.field(description="Which language.")
    welcome_message: str | None = strawberry.field(description="The first bubble.")
    starter_questions: list[str] = strawberry.field(description="Questions to begin with.")
    placeholder: str | None = strawberry.field(description="In the empty input.")
    consent_text: str | None = strawberry.field(description="Agreed to before the first question.")
    contact_text: str | None = strawberry.field(description="How to reach people.")


@strawberry.input(description="What the widget says in one language.")
class ChatbotTextsInput:
    """Texts of one language."""

    language: Language = strawberry.field(description="Which language; each once.")
    welcome_message: str | None = strawberry.field(
        description="At most 2000 characters.", default=None
    )
    starter_questions: list[str] | None = strawberry.field(
        description="At most 6 of at most 200 characters, each on one line.", default=None
    )
    placeholder: str | None = strawberry.field(description="At most 200 characters.", default=None)
    consent_text: str | None = strawberry.field(
        description="At most 4000 characters.", default=None
    )
    contact_text: str | None = strawberry.field(
        description="At most 1000 characters.", default=None
    )


def _logo_url(settings: "ChatbotSettings", context: RequestContext) -> str | None:
    return absolute(settings.document.logo_url, context.services.public_url)


def _bubble_icon_url(settings: "ChatbotSettings", context: RequestContext) -> str | None:
    return absolute(settings.document.bubble_icon_url, context.services.public_url)


@strawberry.type(description="Everything about a chatbot that is versioned.")
class ChatbotSettings(MadeOfDocument):
    """The settings of a draft or of a published version."""

    name: str = strawberry.field(description="1 to 100 characters.")
    primary_color: str = strawberry.field(description="#rrggbb.")
    secondary_color: str = strawberry.field(description="#rrggbb.")
    color_scheme: ColorScheme = strawberry.field(description="Light, dark or the visitor's.")
    position: WidgetPosition = strawberry.field(description="The corner of the launcher.")
    show_branding: bool = strawberry.field(description="Whether the branding line is shown.")
    auto_open: bool = strawberry.field(description="Whether the widget opens by itself.")
    auto_open_delay_ms: int = strawberry.field(description="After how long.")
    languages: list[Language] = strawberry.field(description="What it speaks.")
    default_language: Language = strawberry.field(description="One of the languages.")
    texts: list[ChatbotTexts] = strawberry.field(description="Per language.")
    allowed_origins: list[str] = strawberry.field(
        description="Origins of pages that may use it; * means any."
    )
    allowed_image_hosts: list[str] = strawberry.field(description="Hosts of images in answers.")
    contact_email: str | None = strawberry.field(description="For visitors who want a person.")
    contact_url: str | None = strawberry.field(description="For visitors who want a person.")
    custom_instructions: str = strawberry.field(description="Added to the prompt; never public.")
    knowledge_mode: KnowledgeMode = strawberry.field(description="How far answers may go.")
    document: strawberry.Private[SettingsDocument]
    client_id: strawberry.Private[str]

    @strawberry.field(description="Its picture.", metadata=computed_by(_logo_url))
    def logo_url(self, info: ParlanceInfo) -> str | None:
        return _logo_url(self, info.context)

    @strawberry.field(description="The launcher's picture.", metadata=computed_by(_bubble_icon_url))
    def bubble_icon_url(self, info: ParlanceInfo) -> str | None:
        return _bubble_icon_url(self, info.context)

    @strawberry.field(
        description="The model that answers. In an old version it may be deleted since: then it is"
        ' named "(deleted)" and not active.'
    )
    async def default_llm(
        self, info: ParlanceInfo
    ) -> Annotated["LlmConfig", strawberry.lazy("graphql_schema.llm_configs.types")]:
        from graphql_schema.llm_configs.types import llm_config_from  # noqa: PLC0415

        found = await self._config(info, self.document.default_llm_id)
        return llm_config_from(found or _deleted_model(self.document.default_llm_id))

    @strawberry.field(
        description="The model that answers when the default one cannot; null also when it is"
        " deleted."
    )
    async def fallback_llm(
        self, info: ParlanceInfo
    ) -> Annotated["LlmConfig", strawberry.lazy("graphql_schema.llm_configs.types")] | None:
        from graphql_schema.llm_configs.types import llm_config_from  # noqa: PLC0415

        found = await self._config(info, self.document.fallback_llm_id)
        return llm_config_from(found) if found else None

    async def _config(
        self, info: ParlanceInfo, config_id: PydanticObjectId | None
    ) -> LlmConfigDocument | None:
        if config_id is None:
            return None
        return await info.context.loaders.llm_config_by_id.load(OwnedId(self.client_id, config_id))


@strawberry.input(description="New settings. A field left out stays as it is, null clears it.")
class ChatbotSettingsInput:
    """A change of settings."""

    name: str | None = strawberry.field(
        description="1 to 100 characters on one line.", default=strawberry.UNSET
    )
    primary_color: str | None = strawberry.field(
        description="#rrggbb or #rgb.", default=strawberry.UNSET
    )
    secondary_color: str | None = strawberry.field(
        description="#rrggbb or #rgb.", default=strawberry.UNSET
    )
    color_scheme: ColorScheme | None = strawberry.field(
        description="Light, dark or the visitor's.", default=strawberry.UNSET
    )
    position: WidgetPosition | None = strawberry.field(
        description="The corner of the launcher.", default=strawberry.UNSET
    )
    logo_url: str | None = strawberry.field(
        description="The address of a picture that is here.", default=strawberry.UNSET
    )
    logo_upload_id: strawberry.ID | None = strawberry.field(
        description="From POST /uploads, in the place of logoUrl.", default=strawberry.UNSET
    )
    bubble_icon_url: str | None = strawberry.field(
        description="The address of a picture that is here.", default=strawberry.UNSET
    )
    bubble_icon_upload_id: strawberry.ID | None = strawberry.field(
        description="From POST /uploads, in the place of bubbleIconUrl.", default=strawberry.UNSET
    )
    show_branding: bool | None = strawberry.field(
        description="Whether the branding line is shown.", default=strawberry.UNSET
    )
    auto_open: bool | None = strawberry.field(
        description="Whether the widget opens by itself.", default=strawberry.UNSET
    )
    auto_open_delay_ms: int | None = strawberry.field(
        description="0 to 600000.", default=strawberry.UNSET
    )
    languages: list[Language] | None = strawberry.field(
        description="At least one.", default=strawberry.UNSET
    )
    default_language: Language | None = strawberry.field(
        description="One of the languages.", default=strawberry.UNSET
    )
    texts: list[ChatbotTextsInput] | None = strawberry.field(
        description="Replaces all texts.", default=strawberry.UNSET
    )
    allowed_origins: list[str] | None = strawberry.field(
        description="Such as https://shop.example.com; * means any; at most 50.",
        default=strawberry.UNSET,
    )
    allowed_image_hosts: list[str] | None = strawberry.field(
        description="Such as images.example.com; at most 50.", default=strawberry.UNSET
    )
    contact_email: str | None = strawberry.field(
        description="An e-mail address.", default=strawberry.UNSET
    )
    contact_url: str | None = strawberry.field(
        description="The address of a picture that is here.", default=strawberry.UNSET
    )
    custom_instructions: str | None = strawberry.field(
        description="At most 8000 characters.", default=strawberry.UNSET
    )
    knowledge_mode: KnowledgeMode | None = strawberry.field(
        description="How far answers may go.", default=strawberry.UNSET
    )
    default_llm_id: strawberry.ID | None = strawberry.field(
        description="A model that the client may use.", default=strawberry.UNSET
    )
    fallback_llm_id: strawberry.ID | None = strawberry.field(
        description="A model that the client may use.", default=strawberry.UNSET
    )


_CLEARABLE = frozenset(
    {
        "logo_url",
        "logo_upload_id",
        "bubble_icon_url",
        "bubble_icon_upload_id",
        "contact_email",
        "contact_url",
        "fallback_llm_id",
    }
)
_IDS = {
    "default_llm_id": "LlmConfig",
    "fallback_llm_id": "LlmConfig",
    "logo_upload_id": "Upload",
    "bubble_icon_upload_id": "Upload",
}
_EMPTIED: dict[str, Any] = {
    "texts": [],
    "allowed_origins": [],
    "allowed_image_hosts": [],
    "custom_instructions": "",
}


def change_from(given: ChatbotSettingsInput | None) -> dict[str, Any]:
    """The change by the stored names. Null empties what can be empty and leaves the rest."""
    change: dict[str, Any] = {}
    for field, value in vars(given).items() if given else ():
        if value is strawberry.UNSET:
            continue
        if value is not None:
            change[field] = _stored(field, value)
        elif field in _CLEARABLE:
            change[field] = None
        elif field in _EMPTIED:
            change[field] = _EMPTIED[field]
    return change


def _stored(field: str, value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if field == "languages":
        return [language.value for language in value]
    if field in _IDS:
        return local_id(value, _IDS[field]) or UNKNOWN_ID
    if field == "texts":
        return [_texts_document(texts) for texts in value]
    return value


def _texts_document(texts: ChatbotTextsInput) -> TextsDocument:
    return TextsDocument(
        language=texts.language.value,
        welcome_message=texts.welcome_message,
        starter_questions=texts.starter_questions or [],
        placeholder=texts.placeholder,
        consent_text=texts.consent_text,
        contact_text=texts.contact_text,
    )


def texts_from(document: TextsDocument) -> ChatbotTexts:
    """The public form of the texts of one language."""
    return ChatbotTexts(
        language=language_or_none(document.language) or Language.EN,
        welcome_message=document.welcome_message,
        starter_questions=document.starter_questions,
        placeholder=document.placeholder,
        consent_text=document.consent_text,
        contact_text=document.contact_text,
    )


def _deleted_model(config_id: PydanticObjectId) -> LlmConfigDocument:
    """Stands for a model that is gone, so that the list of versions can still be shown."""
    return LlmConfigDocument(
        id=config_id, name="(deleted)", provider="local", model="", active=False
    )


def settings_from(document: SettingsDocument, client_id: str) -> ChatbotSettings:
    """The form of settings that people see; its fields are made when they are read."""
    settings = ChatbotSettings.__new__(ChatbotSettings)
    settings.document = document
    settings.client_id = client_id
    return settings


_COLOR_SCHEMES = {member.value: member for member in ColorScheme}
_POSITIONS = {member.value: member for member in WidgetPosition}
_KNOWLEDGE_MODES = {member.value: member for member in KnowledgeMode}

ChatbotSettings.made = {
    **kept(
        "name",
        "primary_color",
        "secondary_color",
        "show_branding",
        "auto_open",
        "auto_open_delay_ms",
        "allowed_origins",
        "allowed_image_hosts",
        "contact_email",
        "contact_url",
        "custom_instructions",
    ),
    "color_scheme": made_by(lambda one: _COLOR_SCHEMES[one.color_scheme], "color_scheme"),
    "position": made_by(lambda one: _POSITIONS[one.position], "position"),
    "knowledge_mode": made_by(lambda one: _KNOWLEDGE_MODES[one.knowledge_mode], "knowledge_mode"),
    "languages": made_by(
        lambda one: [known for code in one.languages if (known := language_or_none(code))],
        "languages",
    ),
    "default_language": made_by(
        lambda one: language_or_none(one.default_language) or Language.EN, "default_language"
    ),
    "texts": made_by(lambda one: [texts_from(texts) for texts in one.texts], "texts"),
    "logo_url": needing("logo_url"),
    "bubble_icon_url": needing("bubble_icon_url"),
    "default_llm": needing("default_llm_id"),
    "fallback_llm": needing("fallback_llm_id"),
}
