"""The answers that this process is working on. They belong to the server, not to a socket.

A generation goes on when nobody listens. It ends in exactly one of: completed, stopped, failed, or
handed over to the process that comes after this one.
"""

import asyncio
from contextlib import suppress
from time import perf_counter

import structlog

from documents.errors import DatabaseUnavailableError
from documents.ids import PydanticObjectId
from documents.messages import Failure, Message
from services.answering.answer_writer import AnswerWriter, LeaseLostError
from services.answering.event_log import EventLog
from services.answering.events import AnswerCompleted, AnswerFailed, AnswerRestarted, FailureCode
from services.answering.phrases import phrase
from services.answering.pipeline import (
    AnswerImpossibleError,
    Pipeline,
    TurnRecord,
    stored_fields,
)
from services.llm.errors import ModelError

log = structlog.get_logger()


class _Generation:
    """One answer in the making."""

    __slots__ = ("stopped", "task", "turn", "writer")

    def __init__(self) -> None:
        self.writer: AnswerWriter
        self.task: asyncio.Task[None]
        self.turn: asyncio.Task[None] | None = None
        self.stopped = False

    def stop(self) -> None:
        """End the turn; the provider's connection closes with it."""
        self.stopped = True
        if self.turn is not None:
            self.turn.cancel()


class Generations:
    """Starts, stops and drains generations."""

    def __init__(self, pipeline: Pipeline, event_log: EventLog, owner: str) -> None:
        self._pipeline = pipeline
        self._log = event_log
        self._owner = owner
        self._running: dict[PydanticObjectId, _Generation] = {}

    @property
    def running(self) -> int:
        """How many answers this process is working on."""
        return len(self._running)

    async def start(self, answer: Message, *, last_seq: int = 0) -> None:
        """Work on an answer whose lease this process holds; `last_seq` > 0 means it starts anew."""
        if answer.id in self._running:
            return
        generation = _Generation()
        generation.writer = AnswerWriter(
            answer,
            owner=self._owner,
            event_log=self._log,
            last_seq=last_seq,
            on_stop=generation.stop,
        )
        self._running[answer.id] = generation
        await self._log.open(answer.id)
        generation.task = asyncio.create_task(
            self._run(generation, restarted=last_seq > 0), name=f"answer {answer.id}"
        )

    def stop(self, answer_id: PydanticObjectId) -> bool:
        """Stop an answer if this process works on it; whether it does."""
        generation = self._running.get(answer_id)
        if generation is None:
            return False
        generation.stop()
        return True

    async def wait(self, answer_id: PydanticObjectId) -> None:
        """Until the answer has ended here; at once if this process does not work on it."""
        generation = self._running.get(answer_id)
        if generation is not None:
            await asyncio.wait([generation.task])

    async def drain(self, seconds: float) -> None:
        """Give running answers time to finish, then hand the rest over."""
        tasks = [generation.task for generation in self._running.values()]
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=seconds)
        for generation in list(self._running.values()):
            generation.task.cancel()
        await asyncio.wait(tasks, timeout=5)

    async def _run(self, generation: _Generation, *, restarted: bool) -> None:
        writer = generation.writer
        storing = asyncio.create_task(writer.keep_storing())
        storing.add_done_callback(lambda _: generation.turn and generation.turn.cancel())
        try:
            await self._turn(generation, restarted=restarted)
        except asyncio.CancelledError:
            await self._handed_over(generation)
            raise
        except LeaseLostError:
            await self._log.discard(writer.answer.id)
            log.warning("answer_lease_lost", answer_id=str(writer.answer.id))
        except (DatabaseUnavailableError, TimeoutError):
            await self._log.discard(writer.answer.id)
            log.exception("answer_end_lost", answer_id=str(writer.answer.id))
        finally:
            storing.cancel()
            with suppress(asyncio.CancelledError, LeaseLostError):
                await storing
            self._running.pop(writer.answer.id, None)

    async def _turn(self, generation: _Generation, *, restarted: bool) -> None:
        writer, record = generation.writer, TurnRecord(began=perf_counter())
        if restarted:
            await writer.restart(lambda seq: AnswerRestarted(seq, "worker_lost"))
        generation.turn = asyncio.create_task(self._pipeline.run(writer, record))
        if generation.stopped:
            generation.turn.cancel()
        try:
            await asyncio.shield(generation.turn)
        except asyncio.CancelledError:
            await _ended(generation.turn)
            if not generation.stopped:
                raise
            await self._complete(writer, record, status="stopped")
        except ModelError as error:
            log.warning("model_failed", answer_id=str(writer.answer.id), problem=error.problem)
            await self._fail(writer, record, "provider_failed", retryable=True)
        except AnswerImpossibleError as error:
            log.warning("answer_impossible", answer_id=str(writer.answer.id), problem=str(error))
            await self._fail(writer, record, "not_found", retryable=False)
        except (LeaseLostError, DatabaseUnavailableError):
            raise
        except Exception:
            log.exception("turn_crashed", answer_id=str(writer.answer.id))
            await self._fail(writer, record, "provider_failed", retryable=True)
        else:
            await self._complete(writer, record, status="complete")

    async def _complete(self, writer: AnswerWriter, record: TurnRecord, *, status: str) -> None:
        answer_id = writer.answer.id
        await writer.finish(
            {"status": status, **stored_fields(writer, record)},
            lambda seq: AnswerCompleted(seq, answer_id),
        )

    async def _fail(
        self, writer: AnswerWriter, record: TurnRecord, code: FailureCode, *, retryable: bool
    ) -> None:
        text = phrase("provider_failed", record.language)
        failure = Failure(code=code, text=text, retryable=retryable)
        await writer.finish(
            {
                "status": "failed",
                "stream.failure": failure.model_dump(),
                **stored_fields(writer, record),
            },
            lambda seq: AnswerFailed(seq, code, text, retryable),
        )

    async def _handed_over(self, generation: _Generation) -> None:
        """Leave the answer to the next process; followers here are told to come back."""
        with suppress(LeaseLostError, DatabaseUnavailableError):
            await generation.writer.hand_over()
        await self._log.discard(generation.writer.answer.id)


async def _ended(turn: asyncio.Task[None]) -> None:
    """Cancel a turn and wait until its provider connection is closed."""
    turn.cancel()
    await asyncio.wait([turn])
    if not turn.cancelled() and turn.exception() is not None:
        log.info("stopped_turn_failed", problem=type(turn.exception()).__name__)
