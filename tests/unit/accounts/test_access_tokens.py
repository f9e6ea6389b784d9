"""Access tokens: whom they name, until when, and what is none of them."""

import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from documents.ids import PydanticObjectId
from services.accounts.access_tokens import (
    ACCESS_TOKEN_LIFETIME,
    AccessTokens,
    TokenExpiredError,
    TokenInvalidError,
)
from services.sealing.keys import DerivedKeys

KEYS = DerivedKeys("a secret of forty characters, long enough")
USER, SESSION = PydanticObjectId(), PydanticObjectId()


def test_a_token_names_the_user_and_the_session_for_an_hour() -> None:
    token, expires_at = AccessTokens(KEYS).issue(USER, SESSION)
    claims = AccessTokens(KEYS).read(token)
    assert (claims.user_id, claims.session_id) == (USER, SESSION)
    assert claims.expires_at == expires_at.replace(microsecond=0)
    left = expires_at - datetime.now(UTC)
    assert ACCESS_TOKEN_LIFETIME - timedelta(seconds=5) < left <= ACCESS_TOKEN_LIFETIME


def test_its_hour_ends() -> None:
    token, _ = AccessTokens(KEYS, lifetime=timedelta(seconds=-1)).issue(USER, SESSION)
    with pytest.raises(TokenExpiredError):
        AccessTokens(KEYS).read(token)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "visitors"},
        {"aud": ["people", "visitors"], "iss": "x"},
        {"iss": "somebody"},
        {"sub": "nobody"},
        {"sub": None},
        {"sid": 5},
        {"sid": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 2**70},
    ],
)
def test_other_claims_make_no_token(changed: dict[str, object]) -> None:
    key = KEYS.key("access-tokens")
    token, _ = AccessTokens(KEYS).issue(USER, SESSION)
    claims = jwt.decode(token, key, algorithms=["HS256"], audience="people") | changed
    present = {name: value for name, value in claims.items() if value is not None}
    forged = jwt.api_jws.encode(json.dumps(present).encode(), key, algorithm="HS256")
    with pytest.raises(TokenInvalidError):
        AccessTokens(KEYS).read(forged)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "\x00", "🦜", "e30.e30.", "x" * 100_000])
def test_other_texts_are_no_token(token: str) -> None:
    with pytest.raises(TokenInvalidError):
        AccessTokens(KEYS).read(token)


def test_another_installations_token_is_none_of_ours() -> None:
    other = DerivedKeys("another secret of forty characters or so")
    token, _ = AccessTokens(other).issue(USER, SESSION)
    with pytest.raises(TokenInvalidError):
        AccessTokens(KEYS).read(token)
