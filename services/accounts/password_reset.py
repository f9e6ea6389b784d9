"""Giving an account a new password from the command line, for people who are locked out."""

from documents.transactions import Transactions, WriteSession
from documents.users import User
from services.accounts.one_time_codes import end_codes
from services.accounts.password_strength import check_strength
from services.accounts.passwords import hash_password
from services.accounts.sessions import end_sessions
from services.accounts.users import changed_user
from services.audit.audit_log import record


class UnknownAccountError(ValueError):
    """Nobody has this e-mail address."""


async def set_password(transactions: Transactions, email: str, password: str) -> int:
    """Give an account a new password, end its sessions and mailed links; how many sessions ended.

    Raises:
        UnknownAccountError: nobody has the address.
        UnsuitablePasswordError: see `services.accounts.password_strength`.
    """
    address = email.strip().lower()
    await check_strength(password, [address])
    hashed = await hash_password(password)

    async def write(session: WriteSession) -> int:
        before = await User.find_one({"email": address}, session=session)
        if before is None:
            raise UnknownAccountError(f"There is no account {address}.")
        after = await changed_user(before, {"hashed_password": hashed}, session)
        ended = await end_sessions(before.id, session)
        await end_codes(before.id, session)  # a link that was mailed would set another password
        noted = {"revokedSessions": ended}
        await record(session, client_id=None, before=before, after=after, noted=noted)
        return ended

    return await transactions.run_transaction(write)
