"""Text as a person would see it.

Characters that show nothing are the way to hide instructions from the owner of a page while a
language model reads them (zero-width spaces, tag characters), or to make text read otherwise than
it is stored (bidirectional overrides); and they tear words apart for the search. They go. Joiners
stay where a script or an emoji needs them.
"""

import unicodedata

import regex  # type: ignore[import-untyped]

from services.knowledge.stored_text import storable_text

_JOINERS = r"[\u200c\u200d]"
_JOINED = r"[\p{Joining_Type=Dual_Joining}\p{Joining_Type=Right_Joining}\p{M}\p{Emoji}\ufe0f]"
_INVISIBLE = regex.compile(
    "|".join(
        (
            r"[\p{Cc}--[\n\t]]",
            r"[[\p{Cf}\p{Co}\p{Noncharacter_Code_Point}]--[\u200c\u200d\p{Prepended_Concatenation_Mark}]]",
            # Letters and marks that show nothing, and variants of glyphs, which can smuggle bytes.
            r"[\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u180b-\u180f]",
            r"[\ufe00-\ufe0d\U000e0000-\U000e0fff]",
            rf"(?<!{_JOINED}){_JOINERS}",
            rf"{_JOINERS}(?={_JOINERS}|\s|\Z)",
        )
    ),
    regex.V1,
)
_SPACES = regex.compile(r"\s+")
_SPACES_IN_LINE = regex.compile(r"[^\S\n]+")
_AROUND_BREAK = regex.compile(r" ?\n[ \n]*")
_TRAILING = regex.compile(r"[^\S\n]+(?=\n|\Z)")
_EMPTY_LINES = regex.compile(r"\n{3,}")


def visible(text: str) -> str:
    """Storable text in composed form without characters that show nothing."""
    stored = storable_text(text.replace("\x00", ""))
    if not stored.isascii():
        stored = unicodedata.normalize("NFC", stored)
    elif stored.isprintable():
        return stored
    return str(_INVISIBLE.sub("", stored))


def one_line(text: str) -> str:
    """Visible text with every run of white space as one space."""
    return str(_SPACES.sub(" ", visible(text))).strip()


def lines(text: str) -> str:
    """Visible text whose line breaks stay, with single spaces and no empty lines."""
    return str(_AROUND_BREAK.sub("\n", _SPACES_IN_LINE.sub(" ", visible(text)))).strip()


def as_typed(text: str) -> str:
    """Visible text whose spaces mean something; no spaces at line ends, at most one empty line."""
    return str(_EMPTY_LINES.sub("\n\n", _TRAILING.sub("", visible(text)))).strip("\n")
