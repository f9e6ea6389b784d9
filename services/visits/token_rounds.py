"""Whether the tokens of open widgets are still good: one round after another over all of them.

Ten thousand widgets that each asked for themselves cost most of a core. A round asks for hundreds
at once and reads nothing but ids, a slice at a time, so that answers pass in between.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic
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

ROUND_SECONDS = 2.0
"""Who joins just after a round has begun is looked at in the next, so within twice of this."""

TOKENS_AT_ONCE = 500

Loss = Literal["expired", "revoked", "foreign"]
"""Why a token is no longer good; foreign: its chatbot's client has taken the page off the list."""

_Found = Mapping[tuple[str, PydanticObjectId], Mapping[str, Any]]
"""Parts of stored tokens, by client and token."""

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

    def tell(self, loss: Loss) -> None:
        """End the wait, unless it has ended."""
        if not self.lost.done():
            self.lost.set_result(loss)


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
            began, slices = monotonic(), list(self._slices())
            for number, some in enumerate(slices, 1):
                raise_if_cancelled()
                await self._look(some)
                due = began + number * self._round_seconds / len(slices)
                await asyncio.sleep(max(0.0, due - monotonic()))
            if not slices:
                await asyncio.sleep(self._round_seconds)

    def _slices(self) -> Iterator[list[_Watched]]:
        all_of_them = iter(list(self._watched))
        while some := list(islice(all_of_them, TOKENS_AT_ONCE)):
            yield some

    async def _look(self, some: Sequence[_Watched]) -> None:
        try:
            with operation_deadline(DATABASE_SECONDS):
                found = await _found(some)
            _tell_lost_tokens(some, found)
            with operation_deadline(DATABASE_SECONDS):
                foreign = await self._origins.foreign({one.place for one in some if one.place})
            for one in some:
                if one.place in foreign:
                    one.tell("foreign")
            with operation_deadline(DATABASE_SECONDS):
                await _note_use(found)
        except Exception as error:
            if not is_unavailable(error):
                log.exception("tokens_not_looked_at")


async def _found(some: Sequence[_Watched]) -> _Found:
    """The tokens that were not revoked."""
    tokens = TenantScope.many([one.claims.client_id for one in some]).of(WidgetToken)
    wanted: dict[str, Any] = {
        "_id": {"$in": list({one.claims.token_id for one in some})},
        "revoked_at": None,
    }
    fields = {"client_id": 1, "expires_at": 1, "last_used_at": 1}
    found = await tokens.raw.find(tokens.condition(wanted), fields).to_list()
    return {(one["client_id"], one["_id"]): one for one in found}


def _tell_lost_tokens(some: Sequence[_Watched], found: _Found) -> None:
    now = utc_now()
    for one in some:
        token = found.get((one.claims.client_id, one.claims.token_id))
        if token is None:
            one.tell("revoked")
        elif token["expires_at"] <= now:  # a token that was refreshed ends before its time
            one.tell("expired")


async def _note_use(found: _Found) -> None:
    """Note about once a minute that tokens are in use."""
    now = utc_now()
    before = now - USE_NOTED_EVERY
    unnoted = [key for key, one in found.items() if (one.get("last_used_at") or before) <= before]
    if unnoted:
        tokens = TenantScope.many([client_id for client_id, _ in unnoted]).of(WidgetToken)
        unnoted_ones = tokens.condition({"_id": {"$in": [token_id for _, token_id in unnoted]}})
        await tokens.raw.update_many(unnoted_ones, {"$max": {"last_used_at": now}})
