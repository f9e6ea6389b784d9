"""What doctor finds, one thing at a time; tests/api/test_command_line.py runs the command."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.doctor import (
    MAX_CLOCK_DIFFERENCE_S,
    Finding,
    clock,
    disk,
    first_password,
    given_up_mails,
    mail,
    proxy,
    public_url,
    redis,
    secret,
    widget,
)
from api.settings import Settings
from tests.mail_server import mail_server
from tests.redis_server import running_redis
from tests.server_process import free_port
from tests.widget_builds import write_build


@asynccontextmanager
async def saying(greeting: bytes, *, then_wait: bool = False) -> AsyncIterator[int]:
    """A TCP server that greets whoever connects; its port."""
    done = asyncio.Event()

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        if then_wait:
            await done.wait()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        done.set()
        server.close()
        await server.wait_closed()


def check(finding: Finding, verdict: str, told: str) -> None:
    assert finding.verdict == verdict, finding
    assert told in finding.observed
    assert bool(finding.remedy) == (verdict != "ok")


PATIENCE = 60.0
"""Seconds, where an answer must come."""


def by_mail(url: str) -> Settings:
    return Settings(smtp_url=SecretStr(url))


async def test_a_mail_server_that_is_ready_is_well() -> None:
    async with mail_server() as server:
        check(await mail(by_mail(f"smtp://127.0.0.1:{server.port}"), PATIENCE), "ok", "is ready")


@pytest.mark.parametrize("greeting", [b"554 go away\r\n", b"HTTP/1.1 400\r\n", b"", b"x" * 5_000])
async def test_what_does_not_greet_as_a_mail_server_is_none(greeting: bytes) -> None:
    async with saying(greeting) as port:
        found = await mail(by_mail(f"smtp://127.0.0.1:{port}"))
    check(found, "problem", f"127.0.0.1:{port} ")


async def test_a_mail_server_that_says_nothing_is_not_waited_for() -> None:
    async with saying(b"", then_wait=True) as port:
        found = await mail(by_mail(f"smtp://127.0.0.1:{port}"), look_seconds=0.1)
    check(found, "problem", "does not answer")


async def test_a_mail_server_that_is_not_there_is_told_with_its_place() -> None:
    port = free_port()
    found = await mail(by_mail(f"smtp://127.0.0.1:{port}"))
    check(found, "problem", f"127.0.0.1:{port} does not answer")


async def test_a_mail_server_without_tls_is_told_when_tls_is_wanted() -> None:
    async with saying(b"220 mail.example.com ESMTP\r\n") as port:
        found = await mail(by_mail(f"smtps://127.0.0.1:{port}"), PATIENCE)
    check(found, "problem", "no good TLS")


async def test_a_mail_server_without_starttls_gets_no_password() -> None:
    async with mail_server() as server:
        url = f"smtp://postman:s3cret@127.0.0.1:{server.port}"
        found = await mail(by_mail(url), PATIENCE)
    check(found, "problem", "cannot do what is needed")
    assert "s3cret" not in str(found)


async def test_no_mail_server_is_a_warning() -> None:
    found = await mail(Settings())
    check(found, "warning", "not set")
    assert "mail" in found.remedy


def test_mails_that_were_given_up_are_told() -> None:
    check(given_up_mails(0, ""), "ok", "none")
    check(given_up_mails(2, "550 no such user"), "warning", "2 were given up")


@pytest.mark.parametrize(
    ("body", "host", "verdict", "told"),
    [
        (b"ok\n", "127.0.0.1", "ok", "leads here"),
        (b"<html>", "127.0.0.1", "problem", "is something else"),
        (b"ok" * 100_000, "127.0.0.1", "problem", "is something else"),
        (b"ok\n", "0.0.0.0", "problem", "is not encrypted"),  # noqa: S104 - not on this machine
    ],
)
async def test_the_public_url_leads_here_or_not(
    body: bytes, host: str, verdict: str, told: str
) -> None:
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    async with saying(head + body) as port:
        check(await public_url(f"http://{host}:{port}"), verdict, told)


async def test_a_public_url_that_does_not_answer_is_a_warning() -> None:
    check(await public_url(f"http://127.0.0.1:{free_port()}"), "warning", "does not answer")


def test_a_disk_needs_room(tmp_path: Path) -> None:
    check(disk(tmp_path, least_free_bytes=0), "ok", "GiB free")
    check(disk(tmp_path / "not" / "yet", least_free_bytes=0), "ok", "GiB free")
    check(disk(tmp_path, least_free_bytes=2**62), "problem", "GiB free")
    (tmp_path / "file").write_text("")
    check(disk(tmp_path / "file" / "data"), "problem", "is not a folder")


def test_a_secret_key_is_private_and_whole(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=None)
    key = tmp_path / "secret.key"
    check(secret(settings), "ok", "will be generated")
    key.write_text("x" * 40)
    key.chmod(0o640)
    check(secret(settings), "problem", "can be read by others")
    key.chmod(0o600)
    check(secret(settings), "ok", "keep it with the backups")
    key.write_text("x")
    check(secret(settings), "problem", "is of no use")
    key.unlink()
    key.mkdir()
    check(secret(settings), "problem", "is of no use")


def test_a_clock_may_be_a_little_off() -> None:
    check(clock(0.0), "ok", "0.0 s")
    check(clock(MAX_CLOCK_DIFFERENCE_S), "ok", "2.0 s")
    check(clock(7.25), "problem", "7.2 s")


def test_proxy_headers_matter_in_production() -> None:
    check(proxy(Settings(trusted_proxies="10.0.0.1")), "ok", "10.0.0.1")
    check(proxy(Settings(environment="development")), "ok", "not believed")
    check(proxy(Settings(environment="production")), "warning", "not set")


def test_a_first_password_that_nobody_put_away_is_told(tmp_path: Path) -> None:
    found = first_password(tmp_path / "first-admin-password")
    assert found.verdict == "warning"
    assert str(tmp_path) in found.observed


@pytest.mark.redis
async def test_a_redis_that_answers_is_well_and_another_is_told(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        found = await redis(server.url)
        assert (found.verdict, found.observed.split()[0]) == ("ok", "version")
    gone = await redis(server.url)
    assert (gone.verdict, gone.remedy) == ("problem", "Check PARLANCE_REDIS_URL.")


async def test_the_widget_must_be_built(tmp_path: Path) -> None:
    settings = Settings(widget_dir=tmp_path)
    check(await widget(settings), "problem", "not built")
    write_build(tmp_path)
    check(await widget(settings), "ok", "version 1.2.3")
    check(await widget(Settings()), "ok", "files")
