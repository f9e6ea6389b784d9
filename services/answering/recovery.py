"""Answers whose process died: another one notices the lapsed lease and takes them over.

An answer is begun anew once; if that is cut off too, it ends as interrupted. So no conversation is
left with a message that streams for ever.
"""

import asyncio

import structlog

from documents.base import utc_now
from documents.errors import is_unavailable
from documents.messages import Failure, Message
from documents.tenancy import TenantScope
from services.answering.answer_writer import CEILING_BLOCK, LEASE
from services.answering.generations import Generations
from services.answering.phrases import phrase

LOOK_INTERVAL_SECONDS = 1.0
MAX_GENERATIONS = 2
"""The first and one more."""

log = structlog.get_logger()


class Recovery:
    """Looks for lapsed leases for as long as the process lives."""

    def __init__(self, generations: Generations, owner: str) -> None:
        self._generations = generations
        self._owner = owner

    async def run(self) -> None:
        """Take over lapsed answers until cancelled."""
        while True:
            try:
                while await self.take_over_one():
                    pass
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("recovery_failed")
            await asyncio.sleep(LOOK_INTERVAL_SECONDS)

    async def end_all_leases(self) -> None:
        """Count every answer as left behind: for the only process on its database, at its start."""
        await (
            TenantScope.every_client()
            .of(Message)
            .update_many({"status": "streaming"}, {"$set": {"stream.lease_until": utc_now()}})
        )

    async def take_over_one(self) -> bool:
        """Take over one lapsed answer; whether there was one.

        The condition and the claim are one atomic update, so that of N processes one gets it.
        """
        now = utc_now()
        messages = TenantScope.every_client().of(Message)
        answer = await messages.update_one(
            {"status": "streaming", "stream.lease_until": {"$lt": now}},
            {
                "$set": {"stream.owner": self._owner, "stream.lease_until": now + LEASE},
                "$inc": {"stream.generation": 1, "stream.seq_ceiling": CEILING_BLOCK},
            },
        )
        if answer is None or answer.stream is None:
            return False
        log.info("answer_taken_over", answer_id=str(answer.id), client_id=answer.client_id)
        last_seq = answer.stream.seq_ceiling - CEILING_BLOCK
        if answer.stop_requested_at is not None:
            await self._end(answer, last_seq, {"status": "stopped"})
        elif answer.stream.generation > MAX_GENERATIONS:
            failure = Failure(code="interrupted", text=phrase("interrupted", None), retryable=True)
            await self._end(
                answer, last_seq, {"status": "failed", "stream.failure": failure.model_dump()}
            )
        else:
            await self._generations.start(answer, last_seq=last_seq)
        return True

    async def _end(self, answer: Message, last_seq: int, fields: dict[str, object]) -> None:
        """End an answer without more text; its followers read the end from the database."""
        await (
            TenantScope.one(answer.client_id)
            .of(Message)
            .update_one(
                {"_id": answer.id, "stream.owner": self._owner, "status": "streaming"},
                {
                    "$set": {
                        **fields,
                        "stream.owner": None,
                        "stream.lease_until": None,
                        # One more than anybody can have seen: the end itself was never given out.
                        "stream.last_seq": last_seq + 1,
                    }
                },
            )
        )
