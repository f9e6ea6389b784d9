"""The words by which conversations are found: of a message when it is stored, and of a search.

They are those of the knowledge search (`services.languages.tokens`): stems per language, and pairs
of characters for Chinese, Japanese and Thai. A message is stemmed in its own language. Whoever
searches may use another, so each word of a search stands for its stems in all of them.
"""

from collections.abc import Collection, Sequence

import regex  # type: ignore[import-untyped]

from services.languages.codes import LANGUAGES
from services.languages.detection import detect_language
from services.languages.function_words import content_words
from services.languages.tokens import normalised, search_tokens, stemmed

INDEXED_CHARACTERS = 20_000
"""Of a message: a pasted book must not cost more than a long letter."""

MOST_WORDS = 2_000
"""Different ones of a message."""

MOST_SEARCHED_CHARACTERS = 500
MOST_SEARCHED_WORDS = 12

Word = tuple[str, ...]
"""The forms in which a message may hold a word."""

_LONE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]\p{M}*+")


def message_words(text: str, language: str | None = None) -> list[str]:
    """The words of a message, each once.

    Args:
        text: The whole message.
        language: The language it is probably in, for when it is too short to tell.
    """
    read = text[:INDEXED_CHARACTERS]
    tokens = search_tokens(read, detect_language(read) or language)
    # Somebody may search for a single character, and only pairs are tokens.
    lone = _LONE.findall(normalised(read))
    return list(dict.fromkeys([*tokens, *lone]))[:MOST_WORDS]


def searched_words(text: str) -> list[Word]:
    """What to look for, at most 12 words; none where nothing but signs was typed."""
    asked = text[:MOST_SEARCHED_CHARACTERS]
    surfaces = content_words(asked, detect_language(asked))[:MOST_SEARCHED_WORDS]
    return list(dict.fromkeys(_forms(one) for one in surfaces))


def _forms(surface: str) -> Word:
    stems = {stemmed(surface, language) for language in (None, *LANGUAGES)}
    return tuple(sorted(stems))


def held(words: Sequence[Word], tokens: Collection[str]) -> set[int]:
    """Which of the words, by their places, a message with these tokens holds."""
    found = frozenset(tokens)
    return {place for place, forms in enumerate(words) if not found.isdisjoint(forms)}
