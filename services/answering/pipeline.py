"""The turn, in order. Read this file to know what happens between a question and its answer.

    load chatbot, talk so far -> the hook's before_llm -> retrieval, of a follow-up as it is meant
    -> is that evidence enough? -> prompt -> reserve -> model, or the fallback -> links limited
    -> stream -> the hook's after_llm

Whoever runs the turn decides about leases, stopping and crashes (`generations.py`), and about what
becomes of the answer at its end: citations, confidence and cost (`turn_record.py`), settling
(`telling.py`). This file only knows the way of a question through the product.
"""

import asyncio
from dataclasses import replace
from functools import partial

from documents.base import utc_now
from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Client
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.answer_writer import AnswerWriter
from services.answering.events import AnswerStep
from services.answering.evidence import stance
from services.answering.failures import AnswerImpossibleError
from services.answering.follow_ups import Asked, retrieve
from services.answering.history import talk_before
from services.answering.hook_steps import HookSteps, Turn
from services.answering.limited_links import LimitedText
from services.answering.link_hosts import link_hosts
from services.answering.phrases import phrase
from services.answering.prompts import model_request
from services.answering.rewriting import Rewriting
from services.answering.thinking import Thinking
from services.answering.turn_record import TurnRecord
from services.cancelling import raise_if_cancelled
from services.knowledge.search import KnowledgeSearch, SearchOutcome
from services.languages.detection import detect_language


class Pipeline:
    """Takes a question through the turn."""

    def __init__(
        self,
        knowledge: KnowledgeSearch,
        thinking: Thinking,
        hooks: HookSteps,
        rewriting: Rewriting | None = None,
    ) -> None:
        """Without rewriting, follow-ups are looked for with the question before them."""
        self._knowledge = knowledge
        self._rewriting = rewriting
        self._hooks = hooks
        self._thinking = thinking

    async def run(self, writer: AnswerWriter, record: TurnRecord) -> None:
        """Publish an answer's events up to the last word; the caller publishes beginning and end.

        Raises:
            AnswerImpossibleError: the chatbot or the question is gone.
            LimitReachedError: quota or budget of the client hold no more answers.
            ModelError: no model gave a whole answer, or it said nothing; or a required hook failed.
            LeaseLostError: somebody else works on the answer.
        """
        answer = writer.answer
        scope = TenantScope.one(answer.client_id)
        question, settings, client, hook = await asyncio.gather(
            _question_of(answer, scope),
            _settings_of(answer, scope),
            _client_of(scope),
            self._hooks.find(answer),
        )
        record.language = detect_language(question.content) or settings.default_language
        talk = await talk_before(question, scope)
        turn = Turn(question, settings, client, talk, writer, record)
        hooked = await self._hooks.begin(turn, hook)
        if await hooked.answered_without_model():
            return
        asked = Asked(question.client_id, question.chatbot_id, hooked.message, record.language)
        outcome = await self._retrieve(replace(turn, settings=hooked.settings), asked)
        how = stance(settings, outcome, record.language, hook_knows=bool(hooked.context))
        record.confidence, record.evidence_tags = how.confidence, how.tags
        raise_if_cancelled()
        if how.refuses:
            await hooked.text.delta(how.refusal)
            await hooked.after()
            return
        request = model_request(
            settings, hooked.message, outcome, talk, record.language, hooked.context
        )
        raise_if_cancelled()
        sources = [one.url for one in outcome.passages]
        text = LimitedText(hooked.text, link_hosts(settings, client, sources))
        await self._thinking.think(client, hooked.settings, request, text, record)
        await text.close()
        await hooked.after()

    async def _retrieve(self, turn: Turn, asked: Asked) -> SearchOutcome:
        record = turn.record
        label = phrase("retrieving", record.language)
        await turn.writer.event(lambda seq: AnswerStep(seq, "retrieving", label))
        began = utc_now()
        rewriter = partial(self._rewriting.rewritten, turn) if self._rewriting else None
        retrieval = await retrieve(self._knowledge, asked, turn.talk, rewriter=rewriter)
        found = retrieval.outcome
        record.passages = found.passages
        meant = f": {retrieval.rewritten}" if retrieval.rewritten else ""
        outcome = f"{len(found.passages)} passages"
        record.step_done("retrieving", began, outcome, found.decision + meant)
        return found


async def _question_of(answer: Message, scope: TenantScope) -> Message:
    question = await scope.of(Message).get(answer.question_id) if answer.question_id else None
    if question is None:
        raise AnswerImpossibleError("not_found")
    return question


async def _settings_of(answer: Message, scope: TenantScope) -> ChatbotSettings:
    chatbot = await scope.of(Chatbot).get(answer.chatbot_id)
    if chatbot is None:
        raise AnswerImpossibleError("chatbot_inactive")
    return chatbot.shown(preview=answer.preview_until is not None)


async def _client_of(scope: TenantScope) -> Client:
    client = await scope.of(Client).find_one({})
    if client is None:
        raise AnswerImpossibleError("chatbot_inactive")
    return client
