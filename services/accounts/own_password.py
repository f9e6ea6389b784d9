"""Changing one's own password, which ends the other sessions: one of them may be a thief's."""

from documents.ids import PydanticObjectId
from documents.transactions import Transactions, WriteSession
from documents.users import User
from services.accounts.letters import Letters
from services.accounts.notices import tell_password_changed
from services.accounts.one_time_codes import end_codes
from services.accounts.password_strength import check_password_field
from services.accounts.passwords import hash_password, password_matches
from services.accounts.sessions import end_sessions
from services.accounts.users import changed_user
from services.audit.audit_log import record
from services.field_checks import FieldChecks
from services.mail.queue import MailQueue
from services.refusals import RefusedError


class WrongPasswordError(RefusedError):
    """The current password is another one."""

    def __init__(self) -> None:
        message = "The current password is not right."
        super().__init__("INVALID_CREDENTIALS", message, "input", "currentPassword")


class OwnPassword:
    """Changes people's own passwords."""

    def __init__(self, transactions: Transactions, queue: MailQueue, letters: Letters) -> None:
        self._transactions = transactions
        self._queue = queue
        self._letters = letters

    async def change(
        self, user: User, *, current: str, new: str, session_id: PydanticObjectId
    ) -> int:
        """Give a user a new password and end the sessions but one; how many ended.

        Raises:
            WrongPasswordError: `current` is not the user's password, or not any more.
            InvalidFieldsError: the new one cannot protect the account.
        """
        if not await password_matches(current, user.hashed_password):
            raise WrongPasswordError
        checks = FieldChecks("input")
        if new == current:
            checks.wrong("newPassword", "must be another one than the current password")
        await check_password_field(checks, "newPassword", new, (user.email, user.full_name))
        checks.done()
        hashed = await hash_password(new)

        async def write(session: WriteSession) -> int:
            unchanged = {"_id": user.id, "hashed_password": user.hashed_password}
            before = await User.find_one(unchanged, session=session)
            if before is None:
                raise WrongPasswordError
            after = await changed_user(before, {"hashed_password": hashed}, session)
            await end_codes(user.id, session)
            ended = await end_sessions(before.id, session, but=session_id)
            await tell_password_changed(self._queue, self._letters, after, session)
            noted = {"revokedSessions": ended}
            await record(session, client_id=None, before=before, after=after, noted=noted)
            return ended

        return await self._transactions.run_transaction(write)
