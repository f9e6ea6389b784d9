"""What somebody may begin with who writes the answer: the passage that comes closest.

It was not evidence enough to answer from, so it is a hint for people and never for visitors.
"""

from documents.chatbots import Chatbot
from services.knowledge.passages import RetrievedPassage
from services.knowledge.search import KnowledgeSearch

LEAST_EVIDENCE = 0.15
"""The share of the question that a passage must hold to be worth reading."""


class Suggesting:
    """Looks for what may answer an unanswered question."""

    def __init__(self, search: KnowledgeSearch) -> None:
        self._search = search

    async def closest_passage(self, chatbot: Chatbot, question: str) -> RetrievedPassage | None:
        """The passage that comes closest to a question; None where none has to do with it.

        Raises:
            DatabaseUnavailableError: the database did not answer in time.
        """
        outcome = await self._search.search(
            chatbot.client_id, chatbot.id, question, chatbot.draft.default_language, limit=1
        )
        best = outcome.found[0] if outcome.found else None
        return best if best is not None and best.evidence >= LEAST_EVIDENCE else None
