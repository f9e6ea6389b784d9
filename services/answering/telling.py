"""Telling that an answer has ended: those who watch, the lists, the sums of usage, the outbox.

The end is one write and no transaction: one that a lost connection leaves open would keep the
answer from everybody else until the database gives it up, a minute later. So the write leaves a
note that the end is still to be told. Whoever wrote it tells next, and if that process dies in
between, another finds the note. An answer counts once, however often its end is told.
"""

from typing import Any

from documents.messages import Message
from documents.tenancy import TenantScope
from services.answering.limits import Limits
from services.conversations.facts import note_answer
from services.live.publishing import news_of_message, publish
from services.outbox.recording import Happening, happened_to_message, record
from services.usage.noting import UNANSWERED
from services.usage.settling import settle_end

TO_BE_TOLD: dict[str, Any] = {"$currentDate": {"end_untold_since": True}}
"""The part of an update that leaves the note, by the database's clock."""


async def tell_end(answer: Message) -> None:
    """Tell that an answer has ended, as it is stored then, and take the note away."""
    await settle_end(answer)
    await note_answer(answer)
    await record(_end_of(answer))
    if answer.status == "complete" and UNANSWERED in answer.tags:
        await record(happened_to_message("answer.unanswered", answer))
    await publish(answer.client_id, news_of_message("message_changed", answer))
    messages = TenantScope.one(answer.client_id).of(Message)
    await messages.update_one({"_id": answer.id}, {"$unset": {"end_untold_since": ""}})


async def tell_one_left(limits: Limits) -> bool:
    """Tell one end that nobody told; whether there was one. Telling twice does no harm."""
    messages = TenantScope.every_client().of(Message)
    milliseconds = round(limits.untold_s * 1000)
    left = {
        "end_untold_since": {"$type": "date"},
        "$expr": {"$lt": ["$end_untold_since", {"$subtract": ["$$NOW", milliseconds]}]},
    }
    answer = await messages.update_one(left, TO_BE_TOLD)
    if answer is not None:
        await tell_end(answer)
    return answer is not None


def _end_of(answer: Message) -> Happening:
    if answer.status != "failed":
        return happened_to_message("message.created", answer)
    failure = answer.stream.failure if answer.stream else None
    return happened_to_message("answer.failed", answer, {"code": failure.code if failure else ""})
