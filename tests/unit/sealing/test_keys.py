"""Keys per purpose from one secret, and the tokens of which only fingerprints are stored."""

import hashlib

import pytest

from services.sealing.keys import KEY_BYTES, DerivedKeys, WeakSecretError
from services.sealing.tokens import fingerprint, new_token

SECRET = "a secret of forty characters, long enough"


def test_each_purpose_has_its_own_key_which_stays() -> None:
    keys = DerivedKeys(SECRET)
    purposes = ["access-tokens", "widget-tokens", "sealing", ""]
    derived = [keys.key(purpose) for purpose in purposes]
    assert len(set(derived)) == len(purposes)
    assert {len(key) for key in derived} == {KEY_BYTES}
    assert [DerivedKeys(SECRET).key(purpose) for purpose in purposes] == derived
    assert DerivedKeys(SECRET + ".").key("sealing") != keys.key("sealing")
    assert SECRET.encode() not in derived


def test_the_key_of_a_purpose_never_changes_between_versions() -> None:
    """Another derivation would close everything that was ever sealed."""
    assert DerivedKeys(SECRET).key("sealing").hex() == (
        "03d46fedc4860daabef890056689ab2c9021434188c8f626bb58c85f4ebb5279"
    )


@pytest.mark.parametrize("secret", ["", "x" * 31])
def test_a_short_secret_protects_nothing(secret: str) -> None:
    with pytest.raises(WeakSecretError, match="32 characters"):
        DerivedKeys(secret)


def test_tokens_are_long_different_and_fit_into_a_url() -> None:
    tokens = {new_token() for _ in range(1_000)}
    assert len(tokens) == 1_000
    for token in tokens:
        assert len(token) == 43
        assert token.replace("-", "").replace("_", "").isalnum()


def test_a_fingerprint_is_sha256() -> None:
    assert fingerprint("token") == hashlib.sha256(b"token").hexdigest()
    assert fingerprint("🦜") != fingerprint("")
