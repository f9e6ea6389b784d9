"""Which origins may open a connection at all: those that an active client's active chatbot allows.

This is a coarse door in front of the exact check against the one chatbot of a token; answers are
remembered for a few seconds, since a page load asks several times.
"""

from collections.abc import Mapping, Sequence
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
        if normalized_origin(origin) in self._always:
            return True
        scope = TenantScope.one(client_id)
        with operation_deadline(DATABASE_SECONDS):
            chatbot = await scope.of(Chatbot).get(chatbot_id)
            client = await scope.of(Client).find_one({"active": True})
        return chatbot is not None and client is not None and self.allowed_by(chatbot, origin)

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
