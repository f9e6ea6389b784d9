"""A server is killed between sending a mail and noting it: the same mail comes again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.api.operations import database_of, done
from tests.conftest import signed_in
from tests.mail_server import MailServer
from tests.server_process import ServerProcess
from tests.unit.answering.processes import until

pytestmark = pytest.mark.faults

DEMO = '{ client(slug: "demo") { id } }'


class Deadly(MailServer):
    """Takes mails, and does something the moment before it says so."""

    before_yes: Callable[[], None]

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if len(self.received) == 1:
            self.before_yes()
        return answer


async def test_a_mail_whose_sender_was_killed_comes_again_with_its_id(tmp_path: Path) -> None:
    mail = Deadly()
    await mail.start()
    url = f"smtp://127.0.0.1:{mail.port}"
    server = ServerProcess(tmp_path / "data folder", PARLANCE_SMTP_URL=url)
    mail.before_yes = server.kill
    try:
        await asyncio.to_thread(server.start)
        admin = await signed_in(server.url, server.admin_email, server.admin_password)
        client = (await admin.execute(DEMO))["client"]
        given = {"clientId": client["id"], "email": "bea@example.com", "role": "VIEWER"}
        await done(admin, "inviteUser", given, "user { id }")
        await admin.close()

        async def is_taken() -> bool:
            return bool(mail.received)

        await until(is_taken)
        await asyncio.to_thread(server.start)
        async with database_of(server) as database:

            async def is_noted() -> bool:
                sent = {"status": "sent"}
                return await database.database["outgoing_mails"].find_one(sent) is not None

            await until(is_noted)
        first, second = mail.received
        assert first["Message-ID"] == second["Message-ID"]
        assert first.as_bytes() == second.as_bytes()
    finally:
        await asyncio.to_thread(server.stop)
        await mail.stop()
