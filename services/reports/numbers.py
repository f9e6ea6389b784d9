"""Numbers as people write them in a language."""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit

MICROS = 1_000_000
MS = 1_000
_NOTHING = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Written:
    """Writes numbers in a language."""

    language: str
    currency: str

    def count(self, number: float) -> str:
        """A number of things."""
        return str(format_decimal(number, locale=self.language))

    def money(self, micros: int) -> str:
        """An amount in millionths of the currency's unit."""
        return str(format_currency(micros / MICROS, self.currency, locale=self.language))

    def seconds(self, milliseconds: int | None) -> str:
        """How long something took."""
        if milliseconds is None:
            return _NOTHING
        seconds = milliseconds / MS
        return str(format_unit(seconds, "second", "short", format="0.0", locale=self.language))

    def share(self, part: int, whole: int) -> str:
        """A part of a whole."""
        return str(format_percent(part / whole, locale=self.language)) if whole else _NOTHING

    def change(self, now: int, before: int) -> str:
        """How much more or less there is than before; nothing if there was nothing."""
        if not before:
            return ""
        return str(format_percent(now / before - 1, format="+0 %;-0 %", locale=self.language))

    def day(self, day: date) -> str:
        """A day, with the name of its month where the language has room for it."""
        return str(format_date(day, "medium", locale=self.language))

    def short_day(self, day: date) -> str:
        """A day of the year, for places with little room."""
        return str(format_skeleton("MMMd", day, locale=self.language))
