"""What a question is about, in the tokens that the chunks of one chatbot hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.languages.detection import detect_language
from services.languages.function_words import FUNCTION_WORDS, content_words
from services.languages.separable_verbs import joined_verbs
from services.languages.tokens import stemmed

MOST_QUESTION_CHARACTERS = 8_000
MOST_QUESTION_WORDS = 64
"""Distinct words looked for: a pasted letter must not cost more than a question."""


@dataclass(frozen=True, slots=True)
class QuestionWord:
    """One word as typed (casefolded) and as the chunks may hold it: a stem per language.

    `mended` is the known word that is looked for as well, where nothing knows the typed one.
    """

    surface: str
    tokens: tuple[str, ...]
    mended: str | None = None

    def mended_as(self, known: str) -> "QuestionWord":
        """The word, found also where the known one stands."""
        return replace(self, tokens=(*self.tokens, known), mended=known)


@dataclass(frozen=True, slots=True)
class ReadQuestion:
    """The distinct words to look for, at most 64, in the order of the question.

    `language` is the one that the question is in, or else the visitor's; None where nothing tells.
    `is_small_talk` marks what asks for nothing in particular: a greeting, thanks, "and then?".
    """

    words: tuple[QuestionWord, ...]
    language: str | None
    is_small_talk: bool = False


def read_question(
    question: str, language: str | None, chunk_languages: Sequence[str]
) -> ReadQuestion:
    """Find out what a question is about.

    Args:
        question: What somebody typed; the first 8,000 characters count.
        language: The language it is probably in, for when the question does not tell.
        chunk_languages: The languages of the texts to be searched. Every word gets a stem for
            each, so that a name is found in a text of another language.
    """
    asked = question[:MOST_QUESTION_CHARACTERS]
    spoken = detect_language(asked) or language or _only(chunk_languages)
    surfaces = content_words(asked, spoken)[:MOST_QUESTION_WORDS]
    joined = joined_verbs(asked, spoken, surfaces)
    words = (
        QuestionWord(one, _tokens((one, *joined.get(one, ())), chunk_languages)) for one in surfaces
    )
    return ReadQuestion(
        tuple({word.tokens: word for word in words}.values()),
        spoken,
        is_small_talk=FUNCTION_WORDS.get(spoken or "", frozenset()).issuperset(surfaces),
    )


def content_tokens(question: str, language: str) -> frozenset[str]:
    """The tokens of what another question, of a known language, is about."""
    return frozenset(stemmed(word, language) for word in content_words(question, language))


def all_tokens(words: Iterable[QuestionWord]) -> list[str]:
    """The tokens of several words, each once."""
    return list(dict.fromkeys(token for word in words for token in word.tokens))


def _tokens(surfaces: Sequence[str], languages: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({stemmed(one, language) for one in surfaces for language in languages}))


def _only(languages: Sequence[str]) -> str | None:
    return languages[0] if len(languages) == 1 else None
