"""The answers that this process is working on. They belong to the server, not to a socket.

A process that is about to end takes no more: what is asked then is stored and left to the next one.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from contextvars import Context

import structlog

from documents.errors import DatabaseUnavailableError
from documents.ids import PydanticObjectId
from documents.messages import Message
from services.answering.event_log import EventLog
from services.answering.generation import Generation
from services.answering.leases import Lease, LeaseLostError
from services.answering.limits import DEFAULT_LIMITS, Limits
from services.answering.pipeline import Pipeline

log = structlog.get_logger()


class Generations:
    """Starts, stops and drains generations."""

    def __init__(
        self,
        pipeline: Pipeline,
        event_log: EventLog,
        owner: str,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._pipeline = pipeline
        self._log = event_log
        self._owner = owner
        self._limits = limits
        self._running: dict[PydanticObjectId, tuple[Generation, asyncio.Task[None]]] = {}
        self._draining = False

    @property
    def running(self) -> int:
        """How many answers this process is working on."""
        return len(self._running)

    @property
    def running_ids(self) -> Collection[PydanticObjectId]:
        """Which ones."""
        return self._running.keys()

    @property
    def draining(self) -> bool:
        """Whether this process is about to end and takes no more answers."""
        return self._draining

    async def start(self, answer: Message, *, last_seq: int = 0) -> None:
        """Work on an answer whose lease this process holds; `last_seq` > 0 means it starts anew.

        Starting an answer that is being worked on changes nothing.
        """
        if answer.id in self._running:
            return
        if self._draining:
            await self._leave(answer, last_seq)
            return
        log.info("answer_begins", answer_id=str(answer.id), client_id=answer.client_id)
        generation = Generation(
            answer,
            self._pipeline,
            self._log,
            self._limits,
            owner=self._owner,
            last_seq=last_seq,
        )
        # A context of its own: the answer outlives the request that asked for it, with that
        # request's correlation id and database deadline.
        task = asyncio.create_task(generation.run(), name=f"answer {answer.id}", context=Context())
        self._running[answer.id] = generation, task
        task.add_done_callback(lambda _: self._running.pop(answer.id))
        await generation.log_opened.wait()

    def answer(self, answer_id: PydanticObjectId) -> Message | None:
        """The answer as it was when its generation began, if this process works on it."""
        generation, _ = self._running.get(answer_id, (None, None))
        return generation.answer if generation else None

    def stop(self, answer_id: PydanticObjectId) -> bool:
        """Stop an answer if this process works on it; whether it does."""
        generation, _ = self._running.get(answer_id, (None, None))
        if generation is not None:
            generation.stop()
        return generation is not None

    async def wait(self, answer_id: PydanticObjectId, seconds: float) -> None:
        """Until the answer has ended here or the time is over; at once if it is not here."""
        _, task = self._running.get(answer_id, (None, None))
        if task is not None:
            await asyncio.wait((task,), timeout=seconds)

    async def drain(self, seconds: float) -> None:
        """Take no more answers, give the running ones time to finish, hand the rest over."""
        self._draining = True
        await self._all_ended(seconds)
        for generation, _ in self._running.values():
            generation.hand_over()
        await self._all_ended(self._limits.closing_s + self._limits.hand_over_s)
        for _, task in self._running.values():
            task.cancel()
        await self._all_ended(self._limits.hand_over_s)

    async def _all_ended(self, seconds: float) -> None:
        tasks = [task for _, task in self._running.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def _leave(self, answer: Message, last_seq: int) -> None:
        """Leave an answer to the next process as if this one had never had it."""
        generation = answer.stream.generation - 1 if answer.stream else 0
        untouched = {"stream.seq_ceiling": last_seq, "stream.generation": generation}
        with suppress(LeaseLostError, DatabaseUnavailableError):
            await Lease(answer, self._owner, self._limits).let_go(untouched)
