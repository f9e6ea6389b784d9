"""Widget tokens made by people and by clients' servers, and the end of tokens before their time.

Such a token needs no embed key and no signed identity: whoever makes it vouches for the visitor.
"""

from dataclasses import dataclass
from datetime import timedelta

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.duplicates import DuplicateError
from documents.erasure import visitor_is_there
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from documents.visitors import Visitor
from documents.widget_tokens import WidgetToken
from services.audit.audit_log import record, record_about
from services.field_checks import FieldChecks
from services.origins import normalized_origin, origin_allowed
from services.refusals import LimitReachedError, UnknownTargetError
from services.visits.identities import MAX_USER_ID, is_user_id
from services.visits.visitors import anonymous_visitor, known_visitor
from services.visits.widget_tokens import WIDGET_TOKEN_LIFETIME, IssuedToken, WidgetTokens

SHORTEST_LIFETIME = timedelta(seconds=60)
ENDED_AT_ONCE = 1_000
"""Tokens that one transaction ends, with an entry of its own in the audit log."""

MAX_LIVE_TOKENS = 100
"""Live tokens of one identified visitor: a page that makes one on each view must not pile them."""


class TooManyTokensError(LimitReachedError):
    """The visitor has as many live tokens as there may be."""

    def __init__(self) -> None:
        message = f"A visitor may have {MAX_LIVE_TOKENS} live tokens. Revoke some first."
        super().__init__(MAX_LIVE_TOKENS, message, "input", "userId")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """For whom a token is wanted. Without `user_id` it is a new stranger's."""

    origin: str | None = None
    user_id: str | None = None
    user_email: str | None = None
    lifetime: timedelta | None = None


class HandingOut:
    """Makes and ends widget tokens of a chatbot."""

    def __init__(
        self, transactions: Transactions, tokens: WidgetTokens, *, development: bool
    ) -> None:
        self._transactions = transactions
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
            issued = await self._issued(chatbot, wanted)
            if await visitor_is_there(chatbot.client_id, issued.record.visitor_id):
                return issued  # and not erased just now: then it is another visitor's

    async def _issued(self, chatbot: Chatbot, wanted: NewToken) -> IssuedToken:
        async def store(session: WriteSession) -> IssuedToken:
            visitor = await _visitor(chatbot, wanted, session)
            issued = await self._tokens.issue(
                client_id=chatbot.client_id,
                chatbot_id=chatbot.id,
                visitor_id=visitor.id,
                visit_id=None,
                origin=wanted.origin,
                lifetime=wanted.lifetime,
                session=session,
            )
            await record(session, client_id=chatbot.client_id, after=issued.record)
            return issued

        try:
            return await self._transactions.run_transaction(store)
        except DuplicateError:  # another call made the same new visitor, and now finds it
            return await self._transactions.run_transaction(store)

    async def revoke(self, scope: TenantScope, token_id: PydanticObjectId) -> WidgetToken:
        """End a token; it stays as it is if it was revoked before.

        Raises:
            UnknownTargetError: the scope has no such token.
        """

        async def write(session: WriteSession) -> WidgetToken:
            tokens = scope.of(WidgetToken)
            before = await tokens.get(token_id, session=session)
            if before is None:
                raise UnknownTargetError("input", "id")
            ended = await tokens.update_one(
                {"_id": token_id, "revoked_at": None},
                {"$set": {"revoked_at": utc_now()}},
                session=session,
            )
            after = ended or before
            await record(session, client_id=after.client_id, before=before, after=after)
            return after

        return await self._transactions.run_transaction(write)

    async def revoke_all(self, chatbot: Chatbot) -> int:
        """End every token of a chatbot, also those that could still be refreshed; how many."""

        async def end_some(session: WriteSession) -> int:
            tokens = TenantScope.one(chatbot.client_id).of(WidgetToken)
            live = {"chatbot_id": chatbot.id, "revoked_at": None}
            found = await tokens.find(live, limit=ENDED_AT_ONCE, session=session)
            ended = await tokens.update_many(
                {"_id": {"$in": [one.id for one in found]}},
                {"$set": {"revoked_at": utc_now()}},
                session=session,
            )
            noted, client_id = {"revokedTokens": ended}, chatbot.client_id
            await record_about(session, Chatbot, chatbot.id, client_id=client_id, noted=noted)
            return ended

        total = 0
        while ended := await self._transactions.run_transaction(end_some):
            total += ended
            if ended < ENDED_AT_ONCE:
                break
        return total

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


async def _visitor(chatbot: Chatbot, wanted: NewToken, session: WriteSession) -> Visitor:
    if wanted.user_id is None:
        return await anonymous_visitor(chatbot.client_id, None, session=session)
    visitor = await known_visitor(
        chatbot.client_id, wanted.user_id, wanted.user_email, session=session
    )
    live = {"visitor_id": visitor.id, "revoked_at": None, "expires_at": {"$gt": utc_now()}}
    tokens = TenantScope.one(chatbot.client_id).of(WidgetToken)
    if await tokens.count(live, limit=MAX_LIVE_TOKENS, session=session) >= MAX_LIVE_TOKENS:
        raise TooManyTokensError
    return visitor
