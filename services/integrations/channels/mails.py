"""Notices by e-mail, each address a mail of its own: nobody reads who else is told.

Handed to the mail server in the attempt itself, so that the log of deliveries says what it said.
An address that has got its mail gets no second one when another's is tried again.
"""

from datetime import UTC
from time import monotonic

import structlog

from documents.ids import PydanticObjectId
from services.integrations.channels.channel import Parcel
from services.integrations.notices import Bulletin, bulletin_of
from services.integrations.outcomes import MAX_REQUEST_EXCERPT, Outcome, excerpt
from services.mail.carriers import Carrier, MailDeferredError, MailRefusedError
from services.mail.mails import Mail
from services.mail.rendering import Sender, message_of

MOST_ADDRESSES = 10
LONGEST_S = 30.0
"""For all addresses of one attempt, in seconds."""

NOT_NOW = "The mail server did not take the mail for now."

log = structlog.get_logger()


class MailNotices:
    """Mails notices."""

    def __init__(self, carrier: Carrier, sender: Sender) -> None:
        self._carrier = carrier
        self._sender = sender

    @property
    def longest_s(self) -> float:
        """How long handing over may take, in seconds."""
        return LONGEST_S + self._carrier.longest_s

    async def send(self, parcel: Parcel) -> Outcome:
        """Hand a mail for each address to the mail server, as long as there is time."""
        bulletin, began = bulletin_of(parcel.events), monotonic()
        handled = set(parcel.delivery.handled if parcel.delivery else ())
        problems: list[str] = []
        refused = reached = 0
        for address in parcel.target["addresses"]:
            if address in handled or monotonic() - began > LONGEST_S:
                continue
            try:
                await self._carry(parcel, bulletin, address)
            except MailRefusedError as error:
                handled.add(address)
                refused += 1
                problems.append(str(error))
            except (MailDeferredError, OSError) as error:
                # It speaks of the operator's server, and clients' people read the problem.
                log.warning("notice_not_mailed", problem=str(error))
                problems.append(NOT_NOW)
            else:
                handled.add(address)
                reached += 1
        left = [one for one in parcel.target["addresses"] if one not in handled]
        return Outcome(
            problem="; ".join(dict.fromkeys(problems))[:500]
            or ("There was no time for all." if left else None),
            request_excerpt=excerpt(_text(bulletin), MAX_REQUEST_EXCERPT),
            is_final=not left and refused > 0,
            handled=sorted(handled),
            reached_some=reached > 0,
        )

    async def _carry(self, parcel: Parcel, bulletin: Bulletin, address: str) -> None:
        # The same id for each attempt, so that a mail program knows a second one.
        first = parcel.delivery.id if parcel.delivery else PydanticObjectId()
        place = list(parcel.target["addresses"]).index(address)
        mail = Mail(
            name="",
            address=address,
            subject=bulletin.subject,
            paragraphs=_paragraphs(bulletin),
            ending=[f"{parcel.integration.name} · {parcel.integration.client_id}"],
        )
        written_at = parcel.events[0].happened_at.astimezone(UTC)
        message = message_of(mail, self._sender, mail_id=f"{first}.{place}", written_at=written_at)
        await self._carrier.carry(message)


def _paragraphs(bulletin: Bulletin) -> list[str]:
    lines: list[str] = []
    for notice in bulletin.notices:
        lines.append(notice.title)
        lines += [f"{one.name}: {one.text}" for one in notice.parts]
    return [*lines, f"… and {bulletin.unshown} more"] if bulletin.unshown else lines


def _text(bulletin: Bulletin) -> str:
    return "\n".join([bulletin.subject, *_paragraphs(bulletin)])
