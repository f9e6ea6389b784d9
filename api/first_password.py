"""The generated password of the first admin: shown to whoever tries Parlance out, kept from logs.

In development it is printed, once. In production standard output ends in logs that many read and
that are kept, so the password goes into a file that only the server's own user may read.
"""

from dataclasses import dataclass
from pathlib import Path

from api.secret_key import write_secret
from api.settings import Settings
from documents.transactions import Transactions
from services.accounts.first_admin import create_first_admin, generated_password, has_admin
from services.accounts.passwords import UnsuitablePasswordError
from services.refusals import InvalidFieldsError

FILE_NAME = "first-admin-password"


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """A password that was generated just now, and the file that holds it; None: nowhere."""

    text: str
    file: Path | None = None


async def make_first_admin(settings: Settings, transactions: Transactions) -> FirstPassword | None:
    """Make the first admin unless there is one; the password if it was generated here.

    Raises:
        UnsuitablePasswordError: the given password cannot protect the account.
    """
    if await has_admin():
        return None
    given = settings.admin_password
    if given is not None:
        await _make_with(given.get_secret_value(), settings.admin_email, transactions)
        return None
    first = _generated(settings)
    if await create_first_admin(transactions, settings.admin_email, first.text):
        return first
    if first.file is not None:
        first.file.unlink()
    return None


async def _make_with(password: str, email: str, transactions: Transactions) -> None:
    try:
        await create_first_admin(transactions, email, password)
    except InvalidFieldsError as error:
        problem = " ".join(one.message for one in error.issues)
        raise UnsuitablePasswordError(f"PARLANCE_ADMIN_PASSWORD: {problem}") from error


def _generated(settings: Settings) -> FirstPassword:
    """Stored before the account is made: a crash in between must leave nobody locked out."""
    password = generated_password()
    if settings.in_development:
        return FirstPassword(password)
    file = settings.data_dir / FILE_NAME
    file.unlink(missing_ok=True)  # of a start that did not get as far as the account
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_secret(file, password)
    return FirstPassword(password, file)
