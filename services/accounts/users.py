"""People's accounts: making them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from documents.base import utc_now
from documents.duplicates import DuplicateError, duplicates_reported
from documents.transactions import Transactions, WriteSession
from documents.users import User
from services.accounts.password_strength import check_password_field
from services.accounts.passwords import hash_password
from services.audit.audit_log import record
from services.field_checks import FieldChecks
from services.refusals import NameTakenError

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account to be."""

    email: str
    full_name: str
    password: str
    is_admin: bool = False


class Users:
    """Makes people's accounts."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, wanted: NewUser, *, path: Sequence[str] = ("input",)) -> User:
        """Store a new account. It may be used at once.

        Args:
            wanted: The account to be.
            path: Where its fields stand in the words of the caller, for refusals.

        Raises:
            InvalidFieldsError: with everything that is wrong.
            NameTakenError: somebody has the address.
        """
        checks = FieldChecks(*path)
        email = checks.email("email", wanted.email)
        full_name = checks.line("fullName", wanted.full_name, longest=MAX_NAME)
        known = (email, full_name)
        await check_password_field(checks, "password", wanted.password, known)
        checks.done()
        user = User(
            email=email,
            full_name=full_name,
            hashed_password=await hash_password(wanted.password),
            is_admin=wanted.is_admin,
        )

        async def store(session: WriteSession) -> None:
            await user.insert(session=session)
            await record(session, client_id=None, after=user)

        try:
            with duplicates_reported():
                await self._transactions.run_transaction(store)
        except DuplicateError as error:
            message = f"There is already an account {email}."
            raise NameTakenError((*path, "email"), message) from error
        return user


async def changed_user(before: User, change: Mapping[str, Any], session: WriteSession) -> User:
    """A user after a change by field names, as part of a transaction that read `before`."""
    after: User = before.model_copy(
        update={**change, "revision": before.revision + 1, "updated_at": utc_now()}
    )
    with duplicates_reported():
        await after.replace(session=session)
    return after
