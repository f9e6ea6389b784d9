"""One answer in the making, from its first event to its end.

A generation ends in exactly one of: completed, stopped, failed, handed over to the process that
comes after this one, or lost to a process that took it over. In the last two its log is discarded,
so that its followers look elsewhere.
"""

import asyncio
from time import monotonic, perf_counter
from typing import Literal

import structlog

from documents.errors import DatabaseUnavailableError
from documents.messages import Failure, Message
from services.answering.answer_writer import AnswerWriter
from services.answering.event_log import EventLog
from services.answering.events import AnswerCompleted, AnswerFailed, AnswerRestarted, AnswerStarted
from services.answering.failures import failure_of
from services.answering.leases import Lease, LeaseLostError
from services.answering.limits import Limits
from services.answering.pipeline import Pipeline
from services.answering.turn_record import TurnRecord, stored_fields
from services.cancelling import cancel_and_wait, raise_if_cancelled
from services.llm.errors import ModelError, ModelTimeoutError
from services.usage.reservations import LimitReachedError

Interruption = Literal["stop", "hand_over", "lost", "too_long"]

log = structlog.get_logger()


class Generation:
    """Works on an answer whose lease this process holds."""

    def __init__(
        self,
        answer: Message,
        pipeline: Pipeline,
        event_log: EventLog,
        limits: Limits,
        *,
        owner: str,
        last_seq: int,
    ) -> None:
        """`last_seq` > 0 means that others may have seen that many events: it starts anew."""
        self.answer = answer
        self.log_opened = asyncio.Event()
        self._pipeline = pipeline
        self._log = event_log
        self._limits = limits
        self._restarted = last_seq > 0
        lease = Lease(answer, owner, limits)
        self._writer = AnswerWriter(
            answer, lease, event_log, limits, last_seq=last_seq, on_stop=self.stop
        )
        self._record = TurnRecord(began=perf_counter())
        self._turn: asyncio.Task[None] | None = None
        self._interrupted: asyncio.Future[Interruption] = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """End the turn and keep its text; the provider's connection closes at once."""
        self._interrupt("stop")

    def hand_over(self) -> None:
        """Leave the answer to the next process, unless the turn is over already."""
        self._interrupt("hand_over")

    async def run(self) -> None:
        """Work until the answer has ended, here or for this process."""
        structlog.contextvars.bind_contextvars(
            answer_id=str(self.answer.id), client_id=self.answer.client_id
        )
        storing = asyncio.create_task(self._writer.keep_storing())
        storing.add_done_callback(self._storing_ended)
        watching = asyncio.create_task(self._stop_when_nobody_follows())
        try:
            await self._work()
        except LeaseLostError:
            log.warning("answer_lease_lost")
        except (DatabaseUnavailableError, TimeoutError):
            log.warning("answer_left_to_lapse")
        except Exception:
            log.exception("generation_crashed")
        finally:
            self.log_opened.set()
            if not self._writer.end_published:
                await self._log.leave(self.answer.id)
            await cancel_and_wait(watching)
            await cancel_and_wait(storing)

    async def _stop_when_nobody_follows(self) -> None:
        """Stop the turn once nobody has followed it for as long as is set."""
        if self._limits.unfollowed_s is None:
            return
        followed_at = monotonic()
        while monotonic() - followed_at < self._limits.unfollowed_s:
            raise_if_cancelled()
            await asyncio.sleep(self._limits.followers_interval_s)
            if await self._log.followers(self.answer.id):
                followed_at = monotonic()
        log.info("answer_unfollowed")
        self.stop()

    async def _work(self) -> None:
        await self._log.open(self.answer.id)
        self.log_opened.set()
        await self._begin()
        self._turn = asyncio.create_task(self._pipeline.run(self._writer, self._record))
        self._turn.add_done_callback(_notice)
        self._end_turn_if_interrupted()
        try:
            interruption = await self._end_of(self._turn)
        finally:
            self._writer.close()
            self._turn.cancel()
        if interruption == "lost":
            raise LeaseLostError(self.answer.id)
        if interruption == "hand_over":
            await self._writer.hand_over()
        elif interruption == "stop":
            await self._complete("stopped")
        elif interruption == "too_long":
            await self._fail(ModelTimeoutError("the turn took too long", stage="total"))
        else:
            await self._end_as(self._turn)

    async def _begin(self) -> None:
        # Not part of the turn: also an answer that is stopped before its turn has a beginning.
        answer = self.answer
        if self._restarted:
            await self._writer.event(lambda seq: AnswerRestarted(seq, "worker_lost"))
        if (question_id := answer.question_id) is not None:
            await self._writer.event(
                lambda seq: AnswerStarted(seq, answer.conversation_id, question_id, answer.id)
            )

    async def _end_of(self, turn: asyncio.Task[None]) -> Interruption | None:
        """Wait for a turn; what ended it, or None if it came to its own end."""
        await asyncio.wait(
            (turn, self._interrupted),
            timeout=self._limits.turn_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not turn.done():
            self._interrupt("too_long")  # keeps what it was interrupted for before
        if not self._interrupted.done():
            return None
        # A provider that cannot be closed must not keep the answer open.
        await asyncio.wait((turn,), timeout=self._limits.closing_s)
        return None if _succeeded(turn) else self._interrupted.result()

    async def _end_as(self, turn: asyncio.Task[None]) -> None:
        if _succeeded(turn):
            await self._complete("complete")
            return
        error = None if turn.cancelled() else turn.exception()
        if isinstance(error, LeaseLostError):
            raise error
        await self._fail(error)

    async def _complete(self, status: Literal["complete", "stopped"]) -> None:
        answer_id = self.answer.id
        await self._writer.finish(
            {"status": status, **stored_fields(self._writer.text, self._record)},
            lambda seq: AnswerCompleted(seq, answer_id),
        )

    async def _fail(self, error: BaseException | None) -> None:
        _note_failure(error)
        failure = failure_of(error, self._record.language)
        await self._writer.finish(
            {
                "status": "failed",
                "stream.failure": failure.model_dump(),
                **stored_fields(self._writer.text, self._record),
            },
            lambda seq: failed(seq, failure),
        )

    def _interrupt(self, interruption: Interruption) -> None:
        """End the turn for the first reason that is given."""
        if not self._interrupted.done():
            self._interrupted.set_result(interruption)
        self._end_turn_if_interrupted()

    def _end_turn_if_interrupted(self) -> None:
        if self._turn is not None and self._interrupted.done():
            self._writer.close()
            self._turn.cancel()

    def _storing_ended(self, storing: asyncio.Task[None]) -> None:
        if not storing.cancelled() and storing.exception() is not None:
            self._interrupt("lost")


def failed(seq: int, failure: Failure) -> AnswerFailed:
    """The event of a stored failure."""
    code = failure.code
    return AnswerFailed(seq, code, failure.text, failure.retryable, failure.retry_at)  # type: ignore[arg-type]


def _note_failure(error: BaseException | None) -> None:
    if isinstance(error, ModelError):
        log.warning("model_failed", problem=error.problem)
    elif isinstance(error, LimitReachedError):
        log.info("answer_over_limit", limit=error.limit)
    else:
        log.error("turn_failed", exc_info=error)


def _succeeded(turn: asyncio.Task[None]) -> bool:
    return turn.done() and not turn.cancelled() and turn.exception() is None


def _notice(turn: asyncio.Task[None]) -> None:
    """Look at what a turn died of, or asyncio complains that nobody did."""
    if not turn.cancelled():
        turn.exception()
