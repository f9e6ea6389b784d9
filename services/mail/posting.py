"""Sending what is in the queue, for as long as the process lives.

A mail is taken for one attempt at a time. A process that dies between sending a mail and noting it
sends it again after its restart, under the same Message-ID: a mail may come twice, and is not lost.
"""

import asyncio
import random
import secrets
from dataclasses import dataclass
from datetime import timedelta

import structlog

from documents.base import utc_now
from documents.errors import is_unavailable
from documents.outgoing_mails import (
    OutgoingMail,
    end_mail,
    make_taken_mails_due,
    put_mail_back,
    take_due_mail,
)
from services.cancelling import raise_if_cancelled
from services.mail.carriers import Carrier, MailDeferredError, MailRefusedError
from services.mail.queue import MailQueue
from services.mail.rendering import Sender, message_of
from services.sealing.sealing import UnsealError

AT_ONCE = 4
"""Mails under way in one process."""

MARGIN_S = 60.0
"""What a lease is longer than an attempt, in seconds: clocks differ and processes pause."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a mail is tried and how long lies between, in seconds.

    Attributes:
        attempts: How many there are.
        first_s: Before the second attempt; then twice as long each time.
        longest_s: The most between two attempts.
        look_s: How often is looked for a mail that is due.
    """

    attempts: int = 10
    first_s: float = 15.0
    longest_s: float = 3600.0
    look_s: float = 1.0

    def pause_after(self, attempt: int) -> timedelta:
        """How long to wait after this attempt; never the same for two mails that failed at once."""
        seconds = min(self.first_s * 2 ** (attempt - 1), self.longest_s)
        return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


class Posting:
    """Sends the mails of the queue."""

    def __init__(
        self, queue: MailQueue, carrier: Carrier, sender: Sender, patience: Patience | None = None
    ) -> None:
        self._queue = queue
        self._carrier = carrier
        self._sender = sender
        self._patience = patience or Patience()
        self._lease = timedelta(seconds=carrier.longest_s + MARGIN_S)

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                while await self.look():
                    raise_if_cancelled()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("mail_failed")
            raise_if_cancelled()
            await asyncio.sleep(self._patience.look_s)

    async def take_over(self) -> None:
        """Count all mails as left behind: for the only process on its database, at its start."""
        await make_taken_mails_due()

    async def look(self) -> bool:
        """Send some of the mails that are due; whether there were any."""
        taken = [await take_due_mail(secrets.token_hex(8), self._lease) for _ in range(AT_ONCE)]
        mails = [one for one in taken if one is not None]
        await asyncio.gather(*map(self._send, mails))
        return bool(mails)

    async def _send(self, mail: OutgoingMail) -> None:
        now = utc_now()
        if mail.deadline <= now:
            await self._give_up(mail, mail.problem or "it was not sent in time")
            return
        if mail.attempts > self._patience.attempts:  # the process died each time
            await self._give_up(mail, mail.problem or "sending it never came to an end")
            return
        try:
            await self._carrier.carry(
                message_of(
                    self._queue.opened(mail),
                    self._sender,
                    mail_id=str(mail.id),
                    written_at=mail.created_at,
                )
            )
        except (MailRefusedError, UnsealError, ValueError) as error:
            await self._give_up(mail, str(error))
        except (MailDeferredError, OSError) as error:
            await self._try_later(mail, str(error))
        else:
            if await end_mail(mail, "sent"):
                log.info("mail_sent", mail=str(mail.id), attempts=mail.attempts)

    async def _try_later(self, mail: OutgoingMail, problem: str) -> None:
        due_at = utc_now() + self._patience.pause_after(mail.attempts)
        if mail.attempts >= self._patience.attempts or due_at >= mail.deadline:
            await self._give_up(mail, problem)
        elif await put_mail_back(mail, due_at, problem):
            log.warning("mail_deferred", mail=str(mail.id), problem=problem)

    async def _give_up(self, mail: OutgoingMail, problem: str) -> None:
        if await end_mail(mail, "dead", problem):
            log.error("mail_given_up", mail=str(mail.id), about=_kind(mail), problem=problem)


def _kind(mail: OutgoingMail) -> str:
    """What the mail tells of, without what it is about."""
    return mail.key.partition("/")[0]
