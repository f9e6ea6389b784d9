"""Stopping an answer: at once in the process that works on it, elsewhere through the database."""

import asyncio

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.generations import Generations

PATIENCE_SECONDS = 5.0
LOOK_INTERVAL_SECONDS = 0.1


class Stopping:
    """Stops answers, as often as asked."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations

    async def stop(
        self, scope: TenantScope, answer_id: PydanticObjectId, visitor_id: PydanticObjectId | None
    ) -> Message | None:
        """The answer as it is after the stop; None if it is unknown or somebody else's.

        A finished answer comes back as it is. `visitor_id` None means a person of the client.
        """
        messages = scope.of(Message)
        own = {"_id": answer_id, "sender": "bot"}
        if visitor_id is not None:
            own["visitor_id"] = visitor_id
        await messages.update_one(
            {**own, "status": "streaming", "stop_requested_at": None},
            {"$set": {"stop_requested_at": utc_now()}},
        )
        answer = await messages.find_one(own)
        if answer is None or answer.status != "streaming":
            return answer
        if self._generations.stop(answer_id):
            await self._generations.wait(answer_id)
        return await self._ended(scope, own)

    async def _ended(self, scope: TenantScope, own: dict[str, object]) -> Message | None:
        """The answer once it has ended, or as it is after five seconds."""
        for _ in range(int(PATIENCE_SECONDS / LOOK_INTERVAL_SECONDS)):
            answer = await scope.of(Message).find_one(own)
            if answer is None or answer.status != "streaming":
                return answer
            await asyncio.sleep(LOOK_INTERVAL_SECONDS)
        return answer
