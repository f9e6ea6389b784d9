"""Searching for questions that only make sense after the one before: "and the red one?".

Where a model is configured it says what such a question means on its own, and that is looked for.
Else a short question for which too little is found is looked for once more together with the
question before it. What is found that way is never taken for certain: most of the words are those
of the earlier question, so it is shown as what comes closest, and a model decides with the talk
before it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from documents.ids import PydanticObjectId
from documents.messages import Message
from services.knowledge.search import KnowledgeSearch, SearchOutcome

SHORT_WORDS = 4
"""A question about more than so many words stands for itself."""

LONGEST_CHARACTERS = 500
"""Of the question before: its end is what the talk had come to."""

_QUESTION_MARKS = frozenset("?？؟")  # noqa: RUF001 -- those of other scripts


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a visitor puts it to a chatbot; the language is the visitor's."""

    client_id: str
    chatbot_id: PydanticObjectId
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found, and the question that was completed for it, if it was."""

    outcome: SearchOutcome
    rewritten: str | None = None


Rewriter = Callable[[Asked], Awaitable[str | None]]
"""Says what a follow-up means on its own; None where it cannot."""


async def retrieve(
    knowledge: KnowledgeSearch,
    asked: Asked,
    talk: Sequence[Message],
    limit: int = 5,
    rewriter: Rewriter | None = None,
) -> Retrieval:
    """Search for a question; for a follow-up as it is meant, or with the question before it.

    Raises:
        DatabaseUnavailableError: the database did not answer in time.
    """
    found = await _search(knowledge, asked, asked.text, limit)
    before = next((one.for_models for one in reversed(talk) if one.sender == "visitor"), "")
    if not before.strip():
        return Retrieval(found)
    if rewriter is not None and _may_lean(asked.text, found):
        meant = await rewriter(asked)
        if meant is not None:
            return await _as_meant(knowledge, asked, meant, found, limit)
    if not _may_follow(asked.text, found):
        return Retrieval(found)
    completed = f"{before.strip()[-LONGEST_CHARACTERS:]} {asked.text.strip()}"
    together = await _search(knowledge, asked, completed, limit)
    if together.decision == "refuse":
        return Retrieval(found)
    return Retrieval(replace(together, decision="show_closest"), completed)


async def _as_meant(
    knowledge: KnowledgeSearch, asked: Asked, meant: str, found: SearchOutcome, limit: int
) -> Retrieval:
    """What is found for a rewritten question, unless the question itself finds more."""
    if meant.casefold() == asked.text.strip().casefold():
        return Retrieval(found)
    outcome = await _search(knowledge, asked, meant, limit)
    if outcome.decision == "refuse" and found.decision != "refuse":
        return Retrieval(found)
    return Retrieval(outcome, meant)


def _may_lean(text: str, found: SearchOutcome) -> bool:
    """Whether a question may mean more than it says: it is short, or not enough is found for it."""
    if found.is_small_talk:
        return not _QUESTION_MARKS.isdisjoint(text)
    is_short = len(found.words) <= SHORT_WORDS
    return found.knows_anything and (is_short or found.decision != "answer")


def _may_follow(text: str, found: SearchOutcome) -> bool:
    if found.is_small_talk:
        return not _QUESTION_MARKS.isdisjoint(text)
    return found.decision == "refuse" and len(found.words) <= SHORT_WORDS


async def _search(knowledge: KnowledgeSearch, asked: Asked, text: str, limit: int) -> SearchOutcome:
    return await knowledge.search(asked.client_id, asked.chatbot_id, text, asked.language, limit)
