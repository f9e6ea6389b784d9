"""Inviting people to work for a client.

Whoever has no account gets one without a password, and a link to choose one; until then a second
invitation sends another link. Whoever has one works for the client at once and is told so.
"""

from datetime import datetime

from documents.base import utc_now
from documents.clients import Client
from documents.duplicates import DuplicateError, duplicates_reported
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from documents.users import RoleName, User
from services.accounts.letters import Letters
from services.accounts.memberships import Memberships, TooManyMembersError, role_of
from services.accounts.one_time_codes import LIFETIMES, new_code
from services.audit.audit_log import record, record_about
from services.field_checks import FieldChecks
from services.mail.queue import MailQueue
from services.refusals import FieldIssue, InvalidFieldsError, NameTakenError, UnknownTargetError

EMAIL = ("input", "email")


class Invitations:
    """Invites people."""

    def __init__(
        self,
        transactions: Transactions,
        memberships: Memberships,
        queue: MailQueue,
        letters: Letters,
    ) -> None:
        self._transactions = transactions
        self._memberships = memberships
        self._queue = queue
        self._letters = letters

    async def invite(
        self, client_id: str, email: str, role: RoleName, *, by: str
    ) -> tuple[User, datetime]:
        """The person, a member by now, and until when the invitation holds.

        Args:
            client_id: For which client.
            email: Whom.
            role: What they may do there.
            by: Who invites, for the mail.

        Raises:
            UnknownTargetError: there is no such client.
            InvalidFieldsError: the address is none, or the client has too many members.
            NameTakenError: the person works for the client, or may not sign in any more.
        """
        checks = FieldChecks("input")
        address = checks.email("email", email)
        checks.done()

        async def write(session: WriteSession) -> tuple[User, datetime]:
            client = await TenantScope.one(client_id).of(Client).find_one({}, session=session)
            if client is None:
                raise UnknownTargetError("input", "clientId")
            user = await self._member(address, client, role, session)
            return user, await self._tell(user, client, role, by, session)

        try:
            with duplicates_reported():
                return await self._transactions.run_transaction(write)
        except DuplicateError:  # somebody else made the account at the same moment
            return await self._transactions.run_transaction(write)
        except TooManyMembersError as error:
            raise InvalidFieldsError([FieldIssue(error.path, str(error))]) from error

    async def _member(
        self, address: str, client: Client, role: RoleName, session: WriteSession
    ) -> User:
        user = await User.find_one({"email": address}, session=session)
        if user is None:
            user = User(email=address, full_name=address.partition("@")[0])
            await user.insert(session=session)
            await record(session, client_id=None, after=user)
        elif not user.active:
            raise NameTakenError(EMAIL, "This address belongs to an account that is switched off.")
        elif user.hashed_password is not None and role_of(user, client.client_id) is not None:
            raise NameTakenError(EMAIL, f"{address} works for this client already.")
        return await self._memberships.change(user, client.client_id, role, session)

    async def _tell(
        self, user: User, client: Client, role: RoleName, by: str, session: WriteSession
    ) -> datetime:
        stored, code = new_code("invitation", user.id, client.client_id)
        if user.hashed_password is None:
            await stored.insert(session=session)
            until = stored.expires_at
            mail = self._letters.invitation(user, client=client, by=by, code=code, until=until)
        else:
            mail = self._letters.membership(user, client=client, by=by)
        await self._queue.put(
            session,
            mail,
            key=f"invitation/{stored.id}",
            deadline=utc_now() + LIFETIMES["invitation"],
            client_id=client.client_id,
        )
        noted = {"email": user.email, "role": role}
        await record_about(session, User, user.id, client_id=client.client_id, noted=noted)
        return stored.expires_at
