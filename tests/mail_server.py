"""A mail server for tests: aiosmtpd on a port of its own, that says what it is told to say."""

import asyncio
import email
import email.policy
import ssl
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "postman", "p@ss:word"
TAKEN = "250 OK"


class MailServer:
    """Takes mails, unless `answers` or `to_receiver` say otherwise; may be stopped and started."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, sign_in: bool = False) -> None:
        self.received: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.raw: list[bytes] = []
        self.encrypted: list[bool] = []
        self.answers: deque[str] = deque()
        self.to_receiver = TAKEN
        self.port = 0
        self._tls = tls
        self._sign_in = sign_in
        self._listening: asyncio.Server | None = None

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    def _protocol(self) -> SMTP:
        wants: dict[str, Any] = {}
        if self._sign_in:
            wants = {
                "authenticator": _known,
                "auth_required": True,
                "auth_require_tls": self._tls is not None,
            }
        return SMTP(
            self,
            hostname="mail.example.com",
            tls_context=self._tls,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
            **wants,
        )

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name, and what it gives
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],  # noqa: ARG002
    ) -> str:
        if self.to_receiver == TAKEN:
            envelope.rcpt_tos.append(address)
        return self.to_receiver

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,
        envelope: Envelope,
    ) -> str:
        answer = self.answers.popleft() if self.answers else TAKEN
        if answer == TAKEN:
            raw = envelope.content
            assert isinstance(raw, bytes)
            self.received.append(email.message_from_bytes(raw, policy=email.policy.default))
            self.raw.append(raw)
            self.envelopes.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return answer


def _known(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
) -> AuthResult:
    known = given == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, *, sign_in: bool = False
) -> AsyncGenerator[MailServer, None]:
    """A running one."""
    server = MailServer(tls, sign_in=sign_in)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
