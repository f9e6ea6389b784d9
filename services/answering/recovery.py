"""Answers whose process died: another one notices the lapsed lease and takes them over.

An answer is begun anew once; if that is cut off too, it ends as interrupted. So no conversation is
left with a message that streams for ever.
"""

import asyncio

import structlog

from documents.conversations import Conversation
from documents.errors import is_unavailable
from documents.messages import AnswerStream, Message
from documents.tenancy import TenantScope
from services.answering.answer_writer import words_of
from services.answering.event_log import EventLog
from services.answering.failures import failure
from services.answering.generations import Generations
from services.answering.leases import Lease, LeaseLostError, end_all_leases, take_lapsed
from services.answering.limits import DEFAULT_LIMITS, Limits
from services.answering.telling import tell_end, tell_one_left
from services.cancelling import raise_if_cancelled

log = structlog.get_logger()


class Recovery:
    """Looks for lapsed leases for as long as the process lives."""

    def __init__(
        self,
        generations: Generations,
        event_log: EventLog,
        owner: str,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._generations = generations
        self._log = event_log
        self._owner = owner
        self._limits = limits

    async def run(self) -> None:
        """Take over lapsed answers until cancelled."""
        while True:
            try:
                while await self.take_over_one() or await tell_one_left(self._limits):
                    raise_if_cancelled()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("recovery_failed")
            raise_if_cancelled()
            await asyncio.sleep(self._limits.look_interval_s)

    async def end_all_leases(self) -> None:
        """Count every answer as left behind: for the only process on its database, at its start."""
        await end_all_leases()

    async def take_over_one(self) -> bool:
        """Take over one lapsed answer; whether there was one and room for it."""
        if self._generations.draining or self._generations.full:
            return False
        answer = await take_lapsed(
            self._owner,
            self._limits,
            # After a database outage our own leases have lapsed, and yet the answers live.
            but_not=self._generations.running_ids,
        )
        if answer is None or answer.stream is None:
            return False
        log.info("answer_taken_over", answer_id=str(answer.id), client_id=answer.client_id)
        await self._go_on(answer, answer.stream)
        return True

    async def _go_on(self, answer: Message, stream: AnswerStream) -> None:
        # What was reserved before we reserved more: others may have seen as much.
        last_seq = stream.seq_ceiling - self._limits.ceiling_block
        if answer.stop_requested_at is not None:
            await self._end(answer, last_seq, {"status": "stopped"})
        elif stream.generation > self._limits.generations:
            told = failure("interrupted", await _language_of(answer))
            await self._end(
                answer, last_seq, {"status": "failed", "stream.failure": told.model_dump()}
            )
        else:
            await self._generations.start(answer, last_seq=last_seq)

    async def _end(self, answer: Message, last_seq: int, fields: dict[str, object]) -> None:
        """End an answer without more text; its followers read the end from the database."""
        lease = Lease(answer, self._owner, self._limits)
        words = await words_of(answer, answer.content)
        try:
            # One more than anybody can have seen: the end itself was never given out.
            ended = await lease.end(last_seq + 1, {"words": words, **fields})
            await self._log.discard(answer.id)
            await tell_end(ended)
        except LeaseLostError:
            log.warning("answer_lease_lost", answer_id=str(answer.id))


async def _language_of(answer: Message) -> str | None:
    conversation = (
        await TenantScope.one(answer.client_id).of(Conversation).get(answer.conversation_id)
    )
    return conversation.language if conversation else None
