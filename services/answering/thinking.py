"""Asking a model, and another one if that is out of order. One answer comes from one model.

    reserve -> the default model -> the fallback model, if no text was shown

What is reserved bounds whichever of the two answers. When the default model has no room left in
quota or budget, the fallback model may have: it is asked at once.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog

from documents.base import utc_now
from documents.chatbots import ChatbotSettings
from documents.clients import Client
from documents.llm_configs import LlmConfig
from services.answering.answer_text import AnswerText
from services.answering.events import AnswerStep, StepKind
from services.answering.failures import AnswerBlockedError
from services.answering.gathering import GatheredWords, Gathering
from services.answering.model_gates import ModelGates, kind_of
from services.answering.model_route import ModelRoutes, Route
from services.answering.phrases import phrase
from services.answering.prices import estimated_prompt_tokens, most_micros
from services.answering.route_policy import STRICT, RoutePolicy
from services.answering.turn_record import TurnRecord
from services.cancelling import raise_if_cancelled
from services.llm.errors import ModelError, ModelProtocolError, ModelTimeoutError
from services.llm.model import LanguageModel, ModelFinished, ModelRequest
from services.usage.reservations import Wish, reserve_one_of

MAX_ANSWER_CHARACTERS = 1_000_000
"""Far above what a model's own bound lets through, and far below the 16 MB of a document."""

log = structlog.get_logger()


class Thinking:
    """Gets an answer from one of a chatbot's models."""

    def __init__(
        self,
        routes: ModelRoutes,
        gates: ModelGates,
        policy: RoutePolicy = STRICT,
        gathering: Gathering | None = None,
    ) -> None:
        self._routes = routes
        self._gates = gates
        self._policy = policy
        self._gathering = gathering or Gathering()

    async def think(
        self,
        client: Client,
        settings: ChatbotSettings,
        request: ModelRequest,
        writer: AnswerText,
        record: TurnRecord,
    ) -> None:
        """Publish what a model says.

        Raises:
            LimitReachedError: quota or budget of the client hold no more answers.
            ModelError: no model gave a whole answer, or it said nothing.
        """
        route = await self._routes.route(settings, client.client_id)
        record.config = route.default
        record.prompt_tokens = estimated_prompt_tokens(turn.text for turn in request.turns)
        spent = record.spent_before.micros if record.spent_before else 0
        ways = _ways(route, request, spent)
        granted = await reserve_one_of(client, writer.answer, [way.wish for way in ways])
        raise_if_cancelled()
        configs = ways[granted].configs
        is_fallback = configs[0] is not route.default
        await self._ask_in_turn(configs, request, writer, record, is_fallback=is_fallback)

    async def _ask_in_turn(
        self,
        configs: Sequence[LlmConfig],
        request: ModelRequest,
        writer: AnswerText,
        record: TurnRecord,
        *,
        is_fallback: bool,
    ) -> None:
        *earlier, last = configs
        for config in earlier:
            try:
                await self._ask(config, request, writer, record, is_fallback=is_fallback)
            except ModelError as error:
                shown = record.first_token_ms is not None
                if shown or not isinstance(error, self._policy.falls_back_on):
                    raise
                log.warning("model_fell_back", problem=error.problem, model=config.name)
                is_fallback = True
            else:
                return
        await self._ask(last, request, writer, record, is_fallback=is_fallback)

    async def _ask(
        self,
        config: LlmConfig,
        request: ModelRequest,
        writer: AnswerText,
        record: TurnRecord,
        *,
        is_fallback: bool,
    ) -> None:
        step: StepKind = "fallback" if is_fallback else "thinking"
        record.config, record.finished, record.may_cost = config, None, True
        label = phrase("thinking", record.language)
        await writer.event(lambda seq: AnswerStep(seq, step, label))
        began, problem = utc_now(), None
        try:
            async with self._gates.passing(config, has_spoken=lambda: bool(writer.text)):
                asked = replace(request, opening="") if config.provider == "local" else request
                with self._gathering.words_for(writer) as words:
                    await say_all(self._routes.model_of(config), asked, words, record)
            _check_said_something(writer.text, record.finished)
        except ModelError as error:
            problem = _for_the_client(config, error)
            record.may_cost = isinstance(error, ModelTimeoutError) and error.stage != "connect"
            raise
        finally:
            detail = problem or _unusual_end(record.finished)
            record.step_done(step, began, config.name, detail)


@dataclass(frozen=True, slots=True)
class _Way:
    """What to reserve, and the models that are asked for it one after the other."""

    wish: Wish
    configs: Sequence[LlmConfig]


def _ways(route: Route, request: ModelRequest, spent: int) -> list[_Way]:
    """The ways to an answer, best first, each with what the turn has spent already.

    By both models; by the default one alone, where that may cost less; and up to the hard quota by
    the fallback alone.
    """
    texts = [turn.text for turn in request.turns]
    most = spent + most_micros(route.default, texts)
    alone = _Way(Wish("soft", most), [route.default])
    if route.fallback is None:
        return [alone]
    by_fallback = spent + most_micros(route.fallback, texts)
    both = _Way(Wish("soft", max(most, by_fallback)), [route.default, route.fallback])
    fallback = _Way(Wish("hard", by_fallback), [route.fallback])
    return [both, alone, fallback] if most < by_fallback else [both, fallback]


def _for_the_client(config: LlmConfig, error: ModelError) -> str:
    """What a client's people may read of a failure: of the platform's models only its kind."""
    return error.problem if config.client_id is not None else kind_of(error)


async def say_all(
    model: LanguageModel, request: ModelRequest, words: GatheredWords, record: TurnRecord
) -> None:
    """Publish what the model says."""
    left = MAX_ANSWER_CHARACTERS
    try:
        async with aclosing(model.stream(request)) as events:
            async for event in events:
                if isinstance(event, ModelFinished):
                    record.finished = event
                    break
                if record.first_token_ms is None:
                    record.first_token_ms = record.elapsed_ms()
                    # Not before: until a word was shown, another model may answer.
                    await _open(request, words)
                left = _left_after(event.text, left)
                await words.say(event.text)
    except Exception as error:
        if record.finished is None:
            if isinstance(error, ModelError):
                await words.finish()
            raise
        # The text is whole; only hanging up failed.
        log.warning("model_not_closed", problem=type(error).__name__)
    await words.finish()


async def _open(request: ModelRequest, words: GatheredWords) -> None:
    if request.opening:
        await words.say(f"{request.opening}\n\n")


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
