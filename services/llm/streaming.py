"""A stream of pieces as a `LanguageModel`: deadlines, bounds, and hanging up.

Neither LangChain nor the wire has a deadline per stage, and LangChain leaves closing the
connection to garbage collection when a stream is abandoned; both are this module's work. It
imports no LangChain itself: that costs a second, which only those pay who ask a provider through
it.
"""

import asyncio
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path

import structlog

from services.llm.deadlines import Deadlines
from services.llm.errors import ModelError, ModelProtocolError
from services.llm.finish_reasons import finish_reason
from services.llm.model import ModelEvent, ModelFinished, ModelRequest, ModelSettings, TextChunk
from services.llm.pieces import OpenSource, Piece, counted
from services.llm.problems import problem_before_asking, problem_of_exception
from services.llm.provider_door import CLOSE_DEADLINE_S, Exchange

_log = structlog.get_logger()


class StreamedModel:
    """Streams answers of one configured provider."""

    def __init__(
        self, settings: ModelSettings, host: str, open_source: Callable[[], OpenSource]
    ) -> None:
        """`open_source` is called once, on a thread, when the model is first asked."""
        self._settings = settings
        self._host = host
        self._open_source = open_source
        self._source: OpenSource | None = None
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

    async def _opened(self) -> OpenSource:
        if self._source is None:
            async with self._opening:
                if self._source is None:
                    # Importing an SDK blocks for up to a second.
                    self._source = await asyncio.to_thread(self._open_source)
        return self._source


class _Answer:
    """One stream from question to end; used by one task at a time."""

    def __init__(self, settings: ModelSettings, host: str, source: OpenSource) -> None:
        self._settings = settings
        self._host = host
        self._source = source
        self._exchange = Exchange()
        self._deadlines = Deadlines(settings)
        self._ahead: Piece | None = None
        self._length = 0
        self._is_too_long = False
        self._reason: str | None = None
        self._input_tokens: int | None = None
        self._output_tokens: int | None = None
        self._pieces: AsyncGenerator[Piece, None] | None = None

    async def start(self, request: ModelRequest) -> None:
        """Ask, and wait for the first piece of whatever kind."""
        self._pieces = self._source.pieces(request)
        # Connection and tracer are chosen in the first step, in this task's context.
        with self._exchange.recording(), self._source.context():
            self._ahead = await self._next_piece(self._pieces)

    async def next_text(self) -> str | None:
        """The next non-empty piece of the answer; None at its end."""
        piece, self._ahead = self._ahead, None
        while self._pieces is not None:
            if self._is_too_long:
                raise ModelProtocolError(f"{self._host} answers without end")
            piece = piece or await self._next_piece(self._pieces)
            if piece is None:
                return None
            if text := self._take(piece):
                return text
            piece = None
        return None

    def finished(self) -> ModelFinished:
        """The last event.

        Raises:
            ModelProtocolError: the stream stopped without the provider saying why.
        """
        if self._reason is None and self._settings.provider != "langchain":
            raise ModelProtocolError(f"{self._host} ended its answer in the middle")
        return ModelFinished(
            finish_reason(self._reason),
            # LangChain says 0 where the provider said nothing; no prompt has no tokens.
            input_tokens=self._input_tokens or None,
            output_tokens=self._output_tokens,
        )

    async def hang_up(self) -> None:
        """Close the provider's connection, then the generators on top of it."""
        await self._exchange.close()
        if self._pieces is not None:
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await self._pieces.aclose()

    async def _next_piece(self, pieces: AsyncGenerator[Piece, None]) -> Piece | None:
        stage, ends_at = self._deadlines.next_one(
            has_begun=self._length > 0, has_finished=self._reason is not None
        )
        try:
            async with asyncio.timeout_at(ends_at) as timeout:
                return await anext(pieces, None)
        except Exception as error:  # noqa: BLE001 - SDKs raise anything; all become ModelErrors
            if self._reason is not None:
                return None  # the text is complete; only its bookkeeping is missing
            if isinstance(error, TimeoutError) and timeout.expired():
                raise self._deadlines.missed(stage, self._host) from None
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

    def _take(self, piece: Piece) -> str:
        self._reason = piece.reason or self._reason
        if piece.input_tokens is not None or piece.output_tokens is not None:
            self._input_tokens = counted(piece.input_tokens)
            self._output_tokens = counted(piece.output_tokens)
        room = self._settings.max_answer_characters - self._length
        self._is_too_long |= len(piece.text) > room
        text = piece.text[:room]
        self._length += len(text)
        return text


def _place_of(error: Exception) -> str:
    # Not the message: what an SDK says may repeat the prompt.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
