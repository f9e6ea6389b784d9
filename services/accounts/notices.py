"""Mails that let people know what was done with their accounts, in case it was somebody else."""

from datetime import timedelta

from documents.base import utc_now
from documents.transactions import WriteSession
from documents.users import User
from services.accounts.letters import Letters
from services.mail.queue import MailQueue

NOTICE_DEADLINE = timedelta(days=1)


async def tell_password_changed(
    queue: MailQueue, letters: Letters, user: User, session: WriteSession
) -> None:
    """Let somebody know that the password is another one, in the transaction of the change."""
    await queue.put(
        session,
        letters.password_changed(user),
        key=f"password changed/{user.id}/{user.revision}",
        deadline=utc_now() + NOTICE_DEADLINE,
    )
