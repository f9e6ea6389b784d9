"""The answers that this process is working on. They belong to the server, not to a socket.

A process that is about to end takes no more: what is asked then is stored and left to the next one.
"""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
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


class ProcessFullError(RuntimeError):
    """This process works on as many answers as it may."""


class Place:
    """Room for one more answer, kept from before its question is stored until it has begun."""

    def __init__(self, places: "Generations") -> None:
        self._places = places
        self._taken = False

    def take(self) -> None:
        """Keep a place.

        Raises:
            ProcessFullError: there is none.
        """
        if self._places.full:
            raise ProcessFullError
        if not self._taken:
            self._taken = True
            self._places.expected += 1

    def release(self) -> None:
        """Let go of it: the answer runs, or will not."""
        if self._taken:
            self._taken = False
            self._places.expected -= 1


class Generations:
    """Starts, stops and drains generations.

    Attributes:
        expected: answers that are about to begin.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        event_log: EventLog,
        owner: str,
        limits: Limits = DEFAULT_LIMITS,
        *,
        most: int,
    ) -> None:
        """`most` is how many answers this process works on at a time."""
        self.expected = 0
        self._pipeline = pipeline
        self._log = event_log
        self._owner = owner
        self._limits = limits
        self._most = most
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
    def full(self) -> bool:
        """Whether there is no room for one more."""
        return self.running + self.expected >= self._most

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place that a new question may take, free again after the block."""
        place = Place(self)
        try:
            yield place
        finally:
            place.release()

    @property
    def draining(self) -> bool:
        """Whether this process is about to end and takes no more answers."""
        return self._draining

    async def start(
        self, answer: Message, *, last_seq: int = 0, place: Place | None = None
    ) -> None:
        """Work on an answer whose lease this process holds.

        Starting an answer that is being worked on changes nothing.

        Args:
            answer: the one to work on.
            last_seq: > 0 means that others saw it: it starts anew.
            place: what was kept for it; it is used up.
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
        if place is not None:
            place.release()  # before anybody else runs: the answer counts once
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
