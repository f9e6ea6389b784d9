"""Services that Apprise knows: told through our own door, from where there is no other way out."""

import asyncio
import gzip
import json
import os
import signal
import socket
import sys
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from documents.database.database import Database
from documents.deliveries import Delivery
from services.confined.frames import BrokenFrameError
from services.integrations.apprise_program.program import (
    Answered,
    AppriseProgram,
    Asked,
    Letter,
    _conversation,
)
from services.integrations.channels.apprise_services import (
    MOST_REQUESTS,
    AppriseNotices,
    UnusableServiceError,
    _Clerk,
    apprise_text,
)
from services.integrations.hiding import secrets_in_service
from services.integrations.http_posts import HttpPosts
from services.integrations.notices import Bulletin, Notice, Part
from tests.receivers import Receiver, Reply, receiver
from tests.unit.answering.processes import until
from tests.unit.integrations.offices import Office, process, running

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = Reply(200, b"x" * 1_000_000)
PACKED = Reply(202, gzip.compress(b"{}"), {"content-encoding": "gzip"})
KEY = "TIiajkdnlazkcOXrIdevi7FQ"
PROBE = """
import socket, sys
from apprise.decorators import notify
from services.integrations.apprise_program import job
from services.integrations.apprise_program.offered import load_services
load_services()
import requests, os
def refused(call):
    try:
        call()
    except OSError:
        return "refused"
    return "done"
@notify(on="probe")
def probe(body, title, *_, **__):
    tried = [
        refused(lambda: socket.socket()),
        refused(lambda: open("/etc/hostname")),
        refused(lambda: os.pipe()),
        refused(lambda: requests.post("https://a.example/", data=b"x" * 2_000_000)),
    ]
    requests.post("https://b.example/", data=",".join(tried))
    return True
job.do(socket.socket(fileno=int(sys.argv[1])))
"""


@pytest_asyncio.fixture(loop_scope="session")
async def office(database: Database) -> Office:
    await Delivery.get_pymongo_collection().delete_many({})
    return await Office(database).open()


@pytest_asyncio.fixture(loop_scope="session")
async def outside() -> AsyncGenerator[Receiver, None]:
    async with receiver() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def program() -> AsyncGenerator[AppriseProgram, None]:
    shared = AppriseProgram()
    yield shared
    await shared.close()


@asynccontextmanager
async def notices(program: AppriseProgram) -> AsyncGenerator[AppriseNotices, None]:
    posts = HttpPosts(["127.0.0.1"])
    yield AppriseNotices(posts, program)
    await posts.close()


async def only_ok(_: Asked) -> Answered:
    return Answered(200, {"content-type": "application/json"}, b'{"ok": true}')


def service_at(outside: Receiver, path: str = f"/{KEY}") -> str:
    return f"json://anna:{KEY}@127.0.0.1:{outside.port}{path}"


async def test_an_answer_reaches_a_service_and_its_keys_reach_no_log(
    office: Office, outside: Receiver
) -> None:
    basic = b64encode(f"anna:{KEY}".encode()).decode()
    echo = {"asked": KEY, "by": "anna", "access_token": "given-by-the-service", "basic": basic}
    outside.otherwise = Reply(200, json.dumps(echo).encode())
    await office.integration("apprise", {"apprise_url": service_at(outside)})
    await office.answered("When do you open?", "At nine, @everyone.")
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert delivery.status == "delivered"
    (sent,) = outside.received
    assert sent.path == f"/{KEY}"
    assert sent.json["title"] == "A question was answered · An <office> & Co"
    assert "Question: When do you open?\nAnswer: At nine, @\u2060everyone." in sent.json["message"]
    (attempt,) = delivery.attempts
    assert attempt.http_status == 200
    assert "When do you open?" in (attempt.request_excerpt or "")
    kept = delivery.model_dump_json()
    assert "(secret)" in kept
    for secret in (KEY, "given-by-the-service", basic.rstrip("=")):
        assert secret not in kept


async def test_a_digest_is_one_message(office: Office, outside: Receiver) -> None:
    address = {"apprise_url": service_at(outside)}
    await office.integration("apprise", address, digest_minutes=60)
    await office.happens(3)
    await office.spread()
    await office.let_be_due()
    async with running(process(office)):
        await office.ended(3, status="delivered")
    (sent,) = outside.received
    assert sent.json["title"].startswith("3 events")


@pytest.mark.parametrize(
    ("reply", "status", "problem"),
    [
        (Reply(503, b"later", {"retry-after": "7200"}), 503, "It answered 503."),
        (Reply(302, b"", {"location": "/other"}), 302, "redirects are not followed"),
        (Reply(hangs=True), None, "did not finish within"),
    ],
)
async def test_what_a_service_does_is_told(
    office: Office, outside: Receiver, reply: Reply, status: int | None, problem: str
) -> None:
    outside.otherwise = reply
    await office.integration("apprise", {"apprise_url": service_at(outside)})
    await office.happens()
    async with running(process(office, deadline_s=0.2 if reply.hangs else 60.0)):
        (delivery,) = await office.ended(1)
    (attempt,) = delivery.attempts
    assert (delivery.status, attempt.http_status) == ("retrying", status)
    assert problem in (attempt.problem or "")
    assert [one.path for one in outside.received] in ([], [f"/{KEY}"])
    if "retry-after" in reply.headers:
        assert (delivery.due_at - attempt.at).total_seconds() >= 7200


async def test_no_service_is_reached_that_the_guard_refuses(
    office: Office, outside: Receiver
) -> None:
    await office.integration("apprise", {"apprise_url": service_at(outside)})
    await office.happens()
    async with running(process(office, allowed=())):
        (delivery,) = await office.ended(1)
    assert "may not be called" in (delivery.attempts[0].problem or "")
    assert outside.received == []


async def test_a_service_may_not_ask_for_ever(outside: Receiver) -> None:
    posts = HttpPosts(["127.0.0.1"])
    clerk = _Clerk(posts)
    answers = [await clerk.ask(Asked("GET", outside.url, {}, None)) for _ in range(25)]
    await posts.close()
    assert [one.status for one in answers] == [200] * MOST_REQUESTS + [None] * 5
    assert len(outside.received) == MOST_REQUESTS
    assert clerk.exchanges[-1].problem == "It took too many requests."


REACHED = {
    "discord://1234567890/abcdefghijk_lmnop": ("Discord", "discord.com"),
    "gchat://workspace/key/token": ("Google Chat", "chat.googleapis.com"),
    "gotifys://push.example.com/Aaaaaaaaaaaaaa1": ("Gotify", "push.example.com"),
    "https://discord.com/api/webhooks/123456/abcdefg": ("Discord", "discord.com"),
    "mailgun://user@example.com/4b4f2918fd-key/to@example.com": ("Mailgun", "api.mailgun.net"),
    "matrixs://user:pass@matrix.example.org/#room": ("Matrix", "matrix.example.org"),
    "mmosts://chat.example.com/aaaaaaaaaaaaaaaaaaaaaaaaaa": ("Mattermost", "chat.example.com"),
    "ntfys://my-topic": ("ntfy", "ntfy.sh"),
    "opsgenie://a80a22e0-0000-0000-0000-000000000000": ("Opsgenie", "api.opsgenie.com"),
    "pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": (
        "Pushover",
        "api.pushover.net",
    ),
    f"slack://T1JJ3T3L2/A1BRTD4JD/{KEY}/#channel": ("Slack", "hooks.slack.com"),
    "workflows://prod-1.example.com:443/workflowid/signature/": (
        "Power Automate / Workflows (for MSTeams)",
        "prod-1.example.com",
    ),
}


@pytest.mark.parametrize("url", sorted(REACHED))
async def test_services_of_many_kinds_work_without_files_and_sockets(
    program: AppriseProgram, url: str
) -> None:
    name, host = REACHED[url]
    async with notices(program) as channel:
        found = await channel.look(url)
    assert found.name == name
    assert urlsplit(found.first_url).hostname == host


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("dbus://", "not reached over HTTPS"),
        ("https://example.com/hook", "not complete"),
        ("mailto://a:b@example.com", "there are `emails`"),
        ("nonsense://example.com", "no service that Apprise knows"),
        ("syslog://", "not reached over HTTPS"),
        ("twilio://", "not complete"),
    ],
)
async def test_an_address_that_tells_nobody_is_refused(
    program: AppriseProgram, url: str, says: str
) -> None:
    async with notices(program) as channel:
        with pytest.raises(UnusableServiceError, match=says):
            await channel.look(url)


async def test_a_job_can_open_nothing_and_say_only_so_much() -> None:
    reader, writer, running_job = await probing()
    asked: list[dict[str, str]] = []
    body = b""
    while "end" not in (said := json.loads(await framed(reader))):
        asked.append(said)
        body = await framed(reader)
        for frame in (b'{"status": 200, "headers": {}}', b""):
            writer.write(len(frame).to_bytes(4, "big") + frame)
    assert said["end"]["delivered"]
    assert [one["url"] for one in asked] == ["https://b.example/"]
    assert body == b"refused,refused,refused,refused"
    writer.close()
    await running_job.wait()


async def probing() -> tuple[
    asyncio.StreamReader, asyncio.StreamWriter, asyncio.subprocess.Process
]:
    """A job with a service that tries to get out, as the server sees it."""
    ours, theirs = socket.socketpair()
    with theirs:
        running_job = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROBE, str(theirs.fileno()), pass_fds=(theirs.fileno(),)
        )
    reader, writer = await asyncio.open_connection(sock=ours)
    order = json.dumps({"url": "probe://", "title": "t", "body": "b", "weight": "info"}).encode()
    writer.write(len(order).to_bytes(4, "big") + order)
    return reader, writer, running_job


async def framed(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))


async def test_a_program_that_died_is_started_again() -> None:
    program = AppriseProgram()
    letter = Letter("ntfys://my-topic", "A title", "A text")
    assert (await program.do(letter, only_ok)).delivered
    first = program._process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    await first.wait()
    assert (await program.do(letter, only_ok)).delivered
    await program.close()


async def test_a_job_that_is_given_up_ends(program: AppriseProgram) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def silent(_: Asked) -> Answered:
        begun.set()
        await never.wait()
        return Answered()

    job = asyncio.create_task(program.do(Letter("ntfys://my-topic", "t", "b"), silent))
    await begun.wait()
    template = program._process
    assert template is not None
    assert children_of(template.pid)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)

    async def all_ended() -> bool:
        return not children_of(template.pid)

    await until(all_ended)


def children_of(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()


async def test_a_program_without_work_ends_and_comes_back() -> None:
    program = AppriseProgram(idle_s=0.05)
    letter = Letter("ntfys://my-topic", "A title", "A text")
    assert (await program.do(letter, only_ok)).delivered

    async def ended() -> bool:
        return program._process is None

    await until(ended)
    assert (await program.do(letter, only_ok)).delivered
    await program.close()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"end": {"delivered": "perhaps"}}',
        b'{"method": 5, "url": "https://a.example/"}',
        b'{"url": "' + b"x" * 300_000 + b'"}',
    ],
)
async def test_a_job_may_say_anything(nonsense: bytes) -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    _, their_writer = await asyncio.open_connection(sock=theirs)
    their_writer.write(len(nonsense).to_bytes(4, "big") + nonsense)
    with pytest.raises((BrokenFrameError, ValueError)):
        await _conversation(reader, writer, Letter("ntfys://my-topic", "t", "b"), only_ok)
    for one in (writer, their_writer):
        one.close()


@pytest.mark.parametrize("reply", [LONG, PACKED])
async def test_any_2xx_is_a_delivery(office: Office, outside: Receiver, reply: Reply) -> None:
    outside.otherwise = reply
    await office.integration("apprise", {"apprise_url": service_at(outside)})
    await office.happens()
    async with running(process(office)):
        (delivery,) = await office.ended(1)
    assert (delivery.status, delivery.attempts[0].http_status) == ("delivered", reply.status)


async def test_every_part_of_an_address_that_may_be_secret_is_known() -> None:
    found = secrets_in_service(
        f"gotifys://an%20na:pw@push.example.com:8443/{KEY}/a?token=abcdef123"
    )
    assert {"an%20na:pw", "an na", KEY, "abcdef123"} <= set(found)
    assert "push.example.com" not in found
    assert "abcdef123" in secrets_in_service("ntfys://my-topic?token=abcdef123")


async def test_texts_are_bounded_and_call_nobody() -> None:
    wild = "<!channel> @here @EVERYONE <@U123> anna@example.com " + "🦜" * 20_000
    text = apprise_text(Bulletin("s", [Notice("t", [Part("Question", wild)])], unshown=2))
    assert len(text) <= 12_000
    for call in ("<!channel>", "@here", "@EVERYONE", "<@U123>"):
        assert call not in text
    assert "anna@example.com" in text


_RATES = """
from apprise.manager_plugins import NotificationManager
from services.integrations.apprise_program.offered import load_services
load_services()
print(sorted({one.__name__ for one in NotificationManager().plugins() if one.request_rate_per_sec}))
"""


async def test_no_service_sleeps_between_its_requests() -> None:
    """Seven receivers behind one address would not be told in time, and the first ones twice."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _RATES), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert told.decode().splitlines()[-1] == "[]"
