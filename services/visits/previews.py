"""Previews: somebody who works on a chatbot sees its draft in a widget, as a visitor would.

A preview is nobody's visit. It works with a chatbot that is switched off, since that is when it is
needed most, for fifteen minutes, and leaves nothing behind that counts.
"""

from datetime import timedelta

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.database.driver import operation_deadline
from documents.previews import KEPT_AFTER_TOKEN
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from documents.visitors import Visitor
from services.accounts.access_tokens import (
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
)
from services.audit.audit_log import record
from services.visits.embedding_origins import EmbeddingOrigins
from services.visits.page_origins import OriginNotAllowedError, VisitRefusedError
from services.visits.starting import (
    DATABASE_SECONDS,
    ChatbotInactiveError,
    StartedVisit,
    VisitRequest,
)
from services.visits.visitors import anonymous_visitor
from services.visits.widget_tokens import IssuedToken, WidgetClaims, WidgetTokens

PREVIEW_LIFETIME = timedelta(minutes=15)


class PreviewEndedError(VisitRefusedError):
    """A preview token shows nothing, or nothing any more."""


class Previews:
    """Makes preview tokens, and tells widgets what they show."""

    def __init__(
        self, transactions: Transactions, tokens: WidgetTokens, origins: EmbeddingOrigins
    ) -> None:
        self._transactions = transactions
        self._tokens = tokens
        self._origins = origins

    async def create(self, chatbot: Chatbot) -> IssuedToken:
        """A token that sees the draft, for a new visitor who is nobody."""
        until = utc_now() + PREVIEW_LIFETIME + KEPT_AFTER_TOKEN

        async def store(session: WriteSession) -> IssuedToken:
            visitor = await anonymous_visitor(
                chatbot.client_id, None, preview_until=until, session=session
            )
            issued = await self._tokens.issue(
                client_id=chatbot.client_id,
                chatbot_id=chatbot.id,
                visitor_id=visitor.id,
                visit_id=None,
                origin=None,
                lifetime=PREVIEW_LIFETIME,
                preview=True,
                session=session,
            )
            await record(session, client_id=chatbot.client_id, after=issued.record)
            return issued

        return await self._transactions.run_transaction(store)

    async def open(self, token: str, request: VisitRequest) -> StartedVisit:
        """What the start of a visit would give, for a widget that shows a preview.

        Raises:
            PreviewEndedError: the token is not good any more, or none for a preview of the
                chatbot with this embed key.
            OriginNotAllowedError: the page is neither a dashboard nor allowed by the chatbot.
            ChatbotInactiveError: the client is switched off.
        """
        with operation_deadline(DATABASE_SECONDS):
            claims = await self._claims(token)
            scope = TenantScope.one(claims.client_id)
            chatbot = await scope.of(Chatbot).get(claims.chatbot_id)
            if chatbot is None or chatbot.embed_key != request.embed_key:
                raise PreviewEndedError
            client = await scope.of(Client).find_one({"active": True})
            if client is None:
                raise ChatbotInactiveError
            if not await self._may_show(claims, request.origin):
                raise OriginNotAllowedError(request.origin)
            await scope.of(Visitor).update_one(
                {"_id": claims.visitor_id}, {"$set": {"language": request.language}}
            )
        return StartedVisit(token, claims.expires_at, claims.visitor_id, chatbot, client, None)

    async def _may_show(self, claims: WidgetClaims, origin: str | None) -> bool:
        """Whether the page may; a program has none and needs no leave."""
        if origin is None:
            return True
        return await self._origins.known_to(claims.chatbot_id, claims.client_id, origin)

    async def _claims(self, token: str) -> WidgetClaims:
        try:
            claims = await self._tokens.identify(token)
        except (TokenExpiredError, TokenRevokedError, TokenInvalidError) as error:
            raise PreviewEndedError from error
        if claims.preview_until is None:
            raise PreviewEndedError
        return claims
