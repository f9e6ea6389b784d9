"""Verbs that German and Dutch take apart: "Wie melde ich mich an?" asks what "anmelden" answers.

The particle stands at the end of its clause, and texts, headings above all, have the whole verb.
Which of the other words is the verb need not be known: the other joined forms are words that nobody
uses.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Final

import regex  # type: ignore[import-untyped]

from services.languages.tokens import normalised, surface_words

_PARTICLES: Final[Mapping[str, frozenset[str]]] = {
    "de": frozenset((
        "ab", "an", "auf", "aus", "bei", "durch", "ein", "fest", "fort", "frei", "her",
        "heraus", "herunter", "hin", "hinein", "hinzu", "hoch", "los", "mit", "nach",
        "runter", "um", "vor", "weg", "weiter", "wieder", "zu", "zurück", "zusammen",
    )),
    "nl": frozenset((
        "aan", "achter", "af", "bij", "door", "in", "mee", "na", "om", "op", "over",
        "samen", "terug", "toe", "uit", "vast", "voor", "weg",
    )),
}  # fmt: skip
MOST_JOINED: Final = 64
"""Joined forms of one question: a pasted letter must not cost much more than a question."""

_CLAUSE_END = regex.compile(r"[.,;:!?]+(?:\s+|$)")


def joined_verbs(
    question: str, language: str | None, among: Collection[str]
) -> dict[str, list[str]]:
    """The joined forms that a question's words may stand for; the particle stands for all of them.

    They are the first 64 different ones, in the order of the question.

    Args:
        question: What somebody typed.
        language: The language it is in.
        among: The surface words that may be a verb: "die" at the beginning of "hin" is Hindi.
    """
    taken_apart = dict.fromkeys(_taken_apart(question, language, among))
    joined: dict[str, list[str]] = {}
    for particle, word in islice(taken_apart, MOST_JOINED):
        joined.setdefault(word, []).append(particle + word)
        joined.setdefault(particle, []).append(particle + word)
    return joined


def _taken_apart(
    question: str, language: str | None, among: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The particle at the end of each clause with each word before it that may be its verb."""
    particles = _PARTICLES.get(language or "", frozenset())
    for clause in _CLAUSE_END.split(normalised(question, language)) if particles else ():
        *others, last = surface_words(clause) or [""]
        if last in particles:
            yield from ((last, one) for one in others if one in among and one != last)
