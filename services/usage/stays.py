"""How long visitors stay.

A visit that has ended becomes a row of usage, which is counted like the others and stays when the
visit itself is pruned or erased. Those that go on are read from the visits: of each chatbot there
is a bounded number at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from documents.base import utc_now
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.usage_events import UsageEvent
from documents.visits import Visit, visits_summed
from documents.widget_tokens import WidgetToken
from services.usage.adding_up import Figures
from services.usage.days import Whose
from services.usage.periods import Period

MOST_TOKENS = 1_000_000
"""As far as is counted."""

VISITS_AT_ONCE = 500
_ENDED = {"unsummed": True, "ended_at": {"$type": "date"}}
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class StayFigures:
    """Visits that began in a period.

    Attributes:
        seconds: all of them together, to the last sign.
    """

    visits: int
    seconds: float
    messages: int


async def stays_in(whose: Whose, period: Period, ended: Figures) -> StayFigures:
    """The visits that began in a period: those that have `ended`, and those that go on."""
    going = await visits_summed(whose.client_id, period.moments(whose.zone), whose.chatbot_id)
    numbers = ended.numbers
    return StayFigures(
        visits=numbers["visits"] + going.get("visits", 0),
        seconds=(numbers["visit_ms"] + going.get("ms", 0)) / 1000,
        messages=numbers["visit_messages"] + going.get("messages", 0),
    )


async def clients_with_ended_visits() -> Sequence[str]:
    """The slugs of clients with visits that are to be noted."""
    visits = TenantScope.every_client().of(Visit)
    return await visits.raw.distinct("client_id", visits.condition(_ENDED))


async def has_ended_visits(client_id: str) -> bool:
    """Whether a client has visits that are to be noted."""
    return await TenantScope.one(client_id).of(Visit).count(_ENDED, limit=1) > 0


async def note_ended_visits(client_id: str, session: WriteSession) -> None:
    """Make rows of some visits that have ended, each once."""
    scope = TenantScope.one(client_id)
    ended = await scope.of(Visit).find(_ENDED, limit=VISITS_AT_ONCE, session=session)
    taken = {"_id": {"$in": [one.id for one in ended]}}
    await scope.of(Visit).update_many(taken, {"$set": {"unsummed": False}}, session=session)
    await scope.of(UsageEvent).insert_many([_row_of(one) for one in ended], session=session)


def _row_of(visit: Visit) -> UsageEvent:
    return UsageEvent(
        client_id=visit.client_id,
        kind="visit",
        at=visit.started_at,
        chatbot_id=visit.chatbot_id,
        requests=0,
        success=True,
        visits=1,
        visit_ms=(visit.last_activity_at - visit.started_at) // _MS,
        visit_messages=visit.message_count,
        uncounted_since=utc_now(),
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
