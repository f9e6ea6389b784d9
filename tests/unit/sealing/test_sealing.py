"""Sealed values: different each time, and closed to every other owner, key and form."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sealing.keys import DerivedKeys
from services.sealing.sealing import FORMAT, Sealer, UnsealError

SEALER = Sealer(DerivedKeys("a secret of forty characters, long enough"))
OTHER = Sealer(DerivedKeys("another secret of forty characters or so"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(TEXTS, TEXTS)
def test_what_is_sealed_opens_for_its_owner(secret: str, owner: str) -> None:
    sealed = SEALER.seal(secret, owner=owner)
    assert SEALER.open(sealed, owner=owner) == secret
    assert sealed.isascii()
    assert sealed.isprintable()


def test_sealing_twice_gives_two_values_that_show_nothing() -> None:
    sealed = {SEALER.seal("sk-secret", owner="shop") for _ in range(1_000)}
    assert len(sealed) == 1_000
    for one in sealed:
        assert "sk-secret" not in one
        assert b"sk-secret" not in base64.urlsafe_b64decode(one.removeprefix(FORMAT))


@given(TEXTS, TEXTS)
def test_another_owner_does_not_open_it(owner: str, other: str) -> None:
    sealed = SEALER.seal("sk-secret", owner=owner)
    if other != owner:
        with pytest.raises(UnsealError):
            SEALER.open(sealed, owner=other)


def test_another_installation_does_not_open_it() -> None:
    with pytest.raises(UnsealError, match="PARLANCE_SECRET_KEY"):
        OTHER.open(SEALER.seal("sk-secret", owner="shop"), owner="shop")


@given(st.data())
def test_a_changed_value_does_not_open(data: st.DataObject) -> None:
    raw = bytearray(
        base64.urlsafe_b64decode(SEALER.seal("sk-secret", owner="shop").removeprefix(FORMAT))
    )
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UnsealError):
        SEALER.open(FORMAT + base64.urlsafe_b64encode(raw).decode(), owner="shop")


@pytest.mark.parametrize(
    "sealed",
    ["", FORMAT, "v1.x", "v1.AAAA", "v2.AAAA", "sk-secret", "🦜", "v1." + "A" * 16, "\x00"],
)
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(UnsealError):
        SEALER.open(sealed, owner="shop")


def test_a_value_cut_short_does_not_open() -> None:
    sealed = SEALER.seal("sk-secret", owner="shop")
    for length in range(len(sealed)):
        with pytest.raises(UnsealError):
            SEALER.open(sealed[:length], owner="shop")


def test_the_error_holds_no_secret() -> None:
    sealed = SEALER.seal("sk-secret", owner="shop")
    with pytest.raises(UnsealError) as refused:
        SEALER.open(sealed, owner="other")
    assert sealed not in str(refused.value)
