"""Looking into retrieval: what a chatbot finds for a question and what its model would read.

The same search and the same prompt as of an answer; nothing is asked of the model that would
answer, and nothing is stored or counted.
"""

from dataclasses import dataclass
from time import perf_counter

from documents.chatbots import Chatbot
from documents.conversations import Conversation
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.follow_ups import Asked, Retrieval, retrieve
from services.answering.history import talk_so_far
from services.answering.prompts import model_request
from services.field_checks import FieldChecks
from services.knowledge.search import KnowledgeSearch
from services.languages.detection import detect_language
from services.llm.model import ChatTurn

MAX_QUESTION_CHARACTERS = 8_000
LOOKED_AT = 10
"""Passages shown: those that an answer would rest on and what came after them."""


@dataclass(frozen=True, slots=True)
class RetrievalTest:
    """What retrieval did with a question, and how long that took."""

    retrieval: Retrieval
    prompt: str
    took_ms: float


class RetrievalTests:
    """Tries retrieval for callers who were found to be allowed to change the chatbot."""

    def __init__(self, knowledge: KnowledgeSearch) -> None:
        self._knowledge = knowledge

    async def test(
        self, chatbot: Chatbot, question: str, conversation: Conversation | None = None
    ) -> RetrievalTest:
        """Search for a question as if a visitor had asked the chatbot's draft.

        Args:
            chatbot: Whose knowledge is searched.
            question: 1 to 8,000 characters.
            conversation: What the question goes on with, of the same chatbot.

        Raises:
            InvalidFieldsError: the question is empty or too long.
        """
        asked = _checked(question)
        settings, began = chatbot.draft, perf_counter()
        language = detect_language(asked) or settings.default_language
        talk = await _talk(conversation)
        wanted = Asked(chatbot.client_id, chatbot.id, asked, language)
        retrieval = await retrieve(self._knowledge, wanted, talk, LOOKED_AT)
        took_ms = (perf_counter() - began) * 1000
        request = model_request(settings, asked, retrieval.outcome, talk, language)
        return RetrievalTest(retrieval, _written_out(request.turns), took_ms)


async def _talk(conversation: Conversation | None) -> list[Message]:
    if conversation is None:
        return []
    return await talk_so_far(conversation.id, TenantScope.one(conversation.client_id))


def _checked(question: str) -> str:
    checks = FieldChecks()
    cleaned = checks.text("question", question, longest=MAX_QUESTION_CHARACTERS)
    checks.done()
    return cleaned


def _written_out(turns: tuple[ChatTurn, ...]) -> str:
    return "\n\n".join(f"[{turn.role}]\n{turn.text}" for turn in turns)
