"""The queue of mails. A mail is put in by the transaction of what it tells of: both or neither."""

import json
from dataclasses import asdict
from datetime import datetime

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.outgoing_mails import OutgoingMail
from documents.transactions import WriteSession
from services.mail.mails import Attachment, Mail, MailLink
from services.sealing.sealing import Resealing, Sealer


class MailQueue:
    """Keeps mails until they are sent; nobody but who has the secret key reads them there."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def put(
        self,
        session: WriteSession,
        mail: Mail,
        *,
        key: str,
        deadline: datetime,
        client_id: str | None = None,
    ) -> None:
        """Send a mail once the transaction is done.

        Args:
            session: The transaction of what the mail tells of.
            mail: What to send.
            key: What it tells of, so that nothing is told twice.
            deadline: When it is of no use any more.
            client_id: With which client it goes when that is deleted.
        """
        await self._stored(mail, key, deadline, client_id).insert(session=session)

    async def put_nothing(
        self, session: WriteSession, mail: Mail, *, key: str, deadline: datetime
    ) -> None:
        """Do the work of `put` for a mail that nobody gets.

        So that the time it takes does not tell whether there is somebody.
        """
        stored = self._stored(mail, key, deadline, None)
        unsent = {"status": "sent", "sealed": None, "expires_at": deadline}
        await stored.model_copy(update=unsent).insert(session=session)

    def opened(self, stored: OutgoingMail) -> Mail:
        """What a stored mail says.

        Raises:
            UnsealError: it was sealed with another secret key.
        """
        given = json.loads(self._sealer.open(stored.sealed or "", owner=_owner(stored.id)))
        link = given.pop("link")
        attachments = [Attachment(**one) for one in given.pop("attachments", [])]
        return Mail(**given, link=MailLink(**link) if link else None, attachments=attachments)

    def _stored(
        self, mail: Mail, key: str, deadline: datetime, client_id: str | None
    ) -> OutgoingMail:
        mail_id = PydanticObjectId()
        sealed = self._sealer.seal(json.dumps(asdict(mail)), owner=_owner(mail_id))
        return OutgoingMail(
            id=mail_id,
            key=key,
            client_id=client_id,
            sealed=sealed,
            due_at=utc_now(),
            deadline=deadline,
        )


async def reseal_mails(resealing: Resealing) -> int:
    """Seal the waiting mails with the installation's new secret; how many."""
    count, mails = 0, OutgoingMail.get_pymongo_collection()
    async for one in mails.find({"sealed": {"$ne": None}}, {"sealed": 1}):
        sealed = resealing.resealed(one["sealed"], owner=_owner(one["_id"]))
        if sealed is not None:
            await mails.update_one({"_id": one["_id"]}, {"$set": {"sealed": sealed}})
            count += 1
    return count


def _owner(mail_id: PydanticObjectId) -> str:
    return f"mail/{mail_id}"
