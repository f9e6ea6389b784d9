"""Widget tokens made by people and by clients' servers, and the end of tokens before their time.

Such a token needs no embed key and no signed identity: whoever makes it vouches for the visitor.
"""

from dataclasses import dataclass
from datetime import timedelta

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.erasure import visitor_is_there
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.visitors import Visitor
from documents.widget_tokens import WidgetToken
from services.field_checks import FieldChecks
from services.origins import normalized_origin, origin_allowed
from services.visits.identities import MAX_USER_ID, is_user_id
from services.visits.visitors import anonymous_visitor, known_visitor
from services.visits.widget_tokens import WIDGET_TOKEN_LIFETIME, IssuedToken, WidgetTokens

SHORTEST_LIFETIME = timedelta(seconds=60)
MAX_LIVE_TOKENS = 100
"""Live tokens of one identified visitor: a page that makes one on each view must not pile them."""


class TooManyTokensError(RuntimeError):
    """The visitor has as many live tokens as there may be.

    Attributes:
        limit: how many may be.
    """

    def __init__(self) -> None:
        super().__init__(f"limit {MAX_LIVE_TOKENS}")
        self.limit = MAX_LIVE_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """For whom a token is wanted. Without `user_id` it is a new stranger's."""

    origin: str | None = None
    user_id: str | None = None
    user_email: str | None = None
    lifetime: timedelta | None = None


class HandingOut:
    """Makes and ends widget tokens of a chatbot."""

    def __init__(self, tokens: WidgetTokens, *, development: bool) -> None:
        self._tokens = tokens
        self._development = development

    async def create(self, chatbot: Chatbot, wanted: NewToken) -> IssuedToken:
        """A token; its visit begins when it is first used to ask.

        Raises:
            InvalidFieldsError: with everything that is wrong.
            TooManyTokensError: the identified visitor has 100 live tokens.
        """
        wanted = self._checked(chatbot, wanted)
        while True:
            visitor = await _visitor(chatbot, wanted)
            issued = await self._tokens.issue(
                client_id=chatbot.client_id,
                chatbot_id=chatbot.id,
                visitor_id=visitor.id,
                visit_id=None,
                origin=wanted.origin,
                lifetime=wanted.lifetime,
            )
            if await visitor_is_there(chatbot.client_id, visitor.id):
                return issued  # and not erased just now: then it is another visitor's

    def _checked(self, chatbot: Chatbot, wanted: NewToken) -> NewToken:
        checks = FieldChecks("input")
        origin, email = wanted.origin, wanted.user_email
        if origin is not None:
            allowed = chatbot.published.allowed_origins
            if not origin_allowed(origin, allowed, development=self._development):
                checks.wrong("origin", "is not one of the chatbot's published allowed origins")
            origin = normalized_origin(origin)
        if wanted.user_id is not None and not is_user_id(wanted.user_id):
            checks.wrong("userId", f"needs 1 to {MAX_USER_ID} printable characters")
        if email is not None:
            email = checks.email("userEmail", email)
            if wanted.user_id is None:
                checks.wrong("userEmail", "goes with a userId")
        if wanted.lifetime is not None:
            least, most = (
                one.total_seconds() for one in (SHORTEST_LIFETIME, WIDGET_TOKEN_LIFETIME)
            )
            seconds = wanted.lifetime.total_seconds()
            checks.number("expiresInSeconds", seconds, least=least, most=most)
        checks.done()
        return NewToken(
            origin=origin, user_id=wanted.user_id, user_email=email, lifetime=wanted.lifetime
        )


async def revoke(scope: TenantScope, token_id: PydanticObjectId) -> WidgetToken | None:
    """End a token; the token after that. None when it was revoked before, or is unknown."""
    return await scope.of(WidgetToken).update_one(
        {"_id": token_id, "revoked_at": None}, {"$set": {"revoked_at": utc_now()}}
    )


async def revoke_all(client_id: str, chatbot_id: PydanticObjectId) -> int:
    """End every token of a chatbot, also those that could still be refreshed; how many."""
    return await (
        TenantScope.one(client_id)
        .of(WidgetToken)
        .update_many(
            {"chatbot_id": chatbot_id, "revoked_at": None}, {"$set": {"revoked_at": utc_now()}}
        )
    )


async def _visitor(chatbot: Chatbot, wanted: NewToken) -> Visitor:
    if wanted.user_id is None:
        return await anonymous_visitor(chatbot.client_id, None)
    visitor = await known_visitor(chatbot.client_id, wanted.user_id, wanted.user_email)
    live = {"visitor_id": visitor.id, "revoked_at": None, "expires_at": {"$gt": utc_now()}}
    tokens = TenantScope.one(chatbot.client_id).of(WidgetToken)
    if await tokens.count(live, limit=MAX_LIVE_TOKENS) >= MAX_LIVE_TOKENS:
        raise TooManyTokensError
    return visitor
