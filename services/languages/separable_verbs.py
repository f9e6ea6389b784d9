"""Verbs that German and Dutch take apart: "Wie melde ich mich an?" asks what "anmelden" answers.

The particle stands at the end of its clause, and texts, headings above all, have the whole verb.
Which of the other words is the verb need not be known: the other joined forms are words that nobody
uses.
"""

from collections.abc import Collection, Mapping
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
_CLAUSE_END = regex.compile(r"[.,;:!?]+(?:\s+|$)")


def joined_verbs(
    question: str, language: str | None, among: Collection[str]
) -> dict[str, list[str]]:
    """The joined forms that a question's words may stand for; the particle stands for all of them.

    Args:
        question: What somebody typed.
        language: The language it is in.
        among: The surface words that may be a verb: "die" at the beginning of "hin" is Hindi.
    """
    particles = _PARTICLES.get(language or "", frozenset())
    joined: dict[str, list[str]] = {}
    for clause in _CLAUSE_END.split(normalised(question, language)) if particles else ():
        *others, last = surface_words(clause) or [""]
        if last in particles:
            for word in dict.fromkeys(one for one in others if one in among):
                joined.setdefault(word, []).append(last + word)
                joined.setdefault(last, []).append(last + word)
    return joined
