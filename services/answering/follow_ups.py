"""Searching for questions that only make sense after the one before: "and the red one?".

A short question for which too little is found is looked for once more together with the question
before it. What is found that way is never taken for certain: most of the words are those of the
earlier question, so it is shown as what comes closest, and a model decides with the talk before it.
"""

from collections.abc import Sequence
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


async def retrieve(
    knowledge: KnowledgeSearch, asked: Asked, talk: Sequence[Message], limit: int = 5
) -> Retrieval:
    """Search for a question, for a follow-up together with the question before it.

    Raises:
        DatabaseUnavailableError: the database did not answer in time.
    """
    found = await _search(knowledge, asked, asked.text, limit)
    before = next((one.content for one in reversed(talk) if one.sender == "visitor"), "")
    if not before.strip() or not _may_follow(asked.text, found):
        return Retrieval(found)
    completed = f"{before.strip()[-LONGEST_CHARACTERS:]} {asked.text.strip()}"
    together = await _search(knowledge, asked, completed, limit)
    if together.decision == "refuse":
        return Retrieval(found)
    return Retrieval(replace(together, decision="show_closest"), completed)


def _may_follow(text: str, found: SearchOutcome) -> bool:
    if found.is_small_talk:
        return not _QUESTION_MARKS.isdisjoint(text)
    return found.decision == "refuse" and len(found.words) <= SHORT_WORDS


async def _search(knowledge: KnowledgeSearch, asked: Asked, text: str, limit: int) -> SearchOutcome:
    return await knowledge.search(asked.client_id, asked.chatbot_id, text, asked.language, limit)
