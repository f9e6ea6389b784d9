"""How visits begin, go on and end.

A visit ends half an hour after the visitor's last sign; asking after that silently opens the next
one. A chatbot has a bounded number of visits at once: a visit is stored first and counted then, and
whoever finds too many takes its own back, so that no race ends above the limit.
"""

import asyncio
import secrets
from datetime import timedelta

import structlog

from documents.base import utc_now
from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.visits import Visit
from documents.widget_tokens import WidgetToken
from services.cancelling import raise_if_cancelled
from services.visits.widget_tokens import WidgetClaims

LOOK_INTERVAL_SECONDS = 10.0
ATTEMPTS = 5
"""For the last free place, when several visits want it at once."""

LONGEST_PAUSE_MS = 50

log = structlog.get_logger()


class TooManyVisitsError(RuntimeError):
    """A chatbot has as many visitors at once as it may have.

    Attributes:
        limit: how many visits there may be.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"limit {limit}")
        self.limit = limit


class Stays:
    """The visits of this installation while they last."""

    def __init__(self, *, most_at_once: int, idle: timedelta) -> None:
        """`most_at_once` is per chatbot, `idle` how long a visit lasts without a sign."""
        self._most = most_at_once
        self._idle = idle

    async def begin(self, visit: Visit) -> None:
        """Store a new visit if its chatbot has a place for it.

        Raises:
            TooManyVisitsError: it has none.
        """
        visits = TenantScope.one(visit.client_id).of(Visit)
        active = {"chatbot_id": visit.chatbot_id, "ended_at": None}
        for _ in range(ATTEMPTS):
            await visits.insert(visit)
            if await visits.count(active, limit=self._most + 1) <= self._most:
                return
            await visits.delete_one({"_id": visit.id})
            await self._end_idle(TenantScope.one(visit.client_id))
            if await visits.count(active, limit=self._most) >= self._most:
                break
            await asyncio.sleep(secrets.randbelow(LONGEST_PAUSE_MS) / 1000)
        raise TooManyVisitsError(self._most)

    async def go_on(self, claims: WidgetClaims) -> PydanticObjectId:
        """The id of the visit of a token that gives a sign: the running one, else a new one.

        Raises:
            TooManyVisitsError: it ended, and the chatbot has no place for another.
        """
        visit_id = claims.visit_id
        while not await self._still_there(claims.client_id, visit_id):
            token = await TenantScope.one(claims.client_id).of(WidgetToken).get(claims.token_id)
            if token is not None and token.visit_id != visit_id:
                visit_id = token.visit_id  # another tab was here before
                continue
            visit = _next_visit(claims, token.origin if token else None)
            await self.begin(visit)
            if token is None or await _moved(token, visit):
                return visit.id
            await TenantScope.one(claims.client_id).of(Visit).delete_one({"_id": visit.id})
        return visit_id or PydanticObjectId()

    async def count_messages(
        self, client_id: str, visit_id: PydanticObjectId, messages: int
    ) -> None:
        """Note that a visit has so many messages more."""
        visits = TenantScope.one(client_id).of(Visit)
        await visits.update_one({"_id": visit_id}, {"$inc": {"message_count": messages}})

    async def end_idle(self) -> int:
        """End every visit without a sign for too long; how many there were.

        One update whose condition says it all: any number of processes may do it at once.
        """
        return await self._end_idle(TenantScope.every_client())

    async def run(self) -> None:
        """End idle visits until cancelled."""
        while True:
            try:
                await self.end_idle()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("ending_visits_failed")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_INTERVAL_SECONDS)

    async def _end_idle(self, scope: TenantScope) -> int:
        now = utc_now()
        lapsed = {"ended_at": None, "last_activity_at": {"$lte": now - self._idle}}
        return await scope.of(Visit).update_many(lapsed, {"$set": {"ended_at": now}})

    async def _still_there(self, client_id: str, visit_id: PydanticObjectId | None) -> bool:
        """Whether a visit lasts; if so, it has given a sign now."""
        if visit_id is None:
            return False
        now = utc_now()
        lasting = {"_id": visit_id, "ended_at": None, "last_activity_at": {"$gt": now - self._idle}}
        visits = TenantScope.one(client_id).of(Visit)
        return await visits.update_one(lasting, {"$set": {"last_activity_at": now}}) is not None


def _next_visit(claims: WidgetClaims, origin: str | None) -> Visit:
    now = utc_now()
    return Visit(
        client_id=claims.client_id,
        chatbot_id=claims.chatbot_id,
        visitor_id=claims.visitor_id,
        origin=origin or "",
        started_at=now,
        last_activity_at=now,
    )


async def _moved(token: WidgetToken, visit: Visit) -> bool:
    """Make a new visit the token's own, unless another call did so first."""
    tokens = TenantScope.one(token.client_id).of(WidgetToken)
    before = {"_id": token.id, "visit_id": token.visit_id}
    if await tokens.update_one(before, {"$set": {"visit_id": visit.id}}) is None:
        return False
    if token.visit_id is not None:  # its predecessor and successors are of the same stay
        same = {"visitor_id": token.visitor_id, "visit_id": token.visit_id}
        await tokens.update_many(same, {"$set": {"visit_id": visit.id}})
    return True
