"""The end of an answer, as far as usage is concerned. Whoever settles twice changes nothing."""

from documents.messages import Message
from documents.usage_months import settle
from services.usage.noting import counts_to_quota, note_end
from services.usage.thresholds import tell_thresholds


async def settle_end(answer: Message) -> None:
    """Count an answer that has ended, and turn what was reserved for it into what it took."""
    if answer.status == "streaming":
        return
    await note_end(answer)
    month = await settle(
        answer.client_id,
        answer.id,
        questions=counts_to_quota(answer),
        micros=answer.cost_micros or 0,
    )
    if month is not None:
        await tell_thresholds(month)
