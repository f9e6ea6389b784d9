"""Giving back what is reserved for answers that nobody will end: those that were erased meanwhile.

An answer whose process died is none of them. Another process takes it over and ends it, and that
settles its reservation; this is for what no message is left of, and for an end that found the
database away after it was told.
"""

import asyncio
from datetime import timedelta

import structlog

from documents.database.driver import operation_deadline
from documents.errors import is_unavailable
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.usage_months import Held, UsageMonth, held_longer_than, months_holding, settle
from services.cancelling import raise_if_cancelled
from services.usage.settling import settle_end

LOOK_SECONDS = 60.0
GRACE = timedelta(minutes=2)
"""Younger reservations are left alone: their answers are on the way."""

OPERATION_SECONDS = 30.0

log = structlog.get_logger()


class Leftovers:
    """Looks for such reservations for as long as the process lives. Several processes may."""

    def __init__(self, grace: timedelta = GRACE) -> None:
        self._grace = grace

    async def run(self) -> None:
        """Look about once a minute until cancelled."""
        while True:
            try:
                with operation_deadline(OPERATION_SECONDS):
                    await self.look()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("leftovers_not_released")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Release what is left over now; how many reservations that were."""
        return sum([await self._released(month) for month in await months_holding()])

    async def _released(self, month: UsageMonth) -> int:
        held = held_longer_than(month, self._grace)
        messages = TenantScope.one(month.client_id).of(Message)
        wanted = {"_id": {"$in": list(held)}}
        answers = await messages.find(wanted, limit=len(held)) if held else []
        there = {answer.id: answer for answer in answers}
        released = 0
        for answer_id, one in held.items():
            answer = there.get(answer_id)
            if answer is None or _is_of_another(one, answer):
                await settle(month.client_id, answer_id, questions=0, micros=0)
            elif answer.status != "streaming":
                await settle_end(answer)
            else:
                continue
            released += 1
            log.info("reservation_released", answer_id=str(answer_id))
        return released


def _is_of_another(held: Held, answer: Message) -> bool:
    """Whether who reserved it is not who ended the answer, and so has settled nothing.

    A process that stood still may go on after another took its answer over and has ended it.
    """
    ended_by = answer.stream.generation if answer.stream else held.generation
    return answer.status != "streaming" and held.generation != ended_by
