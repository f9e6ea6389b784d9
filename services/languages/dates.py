"""Days, written as people write them in a language."""

from datetime import date

from babel.dates import format_date

from services.languages.codes import DEFAULT_LANGUAGE, LANGUAGES, negotiate_language


def long_date(day: date, language: str | None) -> str:
    """A day with the name of its month: "1 December 2026" in the language, else in English."""
    spoken = negotiate_language(language, LANGUAGES, DEFAULT_LANGUAGE)
    return format_date(day, "long", locale=spoken)
