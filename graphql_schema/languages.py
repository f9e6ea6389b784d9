"""The sixteen languages as an enum of the schema."""

from enum import Enum

import strawberry

from graphql_schema.enum_values import described


@strawberry.enum(description="The languages that chatbots and the widget speak (ISO 639-1).")
class Language(Enum):
    """Values are the codes in which languages are stored."""

    EN = described("en", "English.")
    FR = described("fr", "French.")
    ES = described("es", "Spanish.")
    DE = described("de", "German.")
    IT = described("it", "Italian.")
    PT = described("pt", "Portuguese.")
    NL = described("nl", "Dutch.")
    PL = described("pl", "Polish.")
    JA = described("ja", "Japanese.")
    ZH = described("zh", "Chinese.")
    AR = described("ar", "Arabic.")
    HI = described("hi", "Hindi.")
    ID = described("id", "Indonesian.")
    TH = described("th", "Thai.")
    TR = described("tr", "Turkish.")
    VI = described("vi", "Vietnamese.")


def language_or_none(code: str | None) -> Language | None:
    """The enum's member of a stored code; None for none and for codes that are not ours."""
    return _BY_CODE.get(code) if code else None


_BY_CODE = {member.value: member for member in Language}
