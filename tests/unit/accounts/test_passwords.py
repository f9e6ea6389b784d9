"""Passwords: how long, in which form, and the same work for accounts that do not exist."""

import bcrypt
import pytest

from services.accounts.passwords import (
    _STAND_IN,
    ROUNDS,
    UnsuitablePasswordError,
    check_new_password,
    hash_password,
    password_matches,
)


def quick_hash(password: bytes) -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()


@pytest.mark.parametrize("password", ["x" * 12, "x" * 72, "ä" * 36, "correct horse battery"])
def test_twelve_to_seventy_two_bytes_are_suitable(password: str) -> None:
    check_new_password(password)


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 73, "ä" * 37, "🦜" * 19])
async def test_others_are_refused_before_any_work(password: str) -> None:
    with pytest.raises(UnsuitablePasswordError):
        await hash_password(password)


async def test_a_hash_is_salted_and_of_the_intended_cost() -> None:
    one, other = await hash_password("a long enough password"), await hash_password("x" * 72)
    assert one != other
    assert one.startswith(f"$2b${ROUNDS}$")
    assert await password_matches("a long enough password", one)
    assert not await password_matches("another long password", one)


async def test_the_same_letters_typed_in_another_way_are_the_same_password() -> None:
    composed, decomposed = "caf\u00e9 au lait, please", "cafe\u0301 au lait, please"
    assert await password_matches(decomposed, quick_hash(composed.encode()))


@pytest.mark.parametrize("password", ["", "\x00", "x" * 73, "x" * 100_000, "x" * 71 + "ä"])
async def test_what_cannot_be_a_password_matches_nothing(password: str) -> None:
    assert not await password_matches(password, quick_hash(b"x" * 72))


ACCENTS = "a" + "\u0315" * 16_000 + "\u0300" * 16_000
"""Takes seconds to be put in order, while nothing else runs."""


@pytest.mark.timeout(30)
async def test_a_text_that_is_slow_to_put_in_order_is_refused_for_its_length() -> None:
    endless = ACCENTS * 20
    with pytest.raises(UnsuitablePasswordError, match="at most 72 bytes"):
        check_new_password(endless)
    assert not await password_matches(endless, quick_hash(b"x" * 72))


async def test_a_password_of_72_bytes_is_compared_whole() -> None:
    assert await password_matches("x" * 72, quick_hash(b"x" * 72))
    assert not await password_matches("x" * 71 + "y", quick_hash(b"x" * 72))


async def test_without_an_account_nothing_matches_at_the_same_cost() -> None:
    assert _STAND_IN.startswith(f"$2b${ROUNDS}$")
    assert len(_STAND_IN) == len(quick_hash(b"x"))
    assert not await password_matches("a long enough password", None)
