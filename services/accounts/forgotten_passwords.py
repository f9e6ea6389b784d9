"""A new password for whoever has the mailbox: asking for a code, and choosing with one.

Asking does the same writes for an address that nobody has, so that neither the answer nor its time
tells who has an account.
"""

from documents.transactions import Transactions, WriteSession
from documents.users import User
from services.accounts.letters import Letters
from services.accounts.notices import tell_password_changed
from services.accounts.one_time_codes import InvalidCodeError, holder_of, new_code, use_code
from services.accounts.password_strength import check_password_field
from services.accounts.passwords import hash_password
from services.accounts.sessions import end_sessions
from services.accounts.sign_in import Device, InvalidCredentialsError, SignedIn, SignIn
from services.accounts.users import MAX_NAME, changed_user
from services.audit.acts import act_as
from services.audit.audit_log import record, record_about
from services.field_checks import FieldChecks
from services.mail.queue import MailQueue


class ForgottenPasswords:
    """Gives accounts new passwords by mail."""

    def __init__(
        self, transactions: Transactions, sign_in: SignIn, queue: MailQueue, letters: Letters
    ) -> None:
        self._transactions = transactions
        self._sign_in = sign_in
        self._queue = queue
        self._letters = letters

    async def request(self, email: str) -> None:
        """Send a code to the account with this address, if there is one that may sign in."""
        address = email.strip().lower()
        user = await User.find_one({"email": address, "active": True})
        stored, code = new_code("password_reset", user.id if user else None)
        name = user.full_name if user else "Nobody"
        mail = self._letters.password_reset(name, address, code=code)
        key, deadline = f"password reset/{stored.id}", stored.expires_at

        async def write(session: WriteSession) -> None:
            await stored.insert(session=session)
            if user is None:
                await self._queue.put_nothing(session, mail, key=key, deadline=deadline)
            else:
                await self._queue.put(session, mail, key=key, deadline=deadline)
            noted = {"expiresAt": deadline.isoformat()}
            await record_about(session, User, stored.user_id, client_id=None, noted=noted)

        await self._transactions.run_transaction(write)

    async def choose(
        self, code: str, password: str, full_name: str | None, device: Device
    ) -> SignedIn:
        """A session of the account, which has this password now; all its others end.

        Raises:
            InvalidCodeError: the code is of no use. A password that is refused does not use it up.
            InvalidFieldsError: with everything that is wrong with password and name.
        """
        user = await holder_of(code)
        checks = FieldChecks("input")
        change: dict[str, str] = {}
        if full_name is not None:
            change["full_name"] = checks.line("fullName", full_name, longest=MAX_NAME)
        known = (user.email, user.full_name, change.get("full_name", ""))
        await check_password_field(checks, "newPassword", password, known)
        checks.done()
        change["hashed_password"] = await hash_password(password)
        act_as(user.email, user.id)

        async def write(session: WriteSession) -> User:
            purpose = await use_code(code, user.id, session)
            before = await User.find_one({"_id": user.id, "active": True}, session=session)
            if before is None:
                raise InvalidCodeError
            after = await changed_user(before, change, session)
            noted = {"revokedSessions": await end_sessions(user.id, session)}
            await record(session, client_id=None, before=before, after=after, noted=noted)
            if purpose == "password_reset":
                await tell_password_changed(self._queue, self._letters, after, session)
            return after

        changed = await self._transactions.run_transaction(write)
        try:
            return await self._sign_in.open_session(changed, device)
        except InvalidCredentialsError as error:  # and yet another one was chosen meanwhile
            raise InvalidCodeError from error
