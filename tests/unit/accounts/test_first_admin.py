"""Accounts to be: what is refused before anything is stored."""

from collections.abc import Awaitable, Callable

import pytest

from documents.transactions import Outcome, WriteSession
from services.accounts.first_admin import generated_password
from services.accounts.password_strength import check_strength
from services.accounts.users import NewUser, Users
from services.refusals import InvalidFieldsError

PASSWORD = "a long enough password"


class NoTransactions:
    """Nothing may be stored."""

    async def run_transaction(
        self, _callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        raise AssertionError("something was stored")


async def problems(email: str, full_name: str, password: str) -> dict[str, str]:
    with pytest.raises(InvalidFieldsError) as refused:
        await Users(NoTransactions()).create(NewUser(email, full_name, password))
    return {".".join(one.path): one.message for one in refused.value.issues}


async def test_a_generated_password_is_strong_and_never_the_same() -> None:
    passwords = {generated_password() for _ in range(20)}
    assert len(passwords) == 20
    for password in passwords:
        await check_strength(password)


@pytest.mark.parametrize("email", ["", "anna", "anna@example", "a@b.example\nc"])
async def test_an_address_that_is_none_is_refused(email: str) -> None:
    assert [*await problems(email, "Anna", PASSWORD)] == ["input.email"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b"])
async def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert [*await problems("anna@example.com", name, PASSWORD)] == ["input.fullName"]


async def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = await problems("anna", "", "too short")
    assert [*found] == ["input.email", "input.fullName", "input.password"]
    assert found["input.password"] == "A password needs at least 12 characters."
