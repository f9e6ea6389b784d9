"""Telling the audit log that somebody keeps failing to sign in.

Once for each account and window, and for unknown accounts alike: the same work, so that the time it
takes does not tell which accounts exist. The address that was tried is kept of known accounts only,
since people type passwords into the wrong field.
"""

from datetime import datetime

from documents.transactions import Transactions, WriteSession
from documents.users import User
from services.audit.acts import Act, Actor, acting
from services.audit.audit_log import record_about


async def record_throttled_sign_in(
    transactions: Transactions, email: str, *, until: datetime, ip_address: str | None
) -> None:
    """Note in the platform's log that an account takes no more attempts for a while."""
    user = await User.find_one({"email": email.strip().lower()})
    name, user_id = (user.email, user.id) if user else ("An unknown account", None)

    async def write(session: WriteSession) -> None:
        noted = {"throttledUntil": until.isoformat()}
        await record_about(session, User, user_id, client_id=None, noted=noted)

    with acting(Act(Actor(name, user_id, ip_address), "signIn")):
        await transactions.run_transaction(write)
