r"""The words that search compares: the same for a text and for a question about it.

NFKC, casefold, then a stem per language; Chinese, Japanese and Thai, which put no spaces between
words, become pairs of neighbouring characters. `regex` and not `re`: Python's `\w` leaves out
vowel signs and would break every Hindi word in pieces. Tokens hold letters, marks and digits only,
which is also what keeps them from being read as operators of a query language.
"""

# ruff: noqa: RUF001 -- the look-alike characters are letters of other scripts
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import regex  # type: ignore[import-untyped]
import Stemmer  # type: ignore[import-not-found]

ANALYZER_VERSION = 1
"""Rises with every change of what these functions return: stored tokens are then made anew."""

LONGEST_TOKEN_CHARACTERS = 48
"""Longer words are cut, so that pasted keys and hostile text stay small in the index."""

_INVISIBLE = regex.compile(
    r"[\u00ad\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]+"
)
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}々〆ー"
_RUNS = regex.compile(
    rf"(?P<unspaced>(?:[{_UNSPACED}]\p{{M}}*)++)"
    rf"|(?P<word>(?:[[\p{{L}}\p{{N}}]--[{_UNSPACED}]]\p{{M}}*)++)",
    regex.V1,
)
_GRAPHEMES = regex.compile(r".\p{M}*+", regex.DOTALL)
_TOO_MANY_MARKS = regex.compile(r"(\p{M}{30})\p{M}+")
"""What follows 30 marks is cut off (UAX #15, Stream-Safe Text): to put marks in order takes time
that grows with the square of their number, and no language has as many."""

_LATIN_MARKS = regex.compile(r"(?<=\p{Latin})\p{Mn}+")
_ALGORITHMS = {
    "en": "english", "fr": "french", "es": "spanish", "de": "german", "it": "italian",
    "pt": "portuguese", "nl": "dutch", "ar": "arabic", "hi": "hindi", "id": "indonesian",
    "tr": "turkish",
}  # fmt: skip
_TURKISH_CAPITALS = str.maketrans({"I": "ı", "İ": "i"})
_PLAIN_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d"})
_TONES_ARE_WORDS = frozenset(("vi",))
_POLISH_ENDINGS = (
    "owaniem", "owaniach", "owania", "owaniu", "owanie", "ościami", "ościach", "ościom", "ością",
    "ości", "ość", "niami", "niach", "niom", "niem", "iami", "iach", "ymi", "imi", "ego", "emu",
    "ami", "ach", "owi", "ych", "ich", "iej", "iom", "nia", "niu", "nie", "ów", "om", "em", "ym",
    "im", "ej", "ie", "ię", "ią", "ia", "iu", "a", "ą", "e", "ę", "i", "o", "u", "y",
)  # fmt: skip
_SHORTEST_POLISH_STEM = 3


def search_tokens(text: str, language: str | None) -> list[str]:
    """All tokens of a text in order, repeated ones included.

    Args:
        text: Any text.
        language: One of the sixteen codes; anything else means no stemming.
    """
    stem = _stems().of
    return [stem(word, language) for word in surface_words(text, language)]


def surface_words(text: str, language: str | None = None) -> list[str]:
    """The words of a text before stemming, casefolded; pairs of characters where none are spaced.

    Args:
        text: Any text.
        language: Only Turkish matters: its capital I is another letter.
    """
    return list(_words(normalised(text, language)))


def normalised(text: str, language: str | None = None) -> str:
    """The text in the form that words are compared in: NFKC, casefolded, nothing invisible."""
    if language == "tr":
        text = text.translate(_TURKISH_CAPITALS)
    text = _TOO_MANY_MARKS.sub(r"\1", text)
    folded = unicodedata.normalize("NFKC", text).casefold()
    visible = _INVISIBLE.sub("", folded).replace("i\u0307", "i")
    return unicodedata.normalize("NFKC", visible)


def stemmed(word: str, language: str | None) -> str:
    """The token of one surface word in a language; the word itself where there is no stemmer."""
    return _stems().of(word, language)


def _words(text: str) -> Iterator[str]:
    for run in _RUNS.finditer(text):
        if run.lastgroup == "word":
            yield run.group()[:LONGEST_TOKEN_CHARACTERS]
        else:
            yield from _pairs(run.group())


def _pairs(run: str) -> Iterator[str]:
    """Neighbouring characters, each with its marks: a lone one stays alone."""
    characters = [found[:LONGEST_TOKEN_CHARACTERS] for found in _GRAPHEMES.findall(run)]
    if len(characters) == 1:
        yield characters[0]
    for first, second in pairwise(characters):
        yield first + second


class _Stems(threading.local):
    """A stemmer per thread and language: PyStemmer's objects must not be shared by threads."""

    def __init__(self) -> None:
        self._stemmers: dict[str, Stemmer.Stemmer] = {}

    def of(self, word: str, language: str | None) -> str:
        if not word.isascii() or not word.isdigit():
            word = self._stem(word, language)
        if word.isascii() or language in _TONES_ARE_WORDS:
            return word
        return _without_accents(word.translate(_PLAIN_LETTERS))

    def _stem(self, word: str, language: str | None) -> str:
        if language == "pl":
            return _polish_stem(word)
        if language not in _ALGORITHMS:
            return word
        stemmer = self._stemmers.get(language)
        if stemmer is None:
            stemmer = self._stemmers[language] = Stemmer.Stemmer(_ALGORITHMS[language])
        return str(stemmer.stemWord(word)) or word


@cache
def _stems() -> _Stems:
    return _Stems()


def _polish_stem(word: str) -> str:
    """Cut the longest known ending: PyStemmer knows no Polish."""
    for ending in _POLISH_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_POLISH_STEM:
            return word.removesuffix(ending)
    return word


def _without_accents(word: str) -> str:
    """Latin letters without their accents: people leave them out when they type."""
    decomposed = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", _LATIN_MARKS.sub("", decomposed))
