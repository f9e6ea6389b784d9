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
    has_text = bool(answer.content.strip())
    month = await settle(
        answer.client_id,
        answer.id,
        questions=counts_to_quota(answer),
        # Nobody knows what the answer of a process cost that died: no more than was reserved.
        micros=None if answer.cost_micros is None and has_text else answer.cost_micros or 0,
    )
    if month is not None:
        await tell_thresholds(month)
