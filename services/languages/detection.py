"""Which of the sixteen languages a text is written in, or None rather than a guess.

The script decides what it can: Thai, Devanagari, Arabic, kana and Han each mean one language
here. Languages in Latin letters are told apart by py3langid's model (loaded at first use: a
second of processor time) and, where a question is too short for it, by its function words.
"""

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import regex  # type: ignore[import-untyped]

from services.languages.function_words import FUNCTION_WORDS
from services.languages.tokens import surface_words

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

CONFIDENCE_FLOOR = 0.5
"""Below this probability the model's word does not count."""

_READ_CHARACTERS = 4_000
_SCRIPT_SHARE = 0.3
_LATIN = ("en", "fr", "es", "de", "it", "pt", "nl", "pl", "id", "tr", "vi")
_SCRIPTS = regex.compile(
    r"(?P<th>\p{Thai}+)|(?P<hi>\p{Devanagari}+)|(?P<ar>\p{Arabic}+)"
    r"|(?P<ja>[\p{Hiragana}\p{Katakana}]+)|(?P<zh>\p{Han}+)|(?P<latin>\p{Latin}+)|(?P<other>\p{L}+)"
)
_KANA_SHARE_OF_JAPANESE = 0.1
_LETTERS_PER_WIDE_LETTER = 3


def detect_language(text: str) -> str | None:
    """Tell the language of a text.

    Args:
        text: Anything; only the first 4,000 characters are read.

    Returns:
        One of the sixteen codes, or None where the text is too short, mixed or in another language.
    """
    sample = text[:_READ_CHARACTERS]
    letters = _letters_by_script(sample)
    total = letters.total()
    if not total:
        return None
    script, count = max(letters.items(), key=lambda item: (item[1], item[0]))
    for language in ("th", "hi", "ar", "ja", "zh"):
        if letters[language] >= _SCRIPT_SHARE * total and letters["other"] < total / 2:
            return language
    return _latin_language(sample) if script == "latin" and count > total / 2 else None


def _letters_by_script(text: str) -> Counter[str]:
    letters: Counter[str] = Counter()
    for run in _SCRIPTS.finditer(text):
        weight = _LETTERS_PER_WIDE_LETTER if run.lastgroup in {"ja", "zh"} else 1
        letters[run.lastgroup] += weight * (run.end() - run.start())
    if letters["ja"] > _KANA_SHARE_OF_JAPANESE * (letters["ja"] + letters["zh"]):
        letters["ja"] += letters.pop("zh", 0)
    return letters


def _latin_language(text: str) -> str | None:
    language, confidence = _identifier().classify(text)
    if confidence >= CONFIDENCE_FLOOR:
        return str(language)
    return _language_of_function_words(text)


def _language_of_function_words(text: str) -> str | None:
    words = set(surface_words(text))
    hits = {code: len(words & FUNCTION_WORDS[code]) for code in _LATIN}
    best = max(hits.values())
    winners = [code for code, count in hits.items() if count == best]
    return winners[0] if best and len(winners) == 1 else None


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import (  # noqa: PLC0415 -- loaded late
        MODEL_FILE,
        LanguageIdentifier,
    )

    full = LanguageIdentifier.from_model_file(MODEL_FILE)
    full.set_languages(list(_LATIN))
    # Built anew, since the full one would keep the tables of all its languages in memory.
    return LanguageIdentifier(
        full.nb_ptc,
        full.nb_pc,
        full.nb_classes,
        full.tk_nextmove,
        full.tk_output,
        norm_probs=True,
        tk_row=full.tk_row,
    )
