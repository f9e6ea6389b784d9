"""Going on with a widget token that ends, by showing it from a page that may use the chatbot.

Whoever holds a token that ended more than a day ago starts a visit anew. A token that was
refreshed cannot be refreshed for ever: it ends with its 60 seconds for the visitor's other tabs.
"""

from documents.chatbots import Chatbot
from documents.erasure import visitor_is_there
from documents.tenancy import TenantScope
from documents.transactions import Transactions
from documents.widget_tokens import WidgetToken
from services.accounts.access_tokens import TokenInvalidError
from services.origins import normalized_origin
from services.visits.page_origins import OriginNotAllowedError, PageOrigins
from services.visits.widget_tokens import IssuedToken, WidgetTokens


class Refreshing:
    """Exchanges widget tokens."""

    def __init__(
        self, transactions: Transactions, tokens: WidgetTokens, page_origins: PageOrigins
    ) -> None:
        self._transactions = transactions
        self._tokens = tokens
        self._page_origins = page_origins

    async def refresh(self, token: str, origin: str | None) -> IssuedToken:
        """A new token for the same visitor, chatbot and origin.

        Raises:
            TokenInvalidError: forged, revoked, replaced, ended more than a day ago, or its visitor
                was erased.
            OriginNotAllowedError: the page may not use the chatbot, or is not the token's own.
        """
        record = await self._tokens.refreshable(token)
        chatbot = await TenantScope.one(record.client_id).of(Chatbot).get(record.chatbot_id)
        if chatbot is None:
            raise TokenInvalidError
        self._check_origin(origin, record, chatbot)
        issued = await self._transactions.run_transaction(
            lambda session: self._tokens.succeed(record, session)
        )
        if not await visitor_is_there(record.client_id, record.visitor_id):
            raise TokenInvalidError
        return issued

    def _check_origin(self, origin: str | None, record: WidgetToken, chatbot: Chatbot) -> None:
        """A token without an origin belongs to a program, which sends no Origin header.

        One of our own origin was given to the embed page, which goes on with it.
        """
        if origin is None and record.origin is None:
            return
        if origin is None or record.origin not in {None, normalized_origin(origin)}:
            raise OriginNotAllowedError(origin)
        is_embed_page = record.origin is not None and self._page_origins.is_own(origin)
        if not is_embed_page and not self._page_origins.on_list(origin, chatbot):
            raise OriginNotAllowedError(origin)
