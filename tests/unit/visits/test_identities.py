"""Which identity tokens are believed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.base import utc_now
from services.clients.signing_keys import LiveKey
from services.visits.identities import Identities, IdentityRejectedError

CLIENT = "harbour-bakery"
KEY = LiveKey("key_1", "a secret of the client, long enough for HS256")
SECOND = LiveKey("key_2", "the client's other live secret, long enough too")
FOREIGN = LiveKey("key_1", "a secret of another client, long enough for it")
ADDRESS = "https://chat.example.com"


async def live_keys(client_id: str) -> Sequence[LiveKey]:
    return {CLIENT: [SECOND, KEY]}.get(client_id, [])


IDENTITIES = Identities(live_keys, audience=ADDRESS, longest=timedelta(hours=1))


def claims(**changed: Any) -> dict[str, Any]:
    good = {
        "client_id": CLIENT,
        "user_id": "user-17",
        "exp": int((utc_now() + timedelta(minutes=30)).timestamp()),
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(
    key: LiveKey = KEY, kid: str | None = None, algorithm: str = "HS256", **changed: Any
) -> str:
    headers = {"kid": kid} if kid else None
    return jwt.encode(claims(**changed), key.secret, algorithm=algorithm, headers=headers)


def in_minutes(minutes: float) -> int:
    return int((utc_now() + timedelta(minutes=minutes)).timestamp())


async def rejection(token: str, client_id: str = CLIENT) -> str:
    with pytest.raises(IdentityRejectedError) as rejected:
        await IDENTITIES.verified(token, client_id)
    return str(rejected.value)


@pytest.mark.parametrize("kid", [None, "key_1"])
async def test_client_vouches_for_its_visitor(kid: str | None) -> None:
    token = signed(kid=kid, user_email="Anna@Example.com", iat=in_minutes(0))
    who = await IDENTITIES.verified(token, CLIENT)
    assert (who.user_id, who.user_email, who.key_id) == ("user-17", "anna@example.com", "key_1")


async def test_both_live_keys_are_good_with_and_without_kid() -> None:
    for token in (signed(SECOND), signed(SECOND, "key_2")):
        assert (await IDENTITIES.verified(token, CLIENT)).key_id == "key_2"


async def test_kid_of_another_key_is_not_looked_past() -> None:
    assert "live signing keys" in await rejection(signed(SECOND, "key_1"))
    assert "live signing keys" in await rejection(signed(KEY, "key_9"))


async def test_other_clients_key_signs_nothing_here() -> None:
    for token in (signed(FOREIGN), signed(FOREIGN, "key_1")):
        assert "live signing keys" in await rejection(token)
    assert "live signing keys" in await rejection(signed(client_id="nobody"), "nobody")


async def test_own_key_vouches_for_no_other_client() -> None:
    assert "client_id" in await rejection(signed(client_id="another-client"))
    assert "client_id" in await rejection(signed(client_id=None))
    assert "client_id" in await rejection(signed(client_id=[CLIENT]))


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
async def test_the_token_does_not_choose_the_algorithm(algorithm: str) -> None:
    secret = None if algorithm == "none" else KEY.secret * 2
    token = jwt.encode(claims(), secret or "", algorithm=algorithm)
    assert "HS256" in await rejection(token)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exp": None}, "`exp` is missing"),
        ({"exp": in_minutes(-2)}, "expired"),
        ({"exp": in_minutes(600)}, "at most 60 minutes"),
        ({"exp": "tomorrow"}, "`exp` must be"),
        ({"exp": 10**400}, "`exp` must be"),
        ({"exp": True}, "`exp` must be"),
        ({"iat": in_minutes(600)}, "`iat`"),
        ({"user_id": None}, "`user_id`"),
        ({"user_id": ""}, "`user_id`"),
        ({"user_id": "   "}, "`user_id`"),
        ({"user_id": 17}, "`user_id`"),
        ({"user_id": "x" * 201}, "`user_id`"),
        ({"user_id": "a\x00b"}, "`user_id`"),
        ({"user_id": {"$gt": ""}}, "`user_id`"),
        ({"user_email": "no address"}, "`user_email`"),
        ({"user_email": 5}, "`user_email`"),
        ({"aud": "https://other.example"}, "`aud`"),
        ({"aud": [5]}, "`aud`"),
    ],
)
async def test_wrong_claim_is_told_in_a_sentence(changed: dict[str, Any], said: str) -> None:
    assert said in await rejection(signed(**changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ADDRESS},
        {"aud": ["somebody else", "parlance"]},
        {"user_id": "x" * 200},
        {"user_id": "名前-🙂"},
    ],
)
async def test_claims_may_be_many(changed: dict[str, Any]) -> None:
    assert (await IDENTITIES.verified(signed(**changed), CLIENT)).key_id == "key_1"


@pytest.mark.parametrize(("claim", "minutes"), [("exp", -0.5), ("exp", 60.5), ("iat", 0.5)])
async def test_clocks_may_differ_a_little(claim: str, minutes: float) -> None:
    changed: dict[str, Any] = {claim: in_minutes(minutes)}
    assert (await IDENTITIES.verified(signed(**changed), CLIENT)).key_id == "key_1"


async def test_claims_are_not_told_to_somebody_without_a_key() -> None:
    token = signed(FOREIGN, user_id="the director", exp=in_minutes(-5))
    said = await rejection(token)
    assert "director" not in said
    assert "expired" not in said


@given(st.text(max_size=300))
async def test_no_text_is_a_token(text: str) -> None:
    assert await rejection(text)


async def test_endless_token_is_not_read() -> None:
    assert "longer than" in await rejection("a" * 5_000)
