"""`parlance doctor`: looks at an installation and says what to mend, one line per finding."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import httpx
from redis.exceptions import RedisError

from api.database import database_options
from api.first_password import FILE_NAME as FIRST_PASSWORD
from api.secret_key import FILE_NAME, SecretKeyError, installation_secret
from api.settings import Settings
from documents.database.clock import clock_difference_s
from documents.database.database import Database
from documents.database.opening import attach_database
from documents.errors import DatabaseError, reporting_unavailability
from documents.migrations.runner import pending_migrations
from documents.outgoing_mails import count_dead_mails
from services.answering.shared_event_log import connect_redis
from services.mail.carriers import MailDeferredError
from services.mail.smtp_carrier import SmtpCarrier
from services.origins import is_loopback, normalized_origin
from services.publishing.widget_build import WidgetBuilds, WidgetNotBuiltError

Verdict = Literal["ok", "warning", "problem"]

LEAST_FREE_BYTES = 2 * 1024**3
"""MongoDB needs room for its journal; below that it may stop in the middle of a write."""

MAX_CLOCK_DIFFERENCE_S = 2.0
OLDEST_REDIS = 7
LOOK_SECONDS = 5.0
OTHERS_MAY = 0o077
MAX_ANSWER_BYTES = 1_000
"""Of somebody else's web server; more is not read."""

_MARKS: dict[Verdict, str] = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do unless all is well."""

    subject: str
    verdict: Verdict
    observed: str
    remedy: str = ""


def examine(settings: Settings) -> int:
    """Print all findings; 1 when there is a problem, else 0."""
    return asyncio.run(_examine(settings))


async def _examine(settings: Settings) -> int:
    problems = 0
    async for finding in findings(settings):
        problems += finding.verdict == "problem"
        sys.stdout.write(
            f"{_MARKS[finding.verdict]}  {finding.subject}: {finding.observed}\n"
            + (f"         -> {finding.remedy}\n" if finding.remedy else "")
        )
        sys.stdout.flush()
    return 1 if problems else 0


async def findings(settings: Settings) -> AsyncGenerator[Finding, None]:
    """Everything that doctor looks at, in order."""
    if settings.mongodb_url is None:
        yield disk(settings.data_dir)
    yield secret(settings)
    if (settings.data_dir / FIRST_PASSWORD).exists():
        yield first_password(settings.data_dir / FIRST_PASSWORD)
    async with aclosing(_database_findings(settings)) as found:
        async for finding in found:
            yield finding
    if settings.redis_url is not None:
        yield await redis(settings.redis_url.get_secret_value())
    yield await mail(settings)
    yield await widget(settings)
    yield await public_url(settings.base_url)
    yield proxy(settings)


async def widget(settings: Settings) -> Finding:
    """The build that pages load."""
    try:
        build = await WidgetBuilds(settings.widget_dir).current()
    except WidgetNotBuiltError as error:
        remedy = "Run `npm ci && npm run build`, or let PARLANCE_WIDGET_DIR name a build."
        return Finding("widget", "problem", str(error), remedy)
    observed = f"version {build.manifest.version}, {len(build.files)} files"
    return Finding("widget", "ok", observed)


def disk(data_dir: Path, least_free_bytes: int = LEAST_FREE_BYTES) -> Finding:
    """Room for the database."""
    folder = next(one for one in (data_dir, *data_dir.parents) if one.exists())
    if not folder.is_dir():
        remedy = "Let PARLANCE_DATA_DIR name a folder."
        return Finding("disk", "problem", f"{folder} is not a folder", remedy)
    if not os.access(folder, os.W_OK):
        return Finding("disk", "problem", f"{data_dir} is not writable", "Change its owner.")
    free = shutil.disk_usage(folder).free
    observed = f"{free / 1024**3:.1f} GiB free in {data_dir}"
    if free < least_free_bytes:
        return Finding("disk", "problem", observed, "Free some space: MongoDB needs 2 GiB.")
    return Finding("disk", "ok", observed)


def secret(settings: Settings) -> Finding:
    """The key that seals secrets."""
    if settings.secret_key is not None:
        return Finding("secret key", "ok", "PARLANCE_SECRET_KEY is set")
    path = settings.data_dir / FILE_NAME
    try:
        if not path.exists():
            return Finding("secret key", "ok", "will be generated at the first start")
        installation_secret(settings)
    except (OSError, SecretKeyError) as error:
        return Finding("secret key", "problem", f"{path} is of no use", str(error))
    if path.stat().st_mode & OTHERS_MAY:
        return Finding(
            "secret key", "problem", f"{path} can be read by others", f"chmod 600 '{path}'"
        )
    return Finding("secret key", "ok", f"{path}; keep it with the backups")


def first_password(file: Path) -> Finding:
    """A password that nobody has put away."""
    remedy = "Sign in with it, change it with changePassword, and delete the file."
    return Finding("first admin", "warning", f"the generated password is in {file}", remedy)


async def _database_findings(settings: Settings) -> AsyncGenerator[Finding, None]:
    try:
        database = await attach_database(database_options(settings))
    except DatabaseError as error:
        yield Finding("database", "problem", "cannot be opened", str(error))
        return
    try:
        with reporting_unavailability():
            async with aclosing(_inside(database)) as found:
                async for finding in found:
                    yield finding
    except DatabaseError as error:
        yield Finding("database", "problem", "does not answer", str(error))
    finally:
        await database.close()


async def _inside(database: Database) -> AsyncGenerator[Finding, None]:
    kind = "embedded, started for this command" if database.is_embedded else "reached"
    yield Finding("database", "ok", f"{kind}, answers as a replica set")
    waiting = await pending_migrations(database)
    if waiting:
        names = ", ".join(one.name for one in waiting)
        yield Finding("migrations", "warning", f"waiting: {names}", "Run `parlance migrate`.")
    else:
        yield Finding("migrations", "ok", "none waiting")
    yield given_up_mails(*await count_dead_mails(database.database))
    yield clock(await clock_difference_s(database))


def clock(difference_s: float) -> Finding:
    """Whether leases and tokens can trust the time."""
    observed = f"{difference_s:.1f} s between this machine and the database"
    if difference_s > MAX_CLOCK_DIFFERENCE_S:
        return Finding("clock", "problem", observed, "Set both clocks by NTP.")
    return Finding("clock", "ok", observed)


async def redis(url: str, look_seconds: float = LOOK_SECONDS) -> Finding:
    """Whether servers can show one another's answers."""
    try:
        async with asyncio.timeout(look_seconds), connect_redis(url) as client:
            version = str((await client.info("server"))["redis_version"])
    except (RedisError, TimeoutError) as error:
        observed = f"does not answer ({type(error).__name__})"
        return Finding("redis", "problem", observed, "Check PARLANCE_REDIS_URL.")
    if int(version.split(".", maxsplit=1)[0]) < OLDEST_REDIS:
        return Finding("redis", "problem", f"is version {version}", "Parlance needs Redis 7.")
    return Finding("redis", "ok", f"version {version} answers")


async def mail(settings: Settings, look_seconds: float = LOOK_SECONDS) -> Finding:
    """Whether the mail server would take a mail from us."""
    server = settings.mail_server
    if server is None:
        observed, folder = "PARLANCE_SMTP_URL is not set", settings.mail_folder
        return Finding("mail", "warning", observed, f"Mails are written to {folder}.")
    try:
        await SmtpCarrier(replace(server, timeout_s=look_seconds)).greet()
    except MailDeferredError as error:
        return Finding("mail", "problem", str(error), "Check PARLANCE_SMTP_URL.")
    return Finding("mail", "ok", f"{server.place} is ready")


def given_up_mails(count: int, problem: str) -> Finding:
    """Mails that did not go out within the last days."""
    if count:
        observed = f"{count} were given up within 7 days, the last because: {problem}"
        return Finding("mails", "warning", observed, "See `mail_given_up` in the log.")
    return Finding("mails", "ok", "none were given up within 7 days")


async def public_url(url: str) -> Finding:
    """Whether the public URL leads here."""
    try:
        answer = await _answer_of(f"{url}/healthz")
    except (httpx.HTTPError, TimeoutError) as error:
        return Finding(
            "public URL",
            "warning",
            f"{url} does not answer ({type(error).__name__})",
            "Start the server, or mend PARLANCE_PUBLIC_URL, DNS, certificate or proxy.",
        )
    if answer.strip() != b"ok":
        return Finding(
            "public URL", "problem", f"{url} is something else", "Mend PARLANCE_PUBLIC_URL."
        )
    if url.startswith("http:") and not is_loopback(normalized_origin(url) or ""):
        return Finding(
            "public URL", "problem", f"{url} is not encrypted", "Put TLS in front and use https."
        )
    return Finding("public URL", "ok", f"{url} leads here")


async def _answer_of(url: str) -> bytes:
    """The beginning of a page."""
    async with (
        asyncio.timeout(LOOK_SECONDS),
        httpx.AsyncClient(timeout=LOOK_SECONDS) as http,
        http.stream("GET", url) as answer,
    ):
        async for part in answer.aiter_bytes(MAX_ANSWER_BYTES):
            return part
    return b""


def proxy(settings: Settings) -> Finding:
    """Whether the proxy's headers are believed."""
    if settings.trusted_proxies:
        return Finding("proxy headers", "ok", f"believed from {settings.trusted_proxies}")
    if settings.in_development:
        return Finding("proxy headers", "ok", "not believed; there is no proxy in development")
    return Finding(
        "proxy headers",
        "warning",
        "PARLANCE_TRUSTED_PROXIES is not set",
        "Behind a proxy all visitors seem to have its address: set it to the proxy's address.",
    )
