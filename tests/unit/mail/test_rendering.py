"""What a mail looks like, whatever people call themselves."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from services.mail.mails import Mail, MailLink
from services.mail.rendering import Sender, message_of, one_line

SENDER = Sender("Parlance", "no-reply@chat.example.com")
WRITTEN_AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def rendered(**more: Any) -> EmailMessage:
    given: dict[str, Any] = {"name": "Anna", "address": "anna@example.com", "subject": "Hello"}
    mail = Mail(**{**given, "paragraphs": ["You are welcome."], **more})
    raw = message_of(mail, SENDER, mail_id="6f", written_at=WRITTEN_AT).as_bytes()
    return email.message_from_bytes(raw, policy=email.policy.default)


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_has_text_and_html_and_says_what_it_is() -> None:
    link = MailLink("Choose a password", "https://chat.example.com/account#resetCode=a&b")
    message = rendered(link=link, ending=["It works for 15 minutes."])
    assert message["From"] == "Parlance <no-reply@chat.example.com>"
    assert message["To"] == "Anna <anna@example.com>"
    assert message["Message-ID"] == "<6f@chat.example.com>"
    assert message["Date"].datetime == WRITTEN_AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert body_of(message, "plain") == (
        "You are welcome.\n\nChoose a password:\n"
        "https://chat.example.com/account#resetCode=a&b\n\nIt works for 15 minutes.\n"
    )
    assert '<a href="https://chat.example.com/account#resetCode=a&amp;b">Choose a password</a>' in (
        body_of(message, "html")
    )


def test_nobody_writes_headers_or_markup() -> None:
    evil = "Ann\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>\x00"
    message = rendered(name=evil, subject=evil, paragraphs=[evil], brand=evil, brand_color=evil)
    assert len(message["From"].addresses) == 1
    assert message["Bcc"] is None
    assert len(message["To"].addresses) == 1
    assert message["To"].addresses[0].addr_spec == "anna@example.com"
    assert "\n" not in message["Subject"]
    assert "<script>" not in body_of(message, "html")


def test_names_of_all_scripts_arrive() -> None:
    name, subject = "Łukasz Müller, 田中", "Einladung zu „Käse & Söhne“ 🧀"
    message = rendered(name=name, subject=subject, paragraphs=[subject])
    assert message["To"].addresses[0].display_name == name
    assert message["Subject"] == subject
    assert subject in body_of(message, "plain")


def test_what_is_too_long_for_a_header_is_cut() -> None:
    assert one_line("long " * 5_000, 100) == "long " * 19 + "long…"
    message = rendered(name="a name " * 5_000, subject="a word " * 5_000)
    assert len(message["Subject"]) == 200
    assert len(message["To"].addresses[0].display_name) == 100
