"""Whether the tokens of open widgets are still good: one round after another over all of them.

Ten thousand widgets that each asked for themselves cost most of a core. A round asks for hundreds
at once and reads nothing but ids, a slice at a time, so that answers pass in between.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

import structlog

from documents.base import utc_now
from documents.database.driver import operation_deadline
from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.widget_tokens import WidgetToken
from services.cancelling import raise_if_cancelled
from services.visits.embedding_origins import EmbeddingOrigins, Place
from services.visits.token_lookups import DATABASE_SECONDS
from services.visits.widget_tokens import USE_NOTED_EVERY, WidgetClaims

ROUND_SECONDS = 2.5
"""Who joins just after a round has begun is looked at in the next, so within twice of this."""

TOKENS_AT_ONCE = 500

Loss = Literal["expired", "revoked", "foreign"]
"""Why a token is no longer good; foreign: its chatbot's client has taken the page off the list."""

log = structlog.get_logger()


@dataclass(eq=False, frozen=True, slots=True)
class _Watched:
    """A connection and the token that it lives by."""

    claims: WidgetClaims
    origin: str | None
    lost: asyncio.Future[Loss]

    @property
    def place(self) -> Place | None:
        """The page that shows the token, and whose chatbot it uses."""
        if self.origin is None:
            return None
        return Place(self.claims.client_id, self.claims.chatbot_id, self.origin)


class TokenRounds:
    """Watches the tokens of connections that stay."""

    def __init__(self, origins: EmbeddingOrigins, round_seconds: float = ROUND_SECONDS) -> None:
        self._origins = origins
        self._round_seconds = round_seconds
        self._watched: dict[_Watched, None] = {}

    async def loss(self, claims: WidgetClaims, origin: str | None) -> Loss:
        """Wait until a token that was good a moment ago is no longer; why.

        `origin` is that of the page that shows it; None for what is no page.
        """
        lost: asyncio.Future[Loss] = asyncio.get_running_loop().create_future()
        watched = _Watched(claims, origin, lost)
        self._watched[watched] = None
        try:
            async with asyncio.timeout((claims.expires_at - utc_now()).total_seconds()):
                return await lost
        except TimeoutError:
            return "expired"
        finally:
            del self._watched[watched]

    async def run(self) -> None:
        """Go round until cancelled. A database that is away says nothing about a token."""
        while True:
            slices = list(self._slices())
            for some in slices:
                raise_if_cancelled()
                await self._look(some)
                await asyncio.sleep(self._round_seconds / len(slices))
            if not slices:
                await asyncio.sleep(self._round_seconds)

    def _slices(self) -> Iterator[list[_Watched]]:
        all_of_them = iter(list(self._watched))
        while some := list(islice(all_of_them, TOKENS_AT_ONCE)):
            yield some

    async def _look(self, some: Sequence[_Watched]) -> None:
        try:
            with operation_deadline(DATABASE_SECONDS):
                live = await _live(some)
                foreign = await self._origins.foreign({one.place for one in some if one.place})
        except Exception as error:
            if not is_unavailable(error):
                log.exception("tokens_not_looked_at")
            return
        for one in some:
            if one.lost.done():
                continue
            if one.claims.token_id not in live:
                one.lost.set_result("revoked")
            elif one.place in foreign:
                one.lost.set_result("foreign")


async def _live(some: Sequence[_Watched]) -> set[PydanticObjectId]:
    """Which tokens were not revoked; that they are in use is noted about once a minute."""
    tokens = TenantScope.many([one.claims.client_id for one in some]).of(WidgetToken)
    wanted: dict[str, Any] = {
        "_id": {"$in": list({one.claims.token_id for one in some})},
        "revoked_at": None,
    }
    found = await tokens.raw.find(tokens.condition(wanted), {"last_used_at": 1}).to_list()
    now = utc_now()
    unnoted = [one["_id"] for one in found if _is_old(one.get("last_used_at"), now)]
    if unnoted:
        used = {"$max": {"last_used_at": now}}
        await tokens.raw.update_many(tokens.condition({"_id": {"$in": unnoted}}), used)
    return {one["_id"] for one in found}


def _is_old(noted: datetime | None, now: datetime) -> bool:
    return noted is None or noted <= now - USE_NOTED_EVERY
