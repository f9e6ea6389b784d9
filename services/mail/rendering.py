"""From a mail's words to a message that any mail program reads (RFC 5322, RFC 2046).

Names come from people: the headers are made by the standard library, which encodes what is not
ASCII, and every text that goes into one is brought onto one line first.
"""

import html
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple

from services.languages.codes import RIGHT_TO_LEFT
from services.mail.mails import Mail, MailLink

MAX_SUBJECT = 200
MAX_NAME = 100


class Sender(NamedTuple):
    """From whom mails come."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """Where the sender's mailbox is."""
        return self.address.rpartition("@")[2]


def message_of(mail: Mail, sender: Sender, *, mail_id: str, written_at: datetime) -> EmailMessage:
    """The message; the same for each attempt, so that a receiver knows a second one by its id."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _mailbox(mail.brand or sender.name, sender.address)
    message["To"] = _mailbox(mail.name, mail.address)
    message["Subject"] = one_line(mail.subject, MAX_SUBJECT)
    message["Date"] = written_at
    message["Message-ID"] = f"<{mail_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_text(mail))
    message.add_alternative(_html(mail), subtype="html")
    message.set_boundary(f"part-of-{mail_id}")
    for attached in mail.attachments:
        subtype = attached.media_type.partition("/")[2]
        message.add_attachment(attached.text, subtype=subtype, filename=attached.name)
    if mail.attachments:
        message.set_boundary(f"all-of-{mail_id}")
    message["Content-Language"] = mail.language  # each part that is added takes such headers along
    return message


def one_line(text: str, most: int) -> str:
    """A text for a header: without ends of lines and other controls, and not too long."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _mailbox(name: str, address: str) -> Address:
    mailbox, _, domain = address.rpartition("@")
    return Address(one_line(name, MAX_NAME), username=mailbox, domain=domain)


def _text(mail: Mail) -> str:
    link = [f"{mail.link.text}:\n{mail.link.url}"] if mail.link else []
    return "\n\n".join([*mail.paragraphs, *link, *mail.ending]) + "\n"


def _html(mail: Mail) -> str:
    body = "".join(
        [
            _brand(mail) if mail.brand else "",
            *map(_paragraph, mail.paragraphs),
            _button(mail.link) if mail.link else "",
            *map(_paragraph, mail.ending),
        ]
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(mail.language)}" dir="{_direction(mail)}">'
        '<head><meta charset="utf-8">'
        f"<title>{html.escape(one_line(mail.subject, MAX_SUBJECT))}</title></head>\n"
        '<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em">\n'
        f"{body}</body></html>\n"
    )


def _brand(mail: Mail) -> str:
    line = f"border-bottom: 4px solid {html.escape(mail.brand_color)}"
    style = f"{line}; padding-bottom: .5em; font-size: 1.25em; font-weight: bold"
    return f'<p style="{style}">{html.escape(mail.brand)}</p>\n'


def _direction(mail: Mail) -> str:
    return "rtl" if mail.language in RIGHT_TO_LEFT else "ltr"


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>\n"


def _button(link: MailLink) -> str:
    return f'<p><a href="{html.escape(link.url)}">{html.escape(link.text)}</a></p>\n'
