"""The sixteen languages as an enum of the schema."""

from enum import Enum

import strawberry


@strawberry.enum(description="The languages that chatbots and the widget speak (ISO 639-1).")
class Language(Enum):
    """Values are the codes in which languages are stored."""

    EN = "en"
    FR = "fr"
    ES = "es"
    DE = "de"
    IT = "it"
    PT = "pt"
    NL = "nl"
    PL = "pl"
    JA = "ja"
    ZH = "zh"
    AR = "ar"
    HI = "hi"
    ID = "id"
    TH = "th"
    TR = "tr"
    VI = "vi"


def language_or_none(code: str | None) -> Language | None:
    """The enum's member of a stored code; None for none and for codes that are not ours."""
    try:
        return Language(code) if code else None
    except ValueError:
        return None
