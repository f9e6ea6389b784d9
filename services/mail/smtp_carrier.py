"""Handing messages to a mail server (RFC 5321), each over a connection of its own.

What the server says about this sender, receiver or message with a 5xx is final. Everything else may
heal: a 4xx, no connection, and also what an operator mends, such as a wrong password.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path
from typing import Literal

import aiosmtplib

from services.mail.carriers import CarryingError, MailDeferredError, MailRefusedError
from services.mail.rendering import one_line

TlsMode = Literal["implicit", "required", "offered", "never"]
PERMANENT = 500
GOODBYE_SECONDS = 2.0
"""The message is the server's by then; a goodbye that is lost changes nothing."""

MAX_PROBLEM = 200
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """How to reach a mail server.

    Attributes:
        host: Its name.
        port: Its port.
        tls: From the first byte; by STARTTLS, which must be there; by STARTTLS when it is offered,
            whatever the certificate (it keeps out those who only listen); never.
        username: For signing in; None: no sign-in.
        password: For signing in.
        hello: What we call ourselves.
        authorities: A file of certificates to trust beside the system's.
        timeout_s: How long one message may take from connecting to the server's yes, in seconds.
        max_bytes: The longest message.
    """

    host: str
    port: int
    tls: TlsMode = "offered"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    hello: str = "localhost"
    authorities: Path | None = None
    timeout_s: float = 30.0
    max_bytes: int = 1_000_000

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.host}:{self.port}"


class SmtpCarrier:
    """Hands messages to one mail server."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    @property
    def longest_s(self) -> float:
        """How long one message may take, in seconds."""
        return self._server.timeout_s + GOODBYE_SECONDS

    async def carry(self, message: EmailMessage) -> None:
        """Hand a message over.

        Raises:
            MailRefusedError: the server will never take it, or it is too long.
            MailDeferredError: the server did not take it now.
        """
        raw = _as_sent(message)
        if len(raw) > self._server.max_bytes:
            raise MailRefusedError(f"{len(raw)} bytes are more than {self._server.max_bytes}")
        try:
            async with self._connected() as smtp:
                await self._hand_over(smtp, message, raw)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._deferred(error) from error

    async def greet(self) -> None:
        """Connect and sign in as for a message.

        Raises:
            MailDeferredError: why no message would be taken.
        """
        try:
            async with self._connected():
                pass
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._deferred(error) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[aiosmtplib.SMTP, None]:
        """A connection, signed in. All but the goodbye happens within the time for one message."""
        smtp = _client(self._server)
        try:
            async with asyncio.timeout(self._server.timeout_s):
                await smtp.connect()
                yield smtp
            with suppress(aiosmtplib.SMTPException, OSError):
                await smtp.quit(timeout=GOODBYE_SECONDS)
        finally:
            smtp.close()

    async def _hand_over(self, smtp: aiosmtplib.SMTP, message: EmailMessage, raw: bytes) -> None:
        sender, receiver = (message[name].addresses[0].addr_spec for name in ("From", "To"))
        options = () if (sender + receiver).isascii() else ("SMTPUTF8", "BODY=8BITMIME")
        try:
            await smtp.sendmail(sender, [receiver], raw, mail_options=options)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _answered(error.recipients[0]) from error
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            raise _answered(error) from error

    def _deferred(self, error: Exception) -> MailDeferredError:
        return MailDeferredError(f"{self._server.place} {problem_in(error)}")


def problem_in(error: BaseException) -> str:
    """What is wrong with a mail server, for the operator."""
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return f"does not accept user and password ({_said(error)})"
        case aiosmtplib.SMTPResponseException():
            return f"is not ready ({_said(error)})"
        case _ if (tls := _tls_problem(error)) is not None:
            return f"has no good TLS ({tls})"
        case TimeoutError() | OSError():
            return "does not answer"
        case aiosmtplib.SMTPException():
            return f"cannot do what is needed ({one_line(error.message, MAX_PROBLEM)})"
    return "does not speak as a mail server"


def _tls_problem(error: BaseException | None) -> str | None:
    """Why TLS failed, wherever in the chain of errors it is said."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return one_line(getattr(error, "verify_message", "") or error.reason or "", MAX_PROBLEM)
        error = error.__cause__ or error.__context__
    return None


def _answered(error: aiosmtplib.SMTPResponseException) -> CarryingError:
    if error.code >= PERMANENT:
        return MailRefusedError(_said(error))
    return MailDeferredError(_said(error))


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    """What the mail server said, without the addresses that it repeats: it goes into the log."""
    said = _ADDRESS.sub("(address)", error.message)
    return one_line(f"{error.code} {said}", MAX_PROBLEM)


def _as_sent(message: EmailMessage) -> bytes:
    address = message["To"].addresses[0].addr_spec
    return message.as_bytes(policy=SMTP if address.isascii() else SMTPUTF8)


def _client(server: SmtpServer) -> aiosmtplib.SMTP:
    starts = {"implicit": False, "required": True, "offered": None, "never": False}
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        local_hostname=server.hello,
        timeout=server.timeout_s,
        use_tls=server.tls == "implicit",
        start_tls=starts[server.tls],
        validate_certs=server.tls != "offered",
        cert_bundle=str(server.authorities) if server.authorities else None,
    )
