"""A chatbot's draft as a document that `importing` reads. No secret is among the settings."""

import base64
from typing import Any

from documents.chatbots import Chatbot, ChatbotSettings, ChatbotTexts
from documents.ids import PydanticObjectId
from documents.llm_configs import usable_llm_config
from services.chatbots.portable import (
    ENUMS,
    PortableModel,
    PortablePicture,
    PortableSettings,
    PortableTexts,
    written,
)
from services.uploads.addresses import picture_hash
from services.uploads.uploads import kept_picture


async def exported(chatbot: Chatbot) -> str:
    """The chatbot's draft as a document."""
    draft, client_id = chatbot.draft, chatbot.client_id
    logo = await _picture(draft.logo_url, client_id)
    bubble_icon = await _picture(draft.bubble_icon_url, client_id)
    return written(
        PortableSettings(
            **_plain(draft),
            logo_url=None if logo else draft.logo_url,
            logo=logo,
            bubble_icon_url=None if bubble_icon else draft.bubble_icon_url,
            bubble_icon=bubble_icon,
            default_llm=await _model(draft.default_llm_id, client_id),
            fallback_llm=await _model(draft.fallback_llm_id, client_id),
        )
    )


def _plain(draft: ChatbotSettings) -> dict[str, Any]:
    """What says the same everywhere, in the words of the schema."""
    left_out = {"logo_url", "bubble_icon_url", "default_llm_id", "fallback_llm_id", "texts"}
    plain = draft.model_dump(exclude=left_out)
    for field in ENUMS:
        plain[field] = plain[field].upper()
    plain["languages"] = [code.upper() for code in draft.languages]
    plain["texts"] = [_texts(one) for one in draft.texts]
    return plain


def _texts(texts: ChatbotTexts) -> PortableTexts:
    return PortableTexts(**{**texts.model_dump(), "language": texts.language.upper()})


async def _picture(address: str | None, client_id: str) -> PortablePicture | None:
    """The content of a picture that is kept here; None for one at another address."""
    content_hash = picture_hash(address) if address else None
    kept = await kept_picture(client_id, content_hash) if content_hash else None
    return PortablePicture(base64=base64.b64encode(kept.content).decode()) if kept else None


async def _model(config_id: PydanticObjectId | None, client_id: str) -> PortableModel | None:
    config = await usable_llm_config(config_id, client_id) if config_id else None
    if config is None:
        return None
    return PortableModel(name=config.name, of="CLIENT" if config.client_id else "PLATFORM")
