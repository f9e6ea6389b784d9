"""The turn, in order. Read this file to know what happens between a question and its answer.

    load chatbot, talk so far -> retrieval -> prompt -> model -> stream -> citations -> persist

Whoever runs the turn decides about leases, stopping and crashes (`generations.py`); this file only
knows the way of a question through the product.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import structlog

from documents.base import utc_now
from documents.chatbots import Chatbot, ChatbotSettings
from documents.llm_configs import LlmConfig
from documents.messages import Message, TraceStep
from documents.tenancy import TenantScope
from services.answering.answer_writer import AnswerWriter
from services.answering.citations import cited, context_passages
from services.answering.events import AnswerStep, StepKind
from services.answering.failures import AnswerBlockedError, AnswerImpossibleError
from services.answering.model_route import ModelRoutes, Route
from services.answering.phrases import phrase
from services.answering.prices import cost_micros
from services.answering.prompts import assemble_turns
from services.cancelling import raise_if_cancelled
from services.knowledge.search import KnowledgeSearch, RetrievedPassage
from services.languages.detection import detect_language
from services.llm.errors import ModelProtocolError
from services.llm.model import ModelFinished, ModelRequest

HISTORY_QUESTIONS = 20
HISTORY_ANSWERS = 100
"""How far back a model looks. Of answers more, since a question may have several."""

MAX_ANSWER_CHARACTERS = 1_000_000
"""Far above what a model's own bound lets through, and far below the 16 MB of a document."""

log = structlog.get_logger()


@dataclass(slots=True)
class TurnRecord:
    """What is known about an answer so far; stored with the message whatever its end."""

    began: float
    language: str = "en"
    first_token_ms: int | None = None
    config: LlmConfig | None = None
    finished: ModelFinished | None = None
    passages: Sequence[RetrievedPassage] = ()
    evidence: float | None = None
    trace: list[TraceStep] | None = None

    def elapsed_ms(self) -> int:
        """Since the turn began."""
        return round((perf_counter() - self.began) * 1000)


class Pipeline:
    """Takes a question through the turn."""

    def __init__(self, knowledge: KnowledgeSearch, routes: ModelRoutes) -> None:
        self._knowledge = knowledge
        self._routes = routes

    async def run(self, writer: AnswerWriter, record: TurnRecord) -> None:
        """Publish an answer's events up to the last word; the caller publishes beginning and end.

        Raises:
            AnswerImpossibleError: the chatbot or the question is gone.
            ModelError: no model gave a whole answer, or it said nothing.
            LeaseLostError: somebody else works on the answer.
        """
        answer = writer.answer
        scope = TenantScope.one(answer.client_id)
        question = await _question_of(answer, scope)
        settings = await _settings_of(answer, scope)
        record.language = detect_language(question.content) or settings.default_language
        await self._step(writer, record, "retrieving")
        await self._retrieve(answer, question, record)
        await self._step(writer, record, "thinking")
        route = await self._routes.default(settings, answer.client_id)
        record.config = route.config
        passages = context_passages(record.passages)
        turns = assemble_turns(
            settings, question.content, passages, await _history(question, scope), record.language
        )
        request = ModelRequest(turns, question.content, passages, record.language)
        raise_if_cancelled()
        await self._think(route, request, writer, record)

    async def _think(
        self, route: Route, request: ModelRequest, writer: AnswerWriter, record: TurnRecord
    ) -> None:
        began = utc_now()
        try:
            await _stream(route, request, writer, record)
        finally:
            _trace(record, "thinking", began, route.config.name, _unusual_end(record.finished))
        _check_said_something(writer.text, record.finished)

    async def _retrieve(self, answer: Message, question: Message, record: TurnRecord) -> None:
        began = utc_now()
        found = await self._knowledge.search(
            answer.client_id, answer.chatbot_id, question.content, record.language
        )
        record.passages, record.evidence = found.passages, found.evidence
        _trace(record, "retrieving", began, f"{len(found.passages)} passages")

    async def _step(self, writer: AnswerWriter, record: TurnRecord, step: StepKind) -> None:
        label = phrase("retrieving" if step == "retrieving" else "thinking", record.language)
        await writer.event(lambda seq: AnswerStep(seq, step, label))


async def _stream(
    route: Route, request: ModelRequest, writer: AnswerWriter, record: TurnRecord
) -> None:
    """Publish what the model says."""
    left = MAX_ANSWER_CHARACTERS
    try:
        async with aclosing(route.model.stream(request)) as events:
            async for event in events:
                if isinstance(event, ModelFinished):
                    record.finished = event
                    break
                if record.first_token_ms is None:
                    record.first_token_ms = record.elapsed_ms()
                left = _left_after(event.text, left)
                await writer.delta(event.text)
    except Exception as error:
        if record.finished is None:
            raise
        # The text is whole; only hanging up failed.
        log.warning("model_not_closed", problem=type(error).__name__)


def _left_after(text: str, left: int) -> int:
    if len(text) > left:
        raise ModelProtocolError("the model answers without end")
    return left - len(text)


def _check_said_something(text: str, finished: ModelFinished | None) -> None:
    """Refuse an end that is none: an empty bubble must not look like an answer."""
    if finished is None:
        raise ModelProtocolError("the model's stream broke off without an end")
    if text.strip():
        return
    if finished.reason == "refusal":
        raise AnswerBlockedError("the model refused to answer")
    raise ModelProtocolError(f"the model said nothing and ended with {finished.reason!r}")


def _unusual_end(finished: ModelFinished | None) -> str | None:
    """Why the model stopped, if it did not just come to its end."""
    return None if finished is None or finished.reason == "stop" else finished.reason


def stored_fields(text: str, record: TurnRecord) -> dict[str, Any]:
    """What the message keeps about its making, as an update of the document."""
    fields: dict[str, Any] = {
        "citations": [one.model_dump() for one in cited(text, record.passages)],
        "confidence": record.evidence,
        "response_time_ms": record.elapsed_ms(),
        "first_token_ms": record.first_token_ms,
        "trace": [step.model_dump() for step in record.trace or ()],
    }
    if record.config is not None:
        fields["llm_config_id"] = record.config.id
        fields["llm_name"] = record.config.name
        fields.update(_counted(record.config, record.finished))
    return fields


def _counted(config: LlmConfig, finished: ModelFinished | None) -> dict[str, Any]:
    """Tokens as the provider counted them and what they cost; nothing when it did not say."""
    if finished is None or finished.input_tokens is None or finished.output_tokens is None:
        return {}
    return {
        "input_tokens": finished.input_tokens,
        "output_tokens": finished.output_tokens,
        "cost_micros": cost_micros(config, finished.input_tokens, finished.output_tokens),
        "estimated": False,
    }


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


async def _history(question: Message, scope: TenantScope) -> list[Message]:
    """What was said before the question, oldest first: of several answers to one the newest."""
    talk = {"conversation_id": question.conversation_id}
    messages, newest_first = scope.of(Message), [("seq", -1)]
    asked = await messages.find(
        {**talk, "sender": "visitor", "seq": {"$lt": question.seq}},
        sort=newest_first,
        limit=HISTORY_QUESTIONS,
    )
    if not asked:
        return []
    answers = await messages.find(
        {
            **talk,
            "seq": {"$gt": asked[-1].seq},
            "question_id": {"$in": [one.id for one in asked]},
            "status": {"$in": ["complete", "stopped"]},
        },
        sort=newest_first,
        limit=HISTORY_ANSWERS,
    )
    newest = {one.question_id: one for one in reversed(answers)}
    said = ((one, newest.get(one.id)) for one in reversed(asked))
    return [one for turn in said for one in turn if one is not None]


def _trace(
    record: TurnRecord, step: StepKind, began: datetime, outcome: str, detail: str | None = None
) -> None:
    took = round((utc_now() - began).total_seconds() * 1000)
    record.trace = [
        *(record.trace or ()),
        TraceStep(step=step, started_at=began, duration_ms=took, outcome=outcome, detail=detail),
    ]
