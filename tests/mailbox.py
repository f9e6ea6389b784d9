"""The mails that a test server wrote to its data folder, and the codes in them."""

import asyncio
import email
import email.policy
import re
from email.message import EmailMessage

from tests.server_process import ServerProcess

PATIENCE_SECONDS = 60.0


def mails_to(server: ServerProcess, address: str) -> list[EmailMessage]:
    """All mails to an address, the oldest first."""
    files = sorted((server.data_dir / "mail").glob("*.eml"))
    mails = [
        email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in files
    ]
    return [one for one in mails if one["To"].addresses[0].addr_spec == address]


async def next_mail(server: ServerProcess, address: str, known: int = 0) -> EmailMessage:
    """The first mail to an address after so many that are known."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found := mails_to(server, address)) <= known:  # noqa: ASYNC110 - files
            await asyncio.sleep(0.05)
        return found[known]


def text_of(mail: EmailMessage) -> str:
    """What a mail says."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def code_in(mail: EmailMessage) -> str:
    """The code in the link of a mail."""
    found = re.search(r"#(?:reset|invitation)Code=([\w-]+)$", text_of(mail), re.MULTILINE)
    assert found is not None, text_of(mail)
    return found[1]
