"""Test calls: whoever configures a model asks it once, as a visitor's question would.

The call takes the same way as an answer (address rules, deadlines, key, prices), keeps nothing of
what is said, and is bounded further: whoever waits for it looks at a button. It is recorded before
it is made, because it may cost money.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import perf_counter

from documents.base import utc_now
from documents.llm_configs import LlmConfig
from documents.transactions import Transactions
from services.answering.model_problems import ModelTestFailedError, problem_said
from services.answering.model_route import ModelRoutes
from services.answering.prices import cost_micros, estimated_tokens
from services.answering.question_refusals import SOON
from services.audit.audit_log import record_about
from services.field_checks import FieldChecks
from services.llm.errors import ModelError
from services.llm.factory import ModelFactory
from services.llm.model import (
    ChatTurn,
    LanguageModel,
    ModelFinished,
    ModelRequest,
    ModelSettings,
)
from services.sealing.sealing import UnsealError

PROMPT = "Say hello in one short sentence."
MAX_PROMPT_CHARACTERS = 2_000
MOST_TOKENS = 1_024
MOST_CHARACTERS = 20_000
LONGEST_MS = 25_000
OPENING_S = 8.0
"""For importing a provider's package, if no question needed it yet."""


@dataclass(frozen=True, slots=True)
class ModelTest:
    """What a model answered to a test call, how fast and for how much."""

    text: str
    first_token_ms: int
    total_ms: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    estimated: bool


class ModelTests:
    """Makes test calls for callers who were found to be allowed to change the config."""

    def __init__(
        self, models: ModelFactory, routes: ModelRoutes, transactions: Transactions
    ) -> None:
        self._models = models
        self._routes = routes
        self._transactions = transactions

    async def test(self, config: LlmConfig, prompt: str | None) -> ModelTest:
        """Ask a model once; a config that is switched off is asked as well.

        Raises:
            InvalidFieldsError: the prompt is empty or too long.
            ModelTestFailedError: there is no answer; it says why.
        """
        asked = _checked(prompt)
        await self._transactions.run_transaction(
            lambda session: record_about(session, LlmConfig, config.id, client_id=config.client_id)
        )
        try:
            model = await self._opened(config)
            return await _asked(model, config, asked)
        except ModelError as error:
            raise problem_said(error, config) from None
        except TimeoutError:
            message = "This server is still loading the provider's package. Try again in a moment."
            soon = utc_now() + SOON
            raise ModelTestFailedError("UPSTREAM_FAILED", message, retry_at=soon) from None
        except UnsealError:
            message = "The stored key cannot be opened any more. Enter it anew."
            raise ModelTestFailedError("UPSTREAM_FAILED", message) from None

    async def _opened(self, config: LlmConfig) -> LanguageModel:
        """The model, with what is slow about a first call done."""
        settings = bounded(self._routes.settings_of(config))
        async with asyncio.timeout(OPENING_S):
            await self._models.warm_up(settings.provider, settings.langchain_provider)
        return self._models.create(settings)


def bounded(settings: ModelSettings) -> ModelSettings:
    """The settings of a config, with the bounds of a test call."""
    return replace(
        settings,
        max_tokens=min(settings.max_tokens or MOST_TOKENS, MOST_TOKENS),
        first_token_timeout_ms=min(settings.first_token_timeout_ms, LONGEST_MS),
        between_tokens_timeout_ms=min(settings.between_tokens_timeout_ms, LONGEST_MS),
        total_timeout_ms=min(settings.total_timeout_ms, LONGEST_MS),
        max_answer_characters=MOST_CHARACTERS,
    )


def _checked(prompt: str | None) -> str:
    if prompt is None:
        return PROMPT
    checks = FieldChecks("input")
    cleaned = checks.text("prompt", prompt, longest=MAX_PROMPT_CHARACTERS)
    checks.done()
    return cleaned


async def _asked(model: LanguageModel, config: LlmConfig, prompt: str) -> ModelTest:
    began, first_token_ms = perf_counter(), 0
    parts: list[str] = []
    finished: ModelFinished | None = None
    request = ModelRequest((ChatTurn("user", prompt),), prompt)
    async with aclosing(model.stream(request)) as events:
        async for event in events:
            if isinstance(event, ModelFinished):
                finished = event
                break
            first_token_ms = first_token_ms if parts else _since(began)
            parts.append(event.text)
    total_ms, text = _since(began), "".join(parts)
    if not text.strip():
        raise _said_nothing(finished)
    return _counted(
        config, prompt, text, finished, first_token_ms=first_token_ms, total_ms=total_ms
    )


def _counted(
    config: LlmConfig,
    prompt: str,
    text: str,
    finished: ModelFinished | None,
    *,
    first_token_ms: int,
    total_ms: int,
) -> ModelTest:
    given = (finished.input_tokens, finished.output_tokens) if finished else (None, None)
    tokens_in = estimated_tokens(prompt) if given[0] is None else given[0]
    tokens_out = estimated_tokens(text) if given[1] is None else given[1]
    return ModelTest(
        text=text,
        first_token_ms=first_token_ms,
        total_ms=total_ms,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cost_micros=cost_micros(config, tokens_in, tokens_out),
        estimated=None in given,
    )


def _said_nothing(finished: ModelFinished | None) -> ModelTestFailedError:
    reason = finished.reason if finished else "other"
    message = {
        "length": "The model used up its tokens before it said anything. Give it more maxTokens.",
        "refusal": "The model refused to answer. Try another prompt.",
    }.get(reason, "The model answered and said nothing. Look at its name and its address.")
    return ModelTestFailedError("UPSTREAM_FAILED", message)


def _since(began: float) -> int:
    return round((perf_counter() - began) * 1000)
