"""Who a visitor is, in the words of the client's own backend: a JWT signed with the client's key.

The algorithm is ours to say, never the token's, and only keys of the client whose chatbot is
visited are tried: nobody can speak for another client's visitors. What is wrong is told in a
sentence for the client's developers; what the token says is told only after its signature holds.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options

from documents.base import utc_now
from services.clients.signing_keys import LiveKey
from services.field_checks import FieldChecks
from services.refusals import InvalidFieldsError

MAX_TOKEN_CHARACTERS = 4_096
MAX_USER_ID = 200
CLOCK_LEEWAY = timedelta(seconds=60)
"""Clocks of two machines differ."""

ALGORITHM = "HS256"
OWN_AUDIENCE = "parlance"

LiveKeys = Callable[[str], Awaitable[Sequence[LiveKey]]]


class IdentityRejectedError(Exception):
    """An identity token proves nothing; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class VisitorIdentity:
    """Who a client says its visitor is; `key_id` names the key that says so."""

    user_id: str
    user_email: str | None
    key_id: str


class Identities:
    """Checks the identity tokens of all clients' visitors."""

    def __init__(self, live_keys: LiveKeys, *, audience: str, longest: timedelta) -> None:
        """`audience` is the installation's own address, `longest` how far off `exp` may lie."""
        self._live_keys = live_keys
        self._audiences = {audience, OWN_AUDIENCE}
        self._longest = longest

    async def verified(self, token: str, client_id: str) -> VisitorIdentity:
        """Who the token says its bearer is.

        Raises:
            IdentityRejectedError: it is not a token as this client's visitors need it.
        """
        kid = _key_id(token)
        keys = [one for one in await self._live_keys(client_id) if kid in {None, one.key_id}]
        claims, key_id = _signed_claims(token, keys)
        if claims.get("client_id") != client_id:
            raise IdentityRejectedError("`client_id` must be the slug of the chatbot's client.")
        self._check_times(claims)
        self._check_audience(claims)
        return VisitorIdentity(_user_id(claims), _user_email(claims), key_id)

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = utc_now()
        ends, issued = _moment(claims, "exp"), _moment(claims, "iat")
        if ends is None:
            raise IdentityRejectedError("`exp` is missing.")
        if ends <= now - CLOCK_LEEWAY:
            raise IdentityRejectedError("The token has expired; sign a new one for each page.")
        if ends > now + self._longest + CLOCK_LEEWAY:
            minutes = int(self._longest.total_seconds() // 60)
            raise IdentityRejectedError(f"`exp` may be at most {minutes} minutes away.")
        if issued is not None and issued > now + CLOCK_LEEWAY:
            raise IdentityRejectedError("`iat` lies in the future; is the clock right?")

    def _check_audience(self, claims: dict[str, Any]) -> None:
        given = claims.get("aud")
        if given is None:
            return
        named = given if isinstance(given, list) else [given]
        if not any(one in self._audiences for one in named if isinstance(one, str)):
            raise IdentityRejectedError(
                "`aud` must be the address of this installation or `parlance`; it may be left out."
            )


def _key_id(token: str) -> str | None:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise IdentityRejectedError(f"The token is longer than {MAX_TOKEN_CHARACTERS} characters.")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise IdentityRejectedError("The token is not a JWT.") from error
    if header.get("alg") != ALGORITHM:
        raise IdentityRejectedError(f"The token must be signed with {ALGORITHM}.")
    kid: str | None = header.get("kid")
    return kid


def _signed_claims(token: str, keys: Sequence[LiveKey]) -> tuple[dict[str, Any], str]:
    """The claims, and the id of the key that signed them."""
    for key in keys:
        try:
            claims = jwt.decode(token, key.secret, algorithms=[ALGORITHM], options=_OURS)
        except jwt.InvalidTokenError:
            continue
        return claims, key.key_id
    raise IdentityRejectedError(
        "None of the client's live signing keys has signed this token; check key and `kid`."
    )


_OURS: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
"""What is checked here instead, with a sentence for each."""


def _moment(claims: dict[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(value, UTC)
    raise IdentityRejectedError(f"`{name}` must be a time in seconds since 1970.")


def _user_id(claims: dict[str, Any]) -> str:
    value = claims.get("user_id")
    if not isinstance(value, str) or not is_user_id(value):
        raise IdentityRejectedError(
            f"`user_id` must be text of 1 to {MAX_USER_ID} characters without control characters."
        )
    return value


def is_user_id(value: str) -> bool:
    """Whether a text can name a client's visitor."""
    return 1 <= len(value) <= MAX_USER_ID and bool(value.strip()) and value.isprintable()


def _user_email(claims: dict[str, Any]) -> str | None:
    value = claims.get("user_email")
    if value is None:
        return None
    checks = FieldChecks()
    try:
        cleaned = checks.email("user_email", value if isinstance(value, str) else "")
        checks.done()
    except InvalidFieldsError as error:
        raise IdentityRejectedError("`user_email` is not an e-mail address.") from error
    return cleaned
