"""The first admin of a fresh installation, and admins made on the command line."""

import secrets

from documents.duplicates import DuplicateError, duplicates_reported
from documents.users import User
from services.accounts.passwords import hash_password
from services.field_checks import FieldChecks

GENERATED_PASSWORD_BYTES = 15
MAX_NAME = 200


class AccountExistsError(ValueError):
    """Somebody already has this e-mail address."""


def generated_password() -> str:
    """A password of 20 URL-safe characters."""
    return secrets.token_urlsafe(GENERATED_PASSWORD_BYTES)


async def create_admin(email: str, password: str, full_name: str = "Administrator") -> User:
    """Make a platform admin.

    Raises:
        AccountExistsError: the address is taken.
        InvalidFieldsError: the address or the name cannot be one.
        UnsuitablePasswordError: see `services.accounts.passwords`.
    """
    checks = FieldChecks()
    address = checks.email("email", email)
    name = checks.text("full_name", full_name, longest=MAX_NAME)
    checks.done()
    admin = User(
        email=address,
        full_name=name,
        hashed_password=await hash_password(password),
        is_admin=True,
    )
    try:
        with duplicates_reported():
            await admin.insert()
    except DuplicateError as error:
        raise AccountExistsError(f"There is already an account {admin.email}.") from error
    return admin


async def create_first_admin(email: str, password: str | None) -> str | None:
    """Make the first admin unless there is one; the password if it was generated here.

    N processes may start at once: the unique e-mail address lets one of them win.
    """
    if await User.find_one({"is_admin": True}):
        return None
    chosen = password or generated_password()
    try:
        await create_admin(email, chosen)
    except AccountExistsError:
        return None
    return None if password else chosen
