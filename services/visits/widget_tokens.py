"""Widget tokens: what a visitor's widget shows instead of a sign-in.

A JWT (HS256) that names visitor, chatbot and visit, valid for seven days; its SHA-256 is stored, so
that one token or all of a chatbot can be revoked and a revoked one is refused at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from documents.base import utc_now
from documents.database.driver import operation_deadline
from documents.ids import PydanticObjectId
from documents.previews import KEPT_AFTER_TOKEN
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from documents.widget_tokens import WidgetToken
from services.accounts.access_tokens import (
    ISSUER,
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
)
from services.sealing.keys import DerivedKeys
from services.sealing.tokens import fingerprint
from services.visits.token_lookups import DATABASE_SECONDS, TokenLookups

WIDGET_TOKEN_LIFETIME = timedelta(days=7)
REFRESHABLE_AFTER_END = timedelta(hours=24)
"""A visitor who comes back within this time goes on without being asked anything."""

PREDECESSOR_LIFETIME = timedelta(seconds=60)
"""Other tabs still show the old token and need a moment to learn of the new one."""

USE_NOTED_EVERY = timedelta(minutes=1)
AUDIENCE = "visitors"


@dataclass(frozen=True, slots=True)
class WidgetClaims:
    """Who a genuine, live widget token speaks for."""

    client_id: str
    chatbot_id: PydanticObjectId
    visitor_id: PydanticObjectId
    visit_id: PydanticObjectId | None
    token_id: PydanticObjectId
    expires_at: datetime
    preview_until: datetime | None = None
    """Marks a token that sees the draft: how long what it leaves behind is kept."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token, given out this once, and what is kept of it."""

    text: str
    record: WidgetToken


class WidgetTokens:
    """Makes widget tokens and tells whom they speak for."""

    def __init__(self, keys: DerivedKeys, lifetime: timedelta = WIDGET_TOKEN_LIFETIME) -> None:
        self._key = keys.key("widget-tokens")
        self._lifetime = lifetime
        self._lookups = TokenLookups()

    async def issue(
        self,
        *,
        client_id: str,
        chatbot_id: PydanticObjectId,
        visitor_id: PydanticObjectId,
        visit_id: PydanticObjectId | None,
        origin: str | None,
        lifetime: timedelta | None = None,
        preview: bool = False,
        session: WriteSession | None = None,
    ) -> IssuedToken:
        """A new token, stored by its hash. One for a preview cannot be refreshed."""
        now = utc_now()
        expires_at = now + (lifetime or self._lifetime)
        record = WidgetToken(
            client_id=client_id,
            chatbot_id=chatbot_id,
            visitor_id=visitor_id,
            visit_id=visit_id,
            token_hash="",
            origin=origin,
            expires_at=expires_at,
            refreshable_until=now if preview else expires_at + REFRESHABLE_AFTER_END,
            preview=preview,
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
        await TenantScope.one(client_id).of(WidgetToken).insert(record, session=session)
        return IssuedToken(token, record)

    async def identify(self, token: str) -> WidgetClaims:
        """Whom a token speaks for.

        Raises:
            TokenExpiredError: its seven days are over.
            TokenRevokedError: somebody revoked it, or its chatbot or client is gone.
            TokenInvalidError: it is not one of ours.
        """
        record = await self._lookups.find(self._client_of(token), fingerprint(token))
        if record is None:
            raise TokenRevokedError
        if record.expires_at <= utc_now():
            raise TokenExpiredError
        with operation_deadline(DATABASE_SECONDS):
            await _note_use(record)
        return _claims(record)

    async def refreshable(self, token: str) -> WidgetToken:
        """The record of a token that is live, or ended less than a day ago.

        Raises:
            TokenInvalidError: it is not one of ours, was revoked, was refreshed a minute ago, or
                ended longer ago.
        """
        scoped = TenantScope.one(self._client_of(token, even_expired=True)).of(WidgetToken)
        wanted = {"token_hash": fingerprint(token), **_refreshable_now()}
        with operation_deadline(DATABASE_SECONDS):
            record = await scoped.find_one(wanted)
        if record is None:
            raise TokenInvalidError
        return record

    async def succeed(self, record: WidgetToken, session: WriteSession) -> IssuedToken:
        """A successor of a token, which itself ends within a minute.

        Both in one transaction: who revokes all tokens meets the change of the old one, and finds
        the new one if this came first.

        Raises:
            TokenInvalidError: the token was revoked or refreshed meanwhile.
        """
        soon = utc_now() + PREDECESSOR_LIFETIME
        tokens = TenantScope.one(record.client_id).of(WidgetToken)
        kept = await tokens.update_one(
            {"_id": record.id, **_refreshable_now()},
            {"$min": {"expires_at": soon, "refreshable_until": soon}},
            session=session,
        )
        if kept is None:
            raise TokenInvalidError
        return await self.issue(
            client_id=kept.client_id,
            chatbot_id=kept.chatbot_id,
            visitor_id=kept.visitor_id,
            visit_id=kept.visit_id,
            origin=kept.origin,
            session=session,
        )

    def _client_of(self, token: str, *, even_expired: bool = False) -> str:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "jti", "cid"], "verify_exp": not even_expired},
            )
            return str(claims["cid"])
        except jwt.ExpiredSignatureError as error:
            raise TokenExpiredError from error
        except jwt.InvalidTokenError as error:
            raise TokenInvalidError from error


def _claims(record: WidgetToken) -> WidgetClaims:
    return WidgetClaims(
        client_id=record.client_id,
        chatbot_id=record.chatbot_id,
        visitor_id=record.visitor_id,
        visit_id=record.visit_id,
        token_id=record.id,
        expires_at=record.expires_at,
        preview_until=record.expires_at + KEPT_AFTER_TOKEN if record.preview else None,
    )


def _refreshable_now() -> dict[str, Any]:
    now = utc_now()
    return {
        "revoked_at": None,
        "$or": [
            {"refreshable_until": {"$gt": now}},
            {"refreshable_until": None, "expires_at": {"$gt": now - REFRESHABLE_AFTER_END}},
        ],
    }


async def _note_use(record: WidgetToken) -> None:
    """Remember the use, at most once a minute however many sockets show the token."""
    now = utc_now()
    last = record.last_used_at
    if last is not None and last > now - USE_NOTED_EVERY:
        return
    await (
        TenantScope.one(record.client_id)
        .of(WidgetToken)
        .update_one({"_id": record.id, "last_used_at": last}, {"$set": {"last_used_at": now}})
    )
