"""Chatbots: a draft that people edit, and the settings that visitors see since the last publish."""

from datetime import datetime
from typing import ClassVar, Literal

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument

WidgetPositionName = Literal["bottom_right", "bottom_left", "top_right", "top_left"]
ColorSchemeName = Literal["light", "dark", "auto"]
KnowledgeModeName = Literal["strict", "guided", "open"]


class ChatbotTexts(BaseModel):
    """What the widget says in one language; None falls back to the next language in order."""

    language: str
    welcome_message: str | None = None
    starter_questions: list[str] = []
    placeholder: str | None = None
    consent_text: str | None = None
    contact_text: str | None = None


class ChatbotSettings(BaseModel):
    """Everything about a chatbot that is versioned."""

    name: str
    primary_color: str = "#1f4fd8"
    secondary_color: str = "#f3f5fb"
    color_scheme: ColorSchemeName = "auto"
    position: WidgetPositionName = "bottom_right"
    logo_url: str | None = None
    bubble_icon_url: str | None = None
    show_branding: bool = True
    auto_open: bool = False
    auto_open_delay_ms: int = 5000
    languages: list[str] = ["en"]
    default_language: str = "en"
    texts: list[ChatbotTexts] = []
    allowed_origins: list[str] = []
    allowed_image_hosts: list[str] = []
    contact_email: str | None = None
    contact_url: str | None = None
    custom_instructions: str = ""
    knowledge_mode: KnowledgeModeName = "strict"
    default_llm_id: PydanticObjectId
    fallback_llm_id: PydanticObjectId | None = None


class Chatbot(TenantDocument):
    """A chatbot of a client. `embed_key` is public: it stands in the pages that embed it.

    Attributes:
        faq_source_id: the knowledge source that gets approved answers, see `documents.faq_sources`.
        deleted_at: since when it is being deleted.
    """

    embed_key: str
    active: bool = True
    draft: ChatbotSettings
    published: ChatbotSettings
    published_version_id: PydanticObjectId
    published_number: int = 1
    knowledge_changed_at: datetime | None = None
    faq_source_id: PydanticObjectId | None = None
    revision: int = 1
    deleted_at: datetime | None = None

    def shown(self, *, preview: bool) -> ChatbotSettings:
        """The settings that a visitor meets: the published ones, in a preview the draft."""
        return self.draft if preview else self.published

    class Settings:
        name = "chatbots"
        indexes: ClassVar = [
            IndexModel([("embed_key", ASCENDING)], unique=True, name="embed_key"),
            IndexModel([("client_id", ASCENDING), ("_id", DESCENDING)], name="client_id"),
            IndexModel(
                [("active", ASCENDING), ("published.allowed_origins", ASCENDING)], name="origins"
            ),
            IndexModel(
                [("deleted_at", ASCENDING)],
                partialFilterExpression={"deleted_at": {"$type": "date"}},
                name="deleted",
            ),
        ]
