"""Which origins may open a connection at all: those that an active client's active chatbot allows.

This is a coarse door in front of the exact check against the one chatbot of a token; answers are
remembered for a few seconds, since a page load asks several times.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.database.driver import operation_deadline
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from services.origins import ANY_ORIGIN, is_loopback, normalized_origin, origin_allowed

REMEMBERED_SECONDS = 5.0
MAX_REMEMBERED = 1_000
DATABASE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Place:
    """A page of an origin with a client's chatbot."""

    client_id: str
    chatbot_id: PydanticObjectId
    origin: str


_AllowedOrigins = Mapping[tuple[str, PydanticObjectId], list[str]]
"""By client and chatbot."""


class EmbeddingOrigins:
    """Knows the origins of pages with our widget."""

    def __init__(self, always: frozenset[str], *, development: bool) -> None:
        """`always` holds our own origin and those of dashboards."""
        self._always = always
        self._development = development
        self._remembered: dict[str, tuple[float, bool]] = {}

    async def known(self, origin: str) -> bool:
        """Whether a page of this origin may connect."""
        normalized = normalized_origin(origin)
        if normalized is None:
            return False
        if normalized in self._always or (self._development and is_loopback(normalized)):
            return True
        until, answer = self._remembered.get(normalized, (0.0, False))
        if until > monotonic():
            return answer
        answer = await self._allowed_somewhere(normalized)
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[normalized] = (monotonic() + REMEMBERED_SECONDS, answer)
        return answer

    async def known_to(self, chatbot_id: PydanticObjectId, client_id: str, origin: str) -> bool:
        """Whether a page of this origin may speak for visitors of this one chatbot."""
        return not await self.foreign({Place(client_id, chatbot_id, origin)})

    async def foreign(self, places: Collection[Place]) -> set[Place]:
        """Those of the pages that may not speak for visitors of their chatbots."""
        asked = {one for one in places if normalized_origin(one.origin) not in self._always}
        if not asked:
            return set()
        with operation_deadline(DATABASE_SECONDS):
            allowed = await _allowed_origins(asked)
        return {one for one in asked if not self._is_allowed(one, allowed)}

    def _is_allowed(self, place: Place, allowed: _AllowedOrigins) -> bool:
        origins = allowed.get((place.client_id, place.chatbot_id))
        if origins is None:
            return False
        return origin_allowed(place.origin, origins, development=self._development)

    def allowed_by(self, chatbot: Chatbot, origin: str) -> bool:
        """Whether a page of this origin may show a chatbot, were it switched on."""
        if normalized_origin(origin) in self._always:
            return True
        allowed = chatbot.published.allowed_origins
        return origin_allowed(origin, allowed, development=self._development)

    async def _allowed_somewhere(self, origin: str) -> bool:
        wanted = {"active": True, "published.allowed_origins": {"$in": [origin, ANY_ORIGIN]}}
        chatbots = TenantScope.every_client().of(Chatbot)
        with operation_deadline(DATABASE_SECONDS):
            found = await chatbots.raw.aggregate(
                [{"$match": chatbots.condition(wanted)}, *_WHOSE_CLIENT_IS_ACTIVE, {"$limit": 1}]
            )
            return bool(await found.to_list())


async def _allowed_origins(places: Collection[Place]) -> _AllowedOrigins:
    """What chatbots of active clients allow; what is missing or switched off is left out."""
    scope = TenantScope.many([one.client_id for one in places])
    clients, chatbots = scope.of(Client), scope.of(Chatbot)
    active = await clients.raw.find(clients.condition({"active": True}), {"client_id": 1}).to_list()
    wanted = {
        "_id": {"$in": list({one.chatbot_id for one in places})},
        "client_id": {"$in": [one["client_id"] for one in active]},
    }
    fields = {"client_id": 1, "published.allowed_origins": 1}
    found = await chatbots.raw.find(chatbots.condition(wanted), fields).to_list()
    return {(one["client_id"], one["_id"]): one["published"]["allowed_origins"] for one in found}


_WHOSE_CLIENT_IS_ACTIVE: Sequence[Mapping[str, Any]] = (
    {
        "$lookup": {
            "from": Client.Settings.name,
            "localField": "client_id",
            "foreignField": "client_id",
            "pipeline": [{"$match": {"active": True}}, {"$project": {"_id": 1}}],
            "as": "client",
        }
    },
    {"$match": {"client": {"$ne": []}}},
)
