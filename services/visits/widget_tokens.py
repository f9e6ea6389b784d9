"""Widget tokens: what a visitor's widget shows instead of a sign-in.

A JWT (HS256) that names visitor, chatbot and visit, valid for seven days; its SHA-256 is stored, so
that one token or all of a chatbot can be revoked and a revoked one is refused at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from documents.base import utc_now
from documents.database.driver import operation_deadline
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.widget_tokens import WidgetToken
from services.accounts.access_tokens import (
    ISSUER,
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
)
from services.sealing.keys import DerivedKeys
from services.sealing.tokens import fingerprint

WIDGET_TOKEN_LIFETIME = timedelta(days=7)
AUDIENCE = "visitors"
DATABASE_SECONDS = 4.0
"""For the one look that every request of a widget waits for."""


@dataclass(frozen=True, slots=True)
class WidgetClaims:
    """Who a genuine, live widget token speaks for."""

    client_id: str
    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    visit_id: PydanticObjectId
    token_id: PydanticObjectId
    expires_at: datetime


class WidgetTokens:
    """Makes widget tokens and tells whom they speak for."""

    def __init__(self, keys: DerivedKeys, lifetime: timedelta = WIDGET_TOKEN_LIFETIME) -> None:
        self._key = keys.key("widget-tokens")
        self._lifetime = lifetime

    async def issue(
        self,
        *,
        client_id: str,
        chatbot_id: PydanticObjectId,
        visitor_id: PydanticObjectId,
        visit_id: PydanticObjectId,
        origin: str | None,
    ) -> tuple[str, datetime]:
        """A new token and the moment it expires."""
        now = utc_now()
        expires_at = now + self._lifetime
        record = WidgetToken(
            client_id=client_id,
            chatbot_id=chatbot_id,
            visitor_id=visitor_id,
            visit_id=visit_id,
            token_hash="",
            origin=origin,
            expires_at=expires_at,
        )
        token = jwt.encode(
            {
                "iss": ISSUER,
                "aud": AUDIENCE,
                "jti": str(record.id),
                "cid": client_id,
                "iat": now,
                "exp": expires_at,
            },
            self._key,
            algorithm="HS256",
        )
        record.token_hash = fingerprint(token)
        await TenantScope.one(client_id).of(WidgetToken).insert(record)
        return token, expires_at

    async def identify(self, token: str) -> WidgetClaims:
        """Whom a token speaks for.

        Raises:
            TokenExpiredError: its seven days are over.
            TokenRevokedError: somebody revoked it, or its chatbot or client is gone.
            TokenInvalidError: it is not one of ours.
        """
        scoped = TenantScope.one(self._client_of(token)).of(WidgetToken)
        with operation_deadline(DATABASE_SECONDS):
            record = await scoped.find_one({"token_hash": fingerprint(token), "revoked_at": None})
        if record is None:
            raise TokenRevokedError
        return WidgetClaims(
            client_id=record.client_id,
            chatbot_id=record.chatbot_id,
            visitor_id=record.visitor_id,
            visit_id=record.visit_id,
            token_id=record.id,
            expires_at=record.expires_at,
        )

    def _client_of(self, token: str) -> str:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "jti", "cid"]},
            )
            return str(claims["cid"])
        except jwt.ExpiredSignatureError as error:
            raise TokenExpiredError from error
        except jwt.InvalidTokenError as error:
            raise TokenInvalidError from error
