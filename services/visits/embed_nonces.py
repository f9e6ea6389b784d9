"""Nonces of the embed page: proof that a page of our own origin is the one of this chatbot.

Who frames that page is decided by the chatbot's list (`frame-ancestors`), so a visit that starts
from it is as good as one from a page on the list. Any other page on our origin has no nonce.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from documents.base import utc_now
from documents.ids import PydanticObjectId
from services.sealing.keys import DerivedKeys

NONCE_LIFETIME = timedelta(minutes=10)
"""From the load of the page to its first visit; a page that stays open longer asks for another."""

ISSUER = "parlance"
AUDIENCE = "embed-page"


class EmbedNonceError(Exception):
    """A nonce is not ours, too old, or of another chatbot."""


@dataclass(frozen=True, slots=True)
class EmbedNonce:
    """A nonce, and when it ends."""

    text: str
    expires_at: datetime


class EmbedNonces:
    """Makes and checks them; nothing is stored, and one may start several visits."""

    def __init__(self, keys: DerivedKeys, lifetime: timedelta = NONCE_LIFETIME) -> None:
        self._key = keys.key("embed-nonces")
        self._lifetime = lifetime

    def issue(self, chatbot_id: PydanticObjectId) -> EmbedNonce:
        """A new nonce for the page of a chatbot."""
        expires_at = utc_now() + self._lifetime
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(chatbot_id), "exp": expires_at}
        return EmbedNonce(jwt.encode(claims, self._key, algorithm="HS256"), expires_at)

    def check(self, nonce: str, chatbot_id: PydanticObjectId) -> None:
        """Pass if the nonce is good for this chatbot now.

        Raises:
            EmbedNonceError: it is not.
        """
        try:
            jwt.decode(
                nonce,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                subject=str(chatbot_id),
                options={"require": ["exp", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise EmbedNonceError from error
