"""Stopping an answer: at once in the process that works on it, elsewhere through the database."""

import asyncio
from time import monotonic

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.generations import Generations
from services.answering.limits import DEFAULT_LIMITS, Limits
from services.cancelling import raise_if_cancelled

LOOK_INTERVAL_SECONDS = 0.1


class Stopping:
    """Stops answers, as often as asked."""

    def __init__(self, generations: Generations, limits: Limits = DEFAULT_LIMITS) -> None:
        self._generations = generations
        self._limits = limits

    async def stop(
        self, scope: TenantScope, answer_id: PydanticObjectId, visitor_id: PydanticObjectId | None
    ) -> Message | None:
        """The answer as it is after the stop; None if it is unknown or somebody else's.

        A finished answer comes back as it is; one that does not end in time, as it is by then.
        `visitor_id` None means a person of the client.
        """
        is_here = self._stop_here(scope, answer_id, visitor_id)
        messages = scope.of(Message)
        own: dict[str, object] = {"_id": answer_id, "sender": "bot"}
        if visitor_id is not None:
            own["visitor_id"] = visitor_id
        await messages.update_one(
            {**own, "status": "streaming", "stop_requested_at": None},
            {"$set": {"stop_requested_at": utc_now()}},
        )
        if is_here:
            await self._generations.wait(answer_id, self._limits.stop_s)
        return await self._ended(scope, own)

    def _stop_here(
        self, scope: TenantScope, answer_id: PydanticObjectId, visitor_id: PydanticObjectId | None
    ) -> bool:
        """Hang up on the provider without a word with the database, which may be away."""
        answer = self._generations.answer(answer_id)
        if answer is None or not scope.admits(answer.client_id):
            return False
        return visitor_id in {None, answer.visitor_id} and self._generations.stop(answer_id)

    async def _ended(self, scope: TenantScope, own: dict[str, object]) -> Message | None:
        """The answer once it has ended, or as it is when the time is over."""
        give_up_at = monotonic() + self._limits.stop_s
        while True:
            answer = await scope.of(Message).find_one(own)
            if answer is None or answer.status != "streaming" or monotonic() > give_up_at:
                return answer
            raise_if_cancelled()
            await asyncio.sleep(LOOK_INTERVAL_SECONDS)
