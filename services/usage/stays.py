"""How long visitors stay: read from the visits themselves, of which there are few beside messages.

Visits that retention has taken are not told of.
"""

from dataclasses import dataclass
from typing import Any

from documents.base import utc_now
from documents.tenancy import TenantScope
from documents.visits import visits_summed
from documents.widget_tokens import WidgetToken
from services.usage.days import Whose
from services.usage.periods import Period

MOST_TOKENS = 1_000_000
"""As far as is counted."""


@dataclass(frozen=True, slots=True)
class StayFigures:
    """Visits that began in a period.

    Attributes:
        seconds: all of them together, to the last sign.
    """

    visits: int
    seconds: float
    messages: int


async def stays_in(whose: Whose, period: Period) -> StayFigures:
    """The visits that began in a period."""
    sums = await visits_summed(whose.client_id, period.moments(whose.zone), whose.chatbot_id)
    return StayFigures(
        visits=sums.get("visits", 0),
        seconds=sums.get("ms", 0) / 1000,
        messages=sums.get("messages", 0),
    )


async def active_tokens(whose: Whose) -> int:
    """How many widget tokens are good at this moment."""
    active: dict[str, Any] = {
        "revoked_at": None,
        "preview": {"$ne": True},
        "expires_at": {"$gt": utc_now()},
    }
    if whose.chatbot_id is not None:
        active["chatbot_id"] = whose.chatbot_id
    tokens = TenantScope.one(whose.client_id).of(WidgetToken)
    return await tokens.count(active, limit=MOST_TOKENS)
