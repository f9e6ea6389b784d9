"""Changing people's accounts, and taking the right to sign in away."""

from collections.abc import Mapping, Sequence
from typing import Any

from documents.base import utc_now
from documents.duplicates import DuplicateError
from documents.ids import PydanticObjectId
from documents.transactions import Transactions, WriteSession
from documents.users import User
from services.accounts.last_ones import claim_members, owns_alone, runs_alone
from services.accounts.letters import Letters
from services.accounts.notices import NOTICE_DEADLINE
from services.accounts.one_time_codes import end_codes
from services.accounts.sessions import end_sessions
from services.accounts.users import MAX_NAME, changed_user
from services.audit.audit_log import record
from services.field_checks import FieldChecks
from services.mail.queue import MailQueue
from services.refusals import (
    NameTakenError,
    RefusedError,
    StaleRevisionError,
    UnknownTargetError,
)

UserChange = Mapping[str, Any]
"""New values by the field names of `User`."""

ADMINS_FIELDS = frozenset({"email", "is_admin", "active"})
"""Whoever has the mailbox has the account, so admins change addresses."""


class LastAdminError(RefusedError):
    """Nobody would run the installation any more."""

    def __init__(self) -> None:
        message = "The installation needs a platform admin. Make somebody else one first."
        super().__init__("CONFLICT", message, "input", "id")


class OwnedClientsError(RefusedError):
    """Clients would be left without an owner."""

    def __init__(self, client_ids: Sequence[str]) -> None:
        owned = ", ".join(client_ids)
        message = f"Nobody else owns {owned}. Make somebody else an owner there first."
        super().__init__("CONFLICT", message, "input", "id")


class UserChanges:
    """Changes people's accounts."""

    def __init__(self, transactions: Transactions, queue: MailQueue, letters: Letters) -> None:
        self._transactions = transactions
        self._queue = queue
        self._letters = letters

    async def update(
        self, user_id: PydanticObjectId, change: UserChange, *, revision: int | None = None
    ) -> User:
        """The user after a change.

        Raises:
            UnknownTargetError: there is no such user.
            InvalidFieldsError: with everything that is wrong.
            NameTakenError: somebody else has the address.
            StaleRevisionError: the user was changed since `revision`.
        """

        async def write(session: WriteSession) -> User:
            before = await _found(user_id, session)
            if revision is not None and revision != before.revision:
                raise StaleRevisionError(before, before.revision)
            cleaned = await _checked(before, change, session)
            if all(getattr(before, field) == value for field, value in cleaned.items()):
                after = before
            else:
                after = await changed_user(before, cleaned, session)
            if after.email != before.email:
                await self._leave_old_mailbox(before, after, session)
            await record(session, client_id=None, before=before, after=after)
            return after

        try:
            return await self._transactions.run_transaction(write)
        except DuplicateError as error:
            message = "There is already an account with this address."
            raise NameTakenError(("input", "email"), message) from error

    async def deactivate(self, user_id: PydanticObjectId) -> User:
        """Let a user sign in no more, and end the sessions. Memberships stay, for the way back.

        Raises:
            UnknownTargetError: there is no such user.
            LastAdminError: nobody would run the installation.
            OwnedClientsError: clients would be left without an owner.
        """

        async def write(session: WriteSession) -> User:
            before = await _found(user_id, session)
            if before.is_admin and await runs_alone(before, session):
                raise LastAdminError
            if alone := await _owned_alone(before, session):
                raise OwnedClientsError(alone)
            after = await changed_user(before, {"active": False}, session)
            await end_codes(before.id, session)
            noted = {"revokedSessions": await end_sessions(before.id, session)}
            await record(session, client_id=None, before=before, after=after, noted=noted)
            return after

        return await self._transactions.run_transaction(write)

    async def _leave_old_mailbox(self, before: User, after: User, session: WriteSession) -> None:
        """What was sent there is of no use any more, and whoever reads there is told."""
        await end_codes(before.id, session)
        await self._queue.put(
            session,
            self._letters.address_changed(before, after.email),
            key=f"address changed/{after.id}/{after.revision}",
            deadline=utc_now() + NOTICE_DEADLINE,
        )


async def _found(user_id: PydanticObjectId, session: WriteSession) -> User:
    user = await User.find_one({"_id": user_id}, session=session)
    if user is None:
        raise UnknownTargetError("input", "id")
    return user


async def _owned_alone(user: User, session: WriteSession) -> list[str]:
    owned = [one.client_id for one in user.memberships if one.role == "owner"]
    for client_id in owned:
        await claim_members(client_id, session)
    return [one for one in owned if await owns_alone(user, one, session)]


async def _checked(user: User, change: UserChange, session: WriteSession) -> dict[str, Any]:
    """The change as it is stored.

    Raises:
        InvalidFieldsError: with everything that is wrong.
    """
    checks, cleaned = FieldChecks("input"), dict(change)
    if "email" in change:
        cleaned["email"] = checks.email("email", change["email"])
    if "full_name" in change:
        cleaned["full_name"] = checks.line("fullName", change["full_name"], longest=MAX_NAME)
    if change.get("active") is False:
        checks.wrong("active", "may only be true: deactivateUser ends somebody's access")
    demoted = user.is_admin and change.get("is_admin") is False
    if demoted and await runs_alone(user, session):
        checks.wrong("isAdmin", "must stay true: make somebody else a platform admin first")
    checks.done()
    return cleaned
