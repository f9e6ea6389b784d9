"""A LangChain chat model as a `LanguageModel`: deadlines, bounds, and hanging up.

LangChain has no deadline per stage and leaves closing the connection to garbage collection when
a stream is abandoned; both are this module's work. It imports no LangChain itself: that costs a
second, which only those pay who ask a provider something.
"""

import asyncio
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import structlog

from services.llm.errors import ModelError, ModelProtocolError, ModelStage, ModelTimeoutError
from services.llm.model import (
    FinishReason,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelSettings,
    TextChunk,
)
from services.llm.problems import problem_before_asking, problem_of_exception
from services.llm.provider_door import CLOSE_DEADLINE_S, Exchange

_log = structlog.get_logger()

AFTER_FINISH_S = 2.0
"""How long to wait for the token counts once the model has said that it is done."""

_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "eos": "stop",
    "length": "length", "max_tokens": "length", "model_context_window_exceeded": "length",
    "content_filter": "refusal", "refusal": "refusal", "safety": "refusal",
}  # fmt: skip


class ChatModel(Protocol):
    """The one method of LangChain's BaseChatModel that we use."""

    def astream(self, turns: Sequence[tuple[str, str]], /) -> AsyncIterator[Any]:
        """Stream message chunks."""
        ...


@dataclass(frozen=True, slots=True)
class OpenChat:
    """A chat model that is ready to be asked.

    Attributes:
        model: LangChain's.
        untraced: gives the context in which to start a stream.
    """

    model: ChatModel
    untraced: Callable[[], AbstractContextManager[None]]


class StreamedModel:
    """Streams answers of one configured provider."""

    def __init__(
        self, settings: ModelSettings, host: str, open_chat: Callable[[], OpenChat]
    ) -> None:
        self._settings = settings
        self._host = host
        self._open_chat = open_chat
        self._chat: OpenChat | None = None
        self._opening = asyncio.Lock()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """See `services.llm.model.LanguageModel`.

        Yields:
            Text as the provider delivers it, then one `ModelFinished`.
        """
        answer = _Answer(self._settings, self._host, await self._opened())
        try:
            await answer.start(request)
            while (text := await answer.next_text()) is not None:
                yield TextChunk(text)
            yield answer.finished()
        finally:
            await answer.hang_up()

    async def _opened(self) -> OpenChat:
        if self._chat is None:
            async with self._opening:
                if self._chat is None:
                    # Importing an SDK blocks for up to a second.
                    self._chat = await asyncio.to_thread(self._open_chat)
        return self._chat


class _Answer:
    """One stream from question to end; used by one task at a time."""

    def __init__(self, settings: ModelSettings, host: str, chat: OpenChat) -> None:
        self._settings = settings
        self._host = host
        self._chat = chat
        self._exchange = Exchange()
        self._loop = asyncio.get_running_loop()
        self._asked_at = self._loop.time()
        self._ahead: Any = None
        self._length = 0
        self._reason: str | None = None
        self._usage: Mapping[str, int] = {}
        self._chunks: AsyncIterator[Any]

    async def start(self, request: ModelRequest) -> None:
        """Ask, and wait for the first chunk of whatever kind."""
        turns = [(turn.role, turn.text) for turn in request.turns]
        self._chunks = aiter(self._chat.model.astream(turns))
        # Connection and tracer are chosen in the first step, in this task's context.
        with self._exchange.recording(), self._chat.untraced():
            self._ahead = await self._next_chunk()

    async def next_text(self) -> str | None:
        """The next non-empty piece of the answer; None at its end."""
        chunk, self._ahead = self._ahead, None
        while chunk is not None or (chunk := await self._next_chunk()) is not None:
            if text := self._take(chunk):
                return text
            chunk = None
        return None

    def finished(self) -> ModelFinished:
        """The last event.

        Raises:
            ModelProtocolError: the stream stopped without the provider saying why.
        """
        if self._reason is None and self._settings.provider != "langchain":
            raise ModelProtocolError(f"{self._host} ended its answer in the middle")
        return ModelFinished(
            _REASONS.get((self._reason or "other").lower(), "other"),
            # LangChain says 0 where the provider said nothing; no prompt has no tokens.
            input_tokens=self._usage.get("input_tokens") or None,
            output_tokens=self._usage.get("output_tokens"),
        )

    async def hang_up(self) -> None:
        """Close the provider's connection, then the generators on top of it."""
        await self._exchange.close()
        close = getattr(getattr(self, "_chunks", None), "aclose", None)
        if close is not None:
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await close()

    async def _next_chunk(self) -> Any:
        stage, ends_at = self._deadline()
        try:
            async with asyncio.timeout_at(ends_at) as timeout:
                return await anext(self._chunks, None)
        except Exception as error:  # noqa: BLE001 - SDKs raise anything; all become ModelErrors
            if self._reason is not None:
                return None  # the text is complete; only its bookkeeping is missing
            if isinstance(error, TimeoutError) and timeout.expired():
                raise self._too_late(stage) from None
            raise self._problem(error) from None

    def _problem(self, error: Exception) -> ModelError:
        problem = problem_of_exception(error, host=self._host, key=self._settings.api_key)
        if isinstance(problem, ModelProtocolError):
            _log.warning("model_answer_unreadable", host=self._host, error=_place_of(error))
            if self._never_asked():
                return problem_before_asking(error, host=self._host, key=self._settings.api_key)
        return problem

    def _never_asked(self) -> bool:
        return self._settings.provider != "langchain" and not self._exchange.asked

    def _deadline(self) -> tuple[ModelStage, float]:
        now = self._loop.time()
        settings = self._settings
        total = self._asked_at + settings.total_timeout_ms / 1000
        if self._reason is not None:
            return "total", min(total, now + AFTER_FINISH_S)
        stage: ModelStage = "between_tokens" if self._length else "first_token"
        staged = (
            now + settings.between_tokens_timeout_ms / 1000
            if self._length
            else self._asked_at + settings.first_token_timeout_ms / 1000
        )
        return ("total", total) if total <= staged else (stage, staged)

    def _too_late(self, stage: ModelStage) -> ModelTimeoutError:
        waited_s = self._loop.time() - self._asked_at
        problem = f"{self._host}: {stage.replace('_', ' ')} deadline passed after {waited_s:.1f} s"
        return ModelTimeoutError(problem, stage=stage)

    def _take(self, chunk: Any) -> str:
        facts = chunk.response_metadata
        if facts:
            self._reason = _reason_in(facts) or self._reason
        if chunk.usage_metadata:
            self._usage = chunk.usage_metadata
        text = str(chunk.text)
        self._length += len(text)
        if self._length > self._settings.max_answer_characters:
            raise ModelProtocolError(f"{self._host} answers without end")
        return text


def _place_of(error: Exception) -> str:
    # Not the message: what an SDK says may repeat the prompt.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def _reason_in(facts: Mapping[str, Any]) -> str | None:
    for name in ("finish_reason", "stop_reason", "done_reason"):
        if reason := facts.get(name):
            return str(reason)
    return "stop" if facts.get("done") is True else None
