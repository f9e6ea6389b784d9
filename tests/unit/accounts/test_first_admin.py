"""Admins of the command line: what is refused before anything is stored."""

import pytest

from services.accounts.first_admin import create_admin, generated_password
from services.accounts.passwords import UnsuitablePasswordError, check_new_password
from services.refusals import InvalidFieldsError


def test_a_generated_password_is_suitable_and_never_the_same() -> None:
    passwords = {generated_password() for _ in range(100)}
    assert len(passwords) == 100
    for password in passwords:
        check_new_password(password)


@pytest.mark.parametrize("email", ["", "anna", "anna@example", "a@b.example\nc"])
async def test_an_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(InvalidFieldsError, match="e-mail"):
        await create_admin(email, "a long enough password")


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b"])
async def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidFieldsError, match="full_name"):
        await create_admin("anna@example.com", "a long enough password", name)


async def test_a_short_password_is_refused() -> None:
    with pytest.raises(UnsuitablePasswordError):
        await create_admin("anna@example.com", "too short")
