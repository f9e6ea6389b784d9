"""The same turn without quota, budget and routing: the one model is asked, and that is all."""

from documents.chatbots import ChatbotSettings
from documents.clients import Client
from services.answering.answer_text import AnswerText
from services.answering.events import AnswerStep
from services.answering.gathering import GatheredWords, Gathering
from services.answering.model_route import ModelRoutes
from services.answering.phrases import phrase
from services.answering.thinking import Thinking, say_all
from services.answering.turn_record import TurnRecord
from services.llm.model import ModelRequest


class BareThinking(Thinking):
    """Asks the default model."""

    def __init__(self, routes: ModelRoutes) -> None:
        self._routes = routes

    async def think(
        self,
        client: Client,
        settings: ChatbotSettings,
        request: ModelRequest,
        writer: AnswerText,
        record: TurnRecord,
    ) -> None:
        """Publish what it says."""
        route = await self._routes.route(settings, client.client_id)
        record.config = route.default
        label = phrase("thinking", record.language)
        await writer.event(lambda seq: AnswerStep(seq, "thinking", label))
        words = GatheredWords(Gathering(), writer)
        await say_all(self._routes.model_of(route.default), request, words, record)
