"""Passwords that could be guessed are refused with advice, and reading them takes no time."""

import time

import pytest

from services.accounts.password_strength import GuessablePasswordError, check_strength
from services.accounts.passwords import UnsuitablePasswordError

KNOWN = ("anna.miller@example.com", "Anna Miller")
WEAK = {
    "password1234": "common",
    "aaaaaaaaaaaa": "Repeats",
    "123456789012": "easy to guess",
    "Anna Miller!": "easy to guess",
    "anna.miller@example.com": "easy to guess",
    "parlanceparlance": "easy to guess",
    "P@ssw0rd!P@ssw0rd!": "easy to guess",
}
STRONG = (
    "a long enough password",
    "correct horse battery staple",
    "xK9#mQ2$vL5@",
    "зелёный чайник",
)
SLOW = (
    "1l1l1l1l1l1l1l!i|!i|5$5$0o0o4@4@7+7+3e3e1l1l1l1l1l1l1l!i|!i|5$5$0o0o4@",
    "a@4b8c({[<e3g69i1!|l1|7o0s$5t+7x%z2a@4b8c({[<e3g69i1!|l1|7o0s$5t+7x%z2",
)
"""zxcvbn takes seconds and more for these as they are."""


@pytest.mark.parametrize("password", WEAK)
async def test_a_password_that_is_guessed_soon_is_refused_with_advice(password: str) -> None:
    with pytest.raises(GuessablePasswordError, match=WEAK[password]) as refused:
        await check_strength(password, KNOWN)
    assert password not in str(refused.value)


@pytest.mark.parametrize("password", STRONG)
async def test_a_password_that_is_not_is_accepted(password: str) -> None:
    await check_strength(password, KNOWN)


async def test_lengths_are_checked_first() -> None:
    for password in ("short", "x" * 73):
        with pytest.raises(UnsuitablePasswordError, match="password"):
            await check_strength(password)


@pytest.mark.parametrize("password", SLOW)
async def test_no_password_holds_the_server_up(password: str) -> None:
    began = time.process_time()
    await check_strength(password)
    assert time.process_time() - began < 1.5
