"""What a widget learns about its chatbot. Nothing else about a chatbot is ever public."""

import strawberry

from documents.chatbots import Chatbot, ChatbotSettings
from documents.chatbots import ChatbotTexts as TextsDocument
from documents.clients import Client
from graphql_schema.chatbots.settings import (
    ChatbotTexts,
    ColorScheme,
    WidgetPosition,
    texts_from,
)
from graphql_schema.context import ParlanceInfo
from graphql_schema.languages import Language, language_or_none
from services.languages.codes import negotiate_language
from services.uploads.addresses import shown_to_visitors


@strawberry.type(
    description="A chatbot as visitors see it: its published settings, in a preview its draft."
)
class WidgetChatbot:
    """The public part of a chatbot."""

    name: str = strawberry.field(description="Its name.")
    primary_color: str = strawberry.field(description="#rrggbb.")
    secondary_color: str = strawberry.field(description="#rrggbb.")
    color_scheme: ColorScheme = strawberry.field(description="Light, dark or the visitor's.")
    position: WidgetPosition = strawberry.field(description="The corner of the launcher.")
    show_branding: bool = strawberry.field(description="Whether the branding line is shown.")
    auto_open: bool = strawberry.field(description="Whether the widget opens by itself.")
    auto_open_delay_ms: int = strawberry.field(description="After how long.")
    languages: list[Language] = strawberry.field(description="What it speaks.")
    texts: ChatbotTexts = strawberry.field(
        description="In the visitor's language, else the chatbot's own, else English."
    )
    contact_email: str | None = strawberry.field(description="For people.")
    contact_url: str | None = strawberry.field(description="For people.")
    allowed_image_hosts: list[str] = strawberry.field(description="Hosts of images in answers.")
    active: bool = strawberry.field(description="Whether it answers.")
    maintenance_text: str | None = strawberry.field(description="Shown while it does not.")
    version: int = strawberry.field(description="Counts what was published.")
    settings: strawberry.Private[ChatbotSettings]

    @strawberry.field(description="Its picture.")
    def logo_url(self, info: ParlanceInfo) -> str | None:
        return shown_to_visitors(self.settings.logo_url, info.context.services.public_url)

    @strawberry.field(description="The launcher's picture.")
    def bubble_icon_url(self, info: ParlanceInfo) -> str | None:
        return shown_to_visitors(self.settings.bubble_icon_url, info.context.services.public_url)


def widget_chatbot_from(
    chatbot: Chatbot, client: Client, wanted: str | None, *, preview: bool = False
) -> WidgetChatbot:
    """The public part of a chatbot, its texts in the visitor's language."""
    settings = chatbot.shown(preview=preview)
    return WidgetChatbot(
        name=settings.name,
        primary_color=settings.primary_color,
        secondary_color=settings.secondary_color,
        color_scheme=ColorScheme(settings.color_scheme),
        position=WidgetPosition(settings.position),
        show_branding=settings.show_branding,
        auto_open=settings.auto_open,
        auto_open_delay_ms=settings.auto_open_delay_ms,
        languages=[known for code in settings.languages if (known := language_or_none(code))],
        texts=texts_from(_texts_for(settings, wanted)),
        contact_email=settings.contact_email,
        contact_url=settings.contact_url,
        allowed_image_hosts=settings.allowed_image_hosts,
        active=(chatbot.active or preview) and client.active,
        maintenance_text=client.pause_text,
        version=chatbot.published_number,
        settings=settings,
    )


def _texts_for(settings: ChatbotSettings, wanted: str | None) -> TextsDocument:
    """Field by field from the visitor's language, the chatbot's own, English."""
    chosen = negotiate_language(wanted, settings.languages, settings.default_language)
    by_language = {texts.language: texts for texts in settings.texts}
    merged = TextsDocument(language=chosen)
    for language in (chosen, settings.default_language, "en"):
        texts = by_language.get(language)
        for field, value in texts.model_dump().items() if texts else ():
            if value and not getattr(merged, field):
                setattr(merged, field, value)
    return merged
