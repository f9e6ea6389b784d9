"""From a bearer token to who shows it: a person, a server or a visitor."""

import jwt

from graphql_schema.errors import AuthorizationError
from graphql_schema.viewers import ApiKeyViewer, PersonViewer, Viewer, VisitorViewer
from services.accounts.access_tokens import (
    AUDIENCE,
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
)
from services.accounts.api_keys import SECRET_BEGINS, ApiKeys
from services.accounts.sign_in import SignIn
from services.visits.widget_tokens import AUDIENCE as VISITORS
from services.visits.widget_tokens import WidgetTokens


class Identifying:
    """Tells who shows a token."""

    def __init__(self, sign_in: SignIn, widget_tokens: WidgetTokens, api_keys: ApiKeys) -> None:
        self._sign_in = sign_in
        self._widget_tokens = widget_tokens
        self._api_keys = api_keys

    async def __call__(self, token: str) -> Viewer:
        """Who shows this token.

        Raises:
            AuthorizationError: TOKEN_EXPIRED, TOKEN_REVOKED, or UNAUTHENTICATED for a forged one.
        """
        try:
            return await self._identified(token)
        except TokenExpiredError as error:
            raise AuthorizationError("TOKEN_EXPIRED") from error
        except TokenRevokedError as error:
            raise AuthorizationError("TOKEN_REVOKED") from error
        except TokenInvalidError as error:
            raise AuthorizationError("UNAUTHENTICATED") from error

    async def _identified(self, token: str) -> Viewer:
        if token.startswith(SECRET_BEGINS):
            return ApiKeyViewer(await self._api_keys.identify(token))
        audience = _claimed_audience(token)
        if audience == AUDIENCE:
            identity = await self._sign_in.identify(token)
            return PersonViewer(identity.user, identity.session_id, identity.expires_at)
        if audience == VISITORS:
            return VisitorViewer(await self._widget_tokens.identify(token))
        raise TokenInvalidError


def _claimed_audience(token: str) -> str | None:
    """What kind of token it says to be; the reader of that kind checks it."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    audience = claims.get("aud")
    return audience if isinstance(audience, str) else None
