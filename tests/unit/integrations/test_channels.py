"""What people get to read: escaped, cut, together or one by one, and to each address once."""

import html
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.database.database import Database
from documents.deliveries import Delivery
from documents.integrations import Integration, QuietTime
from services.integrations.channels.discord import MAX_MESSAGE as DISCORDS_MOST
from services.integrations.channels.discord import discord_text
from services.integrations.channels.mails import NOT_NOW
from services.integrations.channels.slack import slack_text
from services.integrations.channels.telegram import MAX_MESSAGE as TELEGRAMS_MOST
from services.integrations.channels.telegram import telegram_text
from services.integrations.notices import Bulletin, Notice, Part
from services.integrations.schedule import due_at
from services.integrations.targets import reseal_integrations
from services.mail.smtp_carrier import SmtpCarrier, SmtpServer
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Resealing, Sealer
from tests.mail_server import mail_server
from tests.receivers import Receiver, Reply, receiver
from tests.unit.answering.processes import until
from tests.unit.integrations.offices import SEALER, Office, process, running

pytestmark = pytest.mark.asyncio(loop_scope="session")

BERLIN = ZoneInfo("Europe/Berlin")
LONG = "🦜<b>&*_" * 2_000


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> Office:
    await Delivery.get_pymongo_collection().delete_many({})
    return await Office(database).open()


@pytest_asyncio.fixture(loop_scope="session")
async def outside() -> AsyncGenerator[Receiver, None]:
    async with receiver() as server:
        yield server


def bulletin(count: int, text: str) -> Bulletin:
    parts = [Part("Question", text), Part("Answer", text)]
    return Bulletin("Subject " + text[:500], [Notice("A title", parts)] * count, unshown=3)


def telegram_units(text: str) -> int:
    """What Telegram counts: UTF-16 units of a text once its tags and entities are read."""
    read = html.unescape(re.sub(r"</?[bi]>", "", text))
    return len(read.encode("utf-16-le")) // 2


@pytest.mark.parametrize("count", [1, 2, 20])
async def test_texts_fit_into_what_each_channel_takes(count: int) -> None:
    assert telegram_units(telegram_text(bulletin(count, LONG))) <= TELEGRAMS_MOST
    assert len(discord_text(bulletin(count, LONG))) <= DISCORDS_MOST
    assert len(slack_text(bulletin(count, LONG))) <= 12_000


async def test_what_a_visitor_writes_marks_up_nothing_and_calls_nobody() -> None:
    wild = bulletin(1, "<!channel> @everyone **bold** [x](http://evil.example) <b>")
    assert "<!channel>" not in slack_text(wild)
    assert "**bold**" not in discord_text(wild)
    assert "[x](" not in discord_text(wild)
    assert "<b>" not in telegram_text(wild).replace("<b>Subject", "").replace("<b>A title", "")


@pytest.mark.parametrize("kind", ["slack", "discord"])
async def test_an_answer_reaches_a_room(office: Office, outside: Receiver, kind: str) -> None:
    await office.integration(kind, {"url": f"{outside.url}/room-secret"})  # type: ignore[arg-type]
    await office.answered("When do you open?", "At nine.")
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.status == "delivered"
    (sent,) = outside.received
    text = sent.json["text" if kind == "slack" else "content"]
    assert "When do you open?" in text
    assert "At nine." in text
    assert "room-secret" not in delivery.model_dump_json()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("discord", b'{"message": "You are being rate limited.", "retry_after": %s}'),
        ("telegram", b'{"ok": false, "error_code": 429, "parameters": {"retry_after": %s}}'),
    ],
)
@pytest.mark.parametrize(("wish", "least"), [(b"7200", 2.0), (b"1e300", 10.0), (b"-1e300", 0.0)])
async def test_a_wish_for_later_in_the_answer_is_followed(
    office: Office, outside: Receiver, kind: str, body: bytes, wish: bytes, least: float
) -> None:
    outside.otherwise = Reply(429, body % wish)
    address = {"bot_token": "1:x", "chat_id": "1"} if kind == "telegram" else {"url": outside.url}
    await office.integration(kind, address)  # type: ignore[arg-type]
    await office.happens()
    async with running(process(office, telegram_url=outside.url)):
        (delivery,) = await office.ended(1)
    (attempt,) = delivery.attempts
    assert (delivery.status, attempt.http_status) == ("retrying", 429)
    wait = (delivery.due_at - attempt.at) / timedelta(hours=1)
    assert least <= wait <= 1.2 * least + 0.1


async def test_a_digest_is_one_message(office: Office, outside: Receiver) -> None:
    await office.integration("slack", {"url": outside.url}, digest_minutes=60)
    await office.happens(30)
    await office.spread()
    waiting = await office.deliveries()
    assert len({one.due_at for one in waiting}) == 1
    assert waiting[0].due_at > utc_now()
    await office.let_be_due()
    async with running(process(office)):
        await office.ended(30, status="delivered")
    (sent,) = outside.received
    assert sent.json["text"].startswith("*30 events · An &lt;office&gt; &amp; Co*")
    assert "… and 10 more" in sent.json["text"]


async def test_each_address_gets_one_mail_though_another_is_tried_again(office: Office) -> None:
    async with mail_server() as server:
        carrier = SmtpCarrier(SmtpServer("127.0.0.1", server.port, tls="never"))
        await office.integration("email", {"addresses": ["a@example.com", "b@example.com"]})
        server.answers.extend(["250 OK", "451 later"])
        await office.answered("When do you open?", "At nine.")
        async with running(process(office, carrier=carrier)):
            (failed,) = await office.ended(1)
            assert failed.status == "retrying"
            assert failed.attempts[0].problem == NOT_NOW
            await office.let_be_due()

            async def is_delivered() -> bool:
                return bool(await office.deliveries(status="delivered"))

            await until(is_delivered)
    receivers = [one["To"] for one in server.received]
    assert sorted(receivers) == ["a@example.com", "b@example.com"]
    said = server.received[0].get_body(("plain",))
    assert said is not None
    assert "When do you open?" in said.get_payload(decode=True).decode()  # type: ignore[union-attr]


def quiet(since: str, until: str) -> Integration:
    return Integration(
        client_id="x",
        kind="slack",
        name="n",
        target_label="t",
        sealed_target="",
        events=["report.ready"],
        quiet_time=QuietTime(since=since, until=until),
    )


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-22T22:30", "2026-11-23T07:00"),
        ("2026-11-23T06:59", "2026-11-23T07:00"),
        ("2026-11-23T07:00", "2026-11-23T07:00"),
        ("2026-11-22T21:59", "2026-11-22T21:59"),
        ("2026-03-28T23:00", "2026-03-29T07:00"),  # the clocks change in this night
    ],
)
async def test_quiet_hours_end_by_the_clients_clock(now: str, due: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=BERLIN).astimezone(UTC)
    expected = datetime.fromisoformat(due).replace(tzinfo=BERLIN)
    assert due_at(quiet("22:00", "07:00"), moment, BERLIN) == expected


async def test_quiet_hours_by_day_end_the_same_day() -> None:
    moment = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    assert due_at(quiet("12:00", "14:00"), moment, ZoneInfo("UTC")) == moment + timedelta(hours=1.5)


async def test_another_secret_of_the_installation_opens_targets_after_a_rotation(
    office: Office,
) -> None:
    made = await office.webhook("https://hooks.example.com/secret")
    new = Sealer(DerivedKeys("another secret of forty characters, and longer"))
    assert await reseal_integrations(Resealing(SEALER, new)) >= 2
    found = await office.scope.of(Integration).get(made.id)
    assert found is not None
    assert "hooks.example.com" in new.open(
        found.sealed_target, owner=f"integration/{made.id}/target"
    )
    await office.scope.of(Integration).delete_many({})
