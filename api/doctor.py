"""`parlance doctor`: looks at an installation and says what to mend, one line per finding."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from api.lifespan import database_options
from api.secret_key import FILE_NAME
from api.settings import Settings
from documents.database.clock import clock_difference_s
from documents.database.database import Database
from documents.database.opening import attach_database
from documents.errors import DatabaseError
from documents.migrations.runner import pending_migrations
from services.origins import is_loopback, normalized_origin

Verdict = Literal["ok", "warning", "problem"]

LEAST_FREE_BYTES = 2 * 1024**3
"""MongoDB needs room for its journal; below that it may stop in the middle of a write."""

MAX_CLOCK_DIFFERENCE_S = 2.0
LOOK_SECONDS = 5.0
PRIVATE_MODE = 0o077

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
    yield disk(settings.data_dir)
    yield secret(settings)
    try:
        database = await attach_database(database_options(settings))
    except DatabaseError as error:
        yield Finding("database", "problem", "cannot be opened", str(error))
    else:
        async for finding in _database_findings(database):
            yield finding
        await database.close()
    yield await mail(settings)
    yield await public_url(settings)
    yield proxy(settings)


def disk(data_dir: Path) -> Finding:
    """Room for the database."""
    folder = data_dir if data_dir.exists() else data_dir.parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    observed = f"{free / 1024**3:.1f} GiB free in {data_dir}"
    if not os.access(folder, os.W_OK):
        return Finding("disk", "problem", f"{data_dir} is not writable", "Change its owner.")
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "problem", observed, "Free some space: MongoDB needs 2 GiB.")
    return Finding("disk", "ok", observed)


def secret(settings: Settings) -> Finding:
    """The key that seals secrets."""
    if settings.secret_key is not None:
        return Finding("secret key", "ok", "PARLANCE_SECRET_KEY is set")
    path = settings.data_dir / FILE_NAME
    if not path.exists():
        return Finding("secret key", "ok", "will be generated at the first start")
    if path.stat().st_mode & PRIVATE_MODE:
        return Finding(
            "secret key", "problem", f"{path} can be read by others", f"chmod 600 '{path}'"
        )
    return Finding("secret key", "ok", f"{path}; keep it with the backups")


async def _database_findings(database: Database) -> AsyncGenerator[Finding, None]:
    kind = "embedded, started for this command" if database.is_embedded else "reached"
    yield Finding("database", "ok", f"{kind}, answers as a replica set")
    waiting = await pending_migrations(database)
    if waiting:
        names = ", ".join(one.name for one in waiting)
        yield Finding("migrations", "warning", f"waiting: {names}", "Run `parlance migrate`.")
    else:
        yield Finding("migrations", "ok", "none waiting")
    difference = await clock_difference_s(database)
    observed = f"{difference:.1f} s between this machine and the database"
    if difference > MAX_CLOCK_DIFFERENCE_S:
        yield Finding("clock", "problem", observed, "Set both clocks by NTP.")
    else:
        yield Finding("clock", "ok", observed)


async def mail(settings: Settings) -> Finding:
    """Whether the mail server answers."""
    address = settings.smtp_host
    if address is None:
        return Finding("mail", "warning", "PARLANCE_SMTP_URL is not set", "No mail will be sent.")
    host, port = address
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            greeting = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return Finding(
            "mail", "problem", f"{host}:{port} does not answer", "Check PARLANCE_SMTP_URL."
        )
    if not greeting.startswith(b"220"):
        return Finding(
            "mail", "problem", f"{host}:{port} is no mail server", "Check PARLANCE_SMTP_URL."
        )
    return Finding("mail", "ok", f"{host}:{port} answers")


async def public_url(settings: Settings) -> Finding:
    """Whether the public URL leads here."""
    url = settings.base_url
    try:
        async with httpx.AsyncClient(timeout=LOOK_SECONDS) as http:
            answer = await http.get(f"{url}/healthz")
    except httpx.HTTPError as error:
        return Finding(
            "public URL",
            "warning",
            f"{url} does not answer ({type(error).__name__})",
            "Start the server, or mend PARLANCE_PUBLIC_URL, DNS, certificate or proxy.",
        )
    if answer.text.strip() != "ok":
        return Finding(
            "public URL", "problem", f"{url} is something else", "Mend PARLANCE_PUBLIC_URL."
        )
    if url.startswith("http:") and not is_loopback(normalized_origin(url) or ""):
        return Finding(
            "public URL", "problem", f"{url} is not encrypted", "Put TLS in front and use https."
        )
    return Finding("public URL", "ok", f"{url} leads here")


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
