"""What a page shows before any text of the widget is loaded: the name of its launcher.

It travels with the configuration, since sixteen of them would be a tenth of what every page loads.
"""

from collections.abc import Mapping
from typing import Final

from services.languages.codes import DEFAULT_LANGUAGE, negotiate_language

OPEN_CHAT: Final[Mapping[str, str]] = {
    "en": "Open chat",
    "fr": "Ouvrir le chat",
    "es": "Abrir el chat",
    "de": "Chat öffnen",
    "it": "Apri la chat",
    "pt": "Abrir o chat",
    "nl": "Chat openen",
    "pl": "Otwórz czat",
    "ja": "チャットを開く",
    "zh": "打开聊天",
    "ar": "فتح المحادثة",
    "hi": "चैट खोलें",
    "id": "Buka obrolan",
    "th": "เปิดแชต",
    "tr": "Sohbeti aç",
    "vi": "Mở trò chuyện",
}


def open_chat(language: str | None) -> str:
    """The launcher's name for somebody who speaks this (BCP 47); English for all others."""
    return OPEN_CHAT[negotiate_language(language, tuple(OPEN_CHAT), DEFAULT_LANGUAGE)]
