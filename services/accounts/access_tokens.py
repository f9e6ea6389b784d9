"""Access tokens of people: short-lived JWTs (RFC 7519, HS256) bound to a session.

A token proves a session; whether that session still lives is asked of the database each time, so
that signing out works at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from documents.base import utc_now
from documents.ids import PydanticObjectId
from services.sealing.keys import DerivedKeys

ACCESS_TOKEN_LIFETIME = timedelta(minutes=60)
ISSUER = "parlance"
AUDIENCE = "people"


class TokenInvalidError(Exception):
    """A token is malformed, forged, or made for something else."""


class TokenReusedError(TokenInvalidError):
    """It was spent before: somebody else may have it. Its session is ended."""


class TokenExpiredError(TokenInvalidError):
    """A genuine token whose time is over."""


class TokenRevokedError(TokenInvalidError):
    """A genuine token that somebody ended before its time."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a genuine access token says."""

    user_id: PydanticObjectId
    session_id: PydanticObjectId
    expires_at: datetime


class AccessTokens:
    """Makes and reads access tokens."""

    def __init__(self, keys: DerivedKeys, lifetime: timedelta = ACCESS_TOKEN_LIFETIME) -> None:
        self._key = keys.key("access-tokens")
        self._lifetime = lifetime

    def issue(
        self, user_id: PydanticObjectId, session_id: PydanticObjectId
    ) -> tuple[str, datetime]:
        """A new token and the moment it expires."""
        now = utc_now()
        expires_at = now + self._lifetime
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": now,
            "exp": expires_at,
        }
        return jwt.encode(claims, self._key, algorithm="HS256"), expires_at

    def read(self, token: str) -> AccessClaims:
        """The claims of a genuine token.

        Raises:
            TokenExpiredError: its hour is over.
            TokenInvalidError: it is not one of ours.
        """
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": ["exp", "sub", "sid"]},
            )
            expires_at = datetime.fromtimestamp(claims["exp"], utc_now().tzinfo)
        except jwt.ExpiredSignatureError as error:
            raise TokenExpiredError from error
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
            raise TokenInvalidError from error
        user_id, session_id = claims["sub"], claims["sid"]
        if not (PydanticObjectId.is_valid(user_id) and PydanticObjectId.is_valid(session_id)):
            raise TokenInvalidError
        return AccessClaims(PydanticObjectId(user_id), PydanticObjectId(session_id), expires_at)
