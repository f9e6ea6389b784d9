"""The first title of a conversation: its first question, short and plain.

It is shown in lists, beside other texts and in either direction of writing. So nothing of it may
reach beyond itself: no markup, no line ends, and none of the invisible characters that turn the
direction of what follows.
"""

import regex  # type: ignore[import-untyped]

from services.languages.graphemes import grapheme_end

TITLE_CHARACTERS = 80
"""In code points, the ellipsis included."""

_READ_CHARACTERS = 1_000
_LEAST_KEPT = 0.5
"""Share of a title that must be left when it is cut at a word; else the word is cut."""

_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cf}--[\u200c\u200d]]+", regex.V1)
"""Control characters and those that turn the direction; joiners are part of how words are spelt."""

_TAGS = regex.compile(r"</?[a-zA-Z!][^<>]*+>")
_LINKS = regex.compile(r"!?\[([^\[\]]*+)\]\([^()\s]*+\)")
_MARKS = regex.compile(
    r"(?m)^[ \t]*+(?:\#{1,6}|[-*+>]|\d{1,3}[.)]|`{3,}\w*+)(?=\s|$)"
    r"|`++|~~++|(?<!\w)[*_]++(?=\S)|(?<=\S)[*_]++(?!\w)"
)
_WORD_ENDS = regex.compile(r"\b", regex.WORD)


def title_of(question: str) -> str:
    """The title that a question gives to the conversation that it opens.

    Args:
        question: What a visitor asked, in any language; not empty.
    """
    asked = question[:_READ_CHARACTERS]
    line = _on_one_line(_without_markup(asked)) or _on_one_line(asked) or "…"
    if len(line) <= TITLE_CHARACTERS:
        return line
    return line[: _cut(line)].rstrip() + "…"


def _without_markup(text: str) -> str:
    plain: str = _MARKS.sub(" ", _LINKS.sub(r"\1", _TAGS.sub(" ", text)))
    return plain


def _on_one_line(text: str) -> str:
    return " ".join(_INVISIBLE.sub(" ", text).split())


def _cut(line: str) -> int:
    """Where the title ends: after a word, or between two characters as people see them."""
    end = grapheme_end(line, 0, TITLE_CHARACTERS - 1)
    ends = [found.start() for found in _WORD_ENDS.finditer(line, 0, end + 1)]
    whole = [one for one in ends if _LEAST_KEPT * end <= one <= end]
    return whole[-1] if whole else min(end, TITLE_CHARACTERS - 1)
