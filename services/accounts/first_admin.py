"""The first admin of a fresh installation, and admins made on the command line."""

import secrets

from documents.transactions import Transactions
from documents.users import User
from services.accounts.users import NewUser, Users
from services.refusals import NameTakenError

GENERATED_PASSWORD_BYTES = 15
DEFAULT_NAME = "Administrator"


def generated_password() -> str:
    """A password of 20 URL-safe characters."""
    return secrets.token_urlsafe(GENERATED_PASSWORD_BYTES)


async def has_admin() -> bool:
    """Whether somebody runs this installation already."""
    return await User.find_one({"is_admin": True}) is not None


async def create_first_admin(transactions: Transactions, email: str, password: str) -> bool:
    """Make the first admin; False when another process was faster.

    N processes may start at once: the unique e-mail address lets one of them win.

    Raises:
        InvalidFieldsError: the password cannot protect the account.
    """
    try:
        await Users(transactions).create(NewUser(email, DEFAULT_NAME, password, is_admin=True))
    except NameTakenError:
        return False
    return True
