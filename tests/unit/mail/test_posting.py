"""The queue and a real mail server: sent once, tried again, given up, and not lost."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.database.database import Database
from documents.duplicates import DuplicateError, duplicates_reported
from documents.outgoing_mails import OutgoingMail
from documents.transactions import WriteSession
from services.mail.carriers import Carrier
from services.mail.folder_carrier import FolderCarrier
from services.mail.mails import Mail, MailLink
from services.mail.posting import Patience, Posting
from services.mail.queue import MailQueue, reseal_mails
from services.mail.rendering import Sender
from services.mail.smtp_carrier import SmtpCarrier, SmtpServer, TlsMode
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Resealing, Sealer
from tests.mail_server import PASSWORD, USER, MailServer, mail_server
from tests.unit.outgoing.certificates import server_and_client_tls

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEALER = Sealer(DerivedKeys("a secret of forty characters, long enough"))
SENDER = Sender("Parlance", "no-reply@chat.example.com")
CODE = "an-unguessable-code"
AT_ONCE = Patience(attempts=5, first_s=0.0, longest_s=0.0)
"""No pauses: what is deferred is due again."""


@pytest_asyncio.fixture(loop_scope="session")
async def queue(database: Database) -> MailQueue:
    """A queue with nothing in it."""
    await OutgoingMail.get_pymongo_collection().delete_many({})
    return MailQueue(SEALER)


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncGenerator[MailServer, None]:
    async with mail_server() as running:
        yield running


async def put(database: Database, queue: MailQueue, key: str = "test/1", **more: Any) -> None:
    mail = Mail(
        name="Anna",
        address="anna@example.com",
        subject="Welcome",
        paragraphs=["You are welcome."],
        link=MailLink("Come in", f"https://chat.example.com/account#resetCode={CODE}"),
    )
    mail = dataclasses.replace(mail, **more)

    async def store(session: WriteSession) -> None:
        deadline = utc_now() + timedelta(minutes=15)
        await queue.put(session, mail, key=key, deadline=deadline)

    with duplicates_reported():
        await database.run_transaction(store)


def carrier_to(server: MailServer, tls: TlsMode = "offered", **more: Any) -> SmtpCarrier:
    place = SmtpServer("localhost", server.port, tls, timeout_s=20)
    return SmtpCarrier(dataclasses.replace(place, **more))


def posting(queue: MailQueue, carrier: Carrier, patience: Patience = AT_ONCE) -> Posting:
    return Posting(queue, carrier, SENDER, patience)


async def post_all(posting: Posting) -> int:
    """Send until nothing is due; how many looks found something."""
    looks = 0
    while await posting.look():
        looks += 1
    return looks


async def the_mail() -> OutgoingMail:
    mail = await OutgoingMail.find_one({})
    assert mail is not None
    return mail


async def test_a_mail_is_sent_once(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue)
    with pytest.raises(DuplicateError):
        await put(database, queue)
    several = [posting(queue, carrier_to(server)) for _ in range(3)]
    await asyncio.gather(*map(post_all, several))
    (message,) = server.received
    assert message["To"] == "Anna <anna@example.com>"
    assert CODE in str(message.get_body(("plain",)))
    mail = await the_mail()
    assert (mail.status, mail.attempts, mail.sealed, mail.taken_by) == ("sent", 1, None, None)
    assert mail.expires_at is not None


async def test_what_a_mail_says_is_sealed(database: Database, queue: MailQueue) -> None:
    await put(database, queue)
    stored = str(await OutgoingMail.get_pymongo_collection().find_one({}))
    for said in (CODE, "anna", "Anna", "Welcome"):
        assert said not in stored
    new = Sealer(DerivedKeys("another secret of forty characters, long"))
    assert await reseal_mails(Resealing(SEALER, new)) == 1
    assert await reseal_mails(Resealing(SEALER, new)) == 0
    assert MailQueue(new).opened(await the_mail()).address == "anna@example.com"


async def test_a_mail_of_a_transaction_that_fails_is_none(
    database: Database, queue: MailQueue
) -> None:
    async def store(session: WriteSession) -> None:
        mail = Mail("Anna", "anna@example.com", "Hello", ["Hello"])
        await queue.put(session, mail, key="test/2", deadline=utc_now() + timedelta(hours=1))
        raise LookupError

    with suppress(LookupError):
        await database.run_transaction(store)
    assert await OutgoingMail.find_one({}) is None


@pytest.mark.parametrize("where", ["receiver", "message"])
async def test_what_the_server_refuses_for_good_is_given_up(
    database: Database, queue: MailQueue, server: MailServer, where: str
) -> None:
    if where == "receiver":
        server.to_receiver = "550 5.1.1 nobody here\twith this name"
    else:
        server.answers.append("554 5.7.1 this is spam")
    await put(database, queue)
    assert await post_all(posting(queue, carrier_to(server))) == 1
    mail = await the_mail()
    assert (mail.status, mail.attempts, mail.sealed) == ("dead", 1, None)
    assert mail.problem is not None
    assert mail.problem.startswith("550 5.1.1" if where == "receiver" else "554 5.7.1")
    assert server.received == []


async def test_what_the_server_puts_off_is_tried_again(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    server.answers.extend(["451 4.7.1 greylisted", "421 4.3.2 too busy"])
    await put(database, queue)
    assert await post_all(posting(queue, carrier_to(server))) == 3
    assert len(server.received) == 1
    mail = await the_mail()
    assert (mail.status, mail.attempts) == ("sent", 3)


async def test_a_server_that_puts_off_for_ever_gets_as_many_attempts_as_there_are(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    server.to_receiver = "450 4.2.0 try again later"
    await put(database, queue)
    assert await post_all(posting(queue, carrier_to(server))) == 5
    mail = await the_mail()
    assert (mail.status, mail.attempts) == ("dead", 5)
    assert mail.problem is not None
    assert "450 4.2.0" in mail.problem


async def test_a_mail_waits_for_a_server_that_is_away(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue)
    await server.stop()
    away = posting(queue, carrier_to(server))
    assert await away.look()
    mail = await the_mail()
    assert mail.status == "waiting"
    assert mail.problem == f"localhost:{server.port} does not answer"
    await server.start()
    await post_all(away)
    assert (await the_mail()).status == "sent"
    assert len(server.received) == 1


async def test_the_pauses_grow_and_differ(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    server.to_receiver = "450 4.2.0 try again later"
    await put(database, queue)
    began = utc_now()
    patient = posting(queue, carrier_to(server), Patience(first_s=60.0, longest_s=600.0))
    await post_all(patient)
    mail = await the_mail()
    assert mail.attempts == 1, "it is not due yet"
    assert timedelta(seconds=45) <= mail.due_at - began
    pauses = [Patience(first_s=60.0, longest_s=600.0).pause_after(n) for n in range(1, 12)]
    for attempt, pause in enumerate(pauses):
        expected = min(60.0 * 2**attempt, 600.0)
        assert 0.75 * expected <= pause.total_seconds() <= 1.25 * expected
    assert len({Patience().pause_after(1) for _ in range(20)}) > 1


async def test_a_mail_that_is_of_no_use_any_more_is_not_sent(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue)
    past = {"$set": {"deadline": utc_now() - timedelta(seconds=1)}}
    await OutgoingMail.get_pymongo_collection().update_one({}, past)
    await post_all(posting(queue, carrier_to(server)))
    assert server.received == []
    mail = await the_mail()
    assert (mail.status, mail.problem) == ("dead", "it was not sent in time")


class Dying(SmtpCarrier):
    """Its process ends after the server has taken the message, and before that is noted."""

    async def carry(self, message: EmailMessage) -> None:
        await super().carry(message)
        raise asyncio.CancelledError


async def test_a_mail_that_was_sent_and_not_noted_is_sent_again_under_its_id(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue)
    place = SmtpServer("localhost", server.port, timeout_s=20)
    with pytest.raises(asyncio.CancelledError):
        await posting(queue, Dying(place)).look()
    assert (await the_mail()).status == "waiting"

    after = posting(queue, carrier_to(server))
    assert not await after.look(), "the attempt may still be under way"
    await after.take_over()
    assert await post_all(after) == 1
    first, second = server.received
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
    assert ((await the_mail()).status, (await the_mail()).attempts) == ("sent", 2)


async def test_an_attempt_that_was_slower_than_its_lease_notes_nothing(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue)

    class Slow(SmtpCarrier):
        async def carry(self, message: EmailMessage) -> None:  # noqa: ARG002
            other = posting(queue, carrier_to(server))
            await other.take_over()
            await post_all(other)
            raise OSError("the line was cut")

    await posting(queue, Slow(SmtpServer("localhost", server.port))).look()
    mail = await the_mail()
    assert (mail.status, mail.problem) == ("sent", None)


async def test_a_mail_that_kills_its_process_ends_at_last(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue)
    await OutgoingMail.get_pymongo_collection().update_one({}, {"$set": {"attempts": 5}})
    await post_all(posting(queue, carrier_to(server)))
    mail = await the_mail()
    assert (mail.status, mail.problem) == ("dead", "sending it never came to an end")
    assert server.received == []


async def test_a_mail_of_another_secret_key_is_given_up(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue)
    other = MailQueue(Sealer(DerivedKeys("another secret of forty characters, long")))
    await post_all(posting(other, carrier_to(server)))
    assert (await the_mail()).status == "dead"


async def test_tls_and_a_sign_in(database: Database, queue: MailQueue, tmp_path: Path) -> None:
    tls, _ = server_and_client_tls("localhost", tmp_path)
    await put(database, queue)
    async with mail_server(tls, sign_in=True) as server:
        known: dict[str, Any] = {"username": USER, "password": PASSWORD}
        known["authorities"] = tmp_path / "server.pem"
        await post_all(posting(queue, carrier_to(server, "required", **known)))
        assert server.encrypted == [True]
    assert (await the_mail()).status == "sent"


async def test_without_a_good_certificate_no_password_is_sent(
    database: Database, queue: MailQueue, tmp_path: Path
) -> None:
    tls, _ = server_and_client_tls("localhost", tmp_path)
    await put(database, queue)
    known: dict[str, Any] = {"username": USER, "password": PASSWORD}
    async with mail_server(tls, sign_in=True) as server:
        await posting(queue, carrier_to(server, "required", **known)).look()
        assert "has no good TLS" in str((await the_mail()).problem)
    async with mail_server() as server:
        await posting(queue, carrier_to(server, "required", **known)).look()
        assert "cannot do what is needed" in str((await the_mail()).problem)
        assert server.received == []


async def test_a_wrong_password_is_for_the_operator_to_mend(
    database: Database, queue: MailQueue, tmp_path: Path
) -> None:
    tls, _ = server_and_client_tls("localhost", tmp_path)
    await put(database, queue)
    async with mail_server(tls, sign_in=True) as server:
        wrong: dict[str, Any] = {"username": USER, "password": "s3cret"}
        wrong["authorities"] = tmp_path / "server.pem"
        await posting(queue, carrier_to(server, "required", **wrong)).look()
    mail = await the_mail()
    assert mail.status == "waiting"
    assert "does not accept user and password" in str(mail.problem)
    assert "s3cret" not in str(mail.problem)


async def test_whoever_offers_tls_gets_it_whatever_the_certificate(
    database: Database, queue: MailQueue, tmp_path: Path
) -> None:
    tls, _ = server_and_client_tls("mail.example.com", tmp_path)
    async with mail_server(tls) as server:
        await put(database, queue)
        await post_all(posting(queue, carrier_to(server, "offered")))
        await put(database, queue, "test/2")
        await post_all(posting(queue, carrier_to(server, "never")))
        assert server.encrypted == [True, False]


async def test_a_mail_that_is_too_long_is_given_up(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue, paragraphs=["x" * 20_000])
    await post_all(posting(queue, carrier_to(server, max_bytes=10_000)))
    mail = await the_mail()
    assert (mail.status, server.received) == ("dead", [])
    assert "more than 10000" in str(mail.problem)


async def test_an_address_in_another_script_is_reached(
    database: Database, queue: MailQueue, server: MailServer
) -> None:
    await put(database, queue, address="jürgen@example.com", name="Jürgen")
    await post_all(posting(queue, carrier_to(server)))
    assert [one.rcpt_tos for one in server.envelopes] == [["jürgen@example.com"]]
    assert "Jürgen <jürgen@example.com>".encode() in server.raw[0]


async def test_without_a_mail_server_mails_become_files(
    database: Database, queue: MailQueue, tmp_path: Path
) -> None:
    folder = tmp_path / "mail"
    await put(database, queue)
    await post_all(posting(queue, FolderCarrier(folder)))
    (file,) = folder.iterdir()
    assert file.name == f"{(await the_mail()).id}.eml"
    assert CODE.encode() in file.read_bytes()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
