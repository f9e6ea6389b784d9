"""`parlance knowledge`: sources added, read and listed from the command line.

The command does the work itself, unless a running server was quicker; either way it tells how far
it is until it is done. Ended by Ctrl-C, what is left to do is done by the next server.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import typer

from api.database import prepare
from api.knowledge_command_error import KnowledgeCommandError
from api.knowledge_wiring import KnowledgeWiring, wire_knowledge
from api.settings import Settings
from api.sync_progress import SyncProgress
from documents.chatbots import Chatbot
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeKindName, KnowledgeSource, sources_without_text
from documents.tenancy import TenantScope
from graphql_schema.node import global_id, local_id
from services.field_checks import is_web_address
from services.knowledge.errors import KnowledgeError
from services.knowledge.extraction.limits import LARGEST_FILE_BYTES
from services.knowledge.files import UnacceptableFileError
from services.knowledge.source_definition import FETCHED_KINDS, SourceDefinition
from services.rate_limits.rate_limits import RateLimitedError, RateLimits, Rates
from services.rate_limits.stored_windows import StoredWindows
from services.refusals import LimitReachedError, RefusedError

LOOK_EVERY_S: Final = 0.5
"""How often the source is looked at while another process reads it, in seconds."""

MOST_LISTED: Final = 10_000
MOST_PROBLEMS_SHOWN: Final = 100
STANDARD_INPUT: Final = "-"
KINDS: Final[tuple[KnowledgeKindName, ...]] = ("url", "sitemap", "crawl", "file", "text")


@dataclass(frozen=True, slots=True)
class WantedSource:
    """What is to be added. `place` is an address, a file, or `-` for a text on standard input."""

    place: str
    chatbot: str
    kind: str = ""
    title: str = ""
    max_pages: int | None = None
    max_depth: int | None = None
    sync_every_hours: int | None = None


async def add_source(database: Database, settings: Settings, wanted: WantedSource) -> bool:
    """Add a source and wait until it is read; whether it can be searched then.

    Raises:
        KnowledgeCommandError: it cannot be added.
    """
    kind = _kind(wanted)
    content = await asyncio.to_thread(_content, wanted.place, kind)
    async with _knowledge(database, settings) as knowledge:
        chatbot = await _chatbot(wanted.chatbot)
        definition = SourceDefinition(
            kind,
            wanted.title or _title(wanted.place, kind),
            (chatbot.id,),
            text=content.decode("utf-8-sig", "replace") if kind == "text" else None,
            url=wanted.place if kind in FETCHED_KINDS else None,
            file_id=await _file(knowledge, chatbot, wanted.place, content, kind),
            max_pages=wanted.max_pages,
            max_depth=wanted.max_depth,
            sync_every_hours=wanted.sync_every_hours,
        )
        source = await knowledge.sources.add(chatbot.client_id, definition)
        typer.echo(f"Added {global_id('KnowledgeSource', source.id)} ({source.title}).")
        return await _followed(knowledge, source.id)


async def sync_sources(database: Database, settings: Settings, ids: Sequence[str]) -> bool:
    """Read sources anew, one after the other; whether all can be searched then.

    Raises:
        KnowledgeCommandError: there is no such source, others send it its documents, or it was
            read too often; nothing is read then.
    """
    async with _knowledge(database, settings) as knowledge:
        sources = [await _source(knowledge, one) for one in ids]
        for source in sources:
            await _count_sync(source)
        for source in sources:
            await knowledge.sources.sync(TenantScope.one(source.client_id), source.id)
        return all([await _followed(knowledge, source.id) for source in sources])


async def listed_sources(
    database: Database, client: str, chatbot: str, *, problems: bool
) -> AsyncGenerator[str, None]:
    """The lines to print, newest source first.

    Raises:
        KnowledgeCommandError: there is no such chatbot.
    """
    await prepare(database)
    scope = TenantScope.one(client) if client else TenantScope.every_client()
    used = {"chatbot_ids": (await _chatbot(chatbot)).id} if chatbot else {}
    yield f"{'ID':36}  {'STATUS':8}{'KIND':9}{'PAGES':>6}{'PASSAGES':>9}  CLIENT  TITLE"
    for source in await sources_without_text(scope, used, limit=MOST_LISTED):
        yield _line(source)
        if problems:
            for line in _problems(source):
                yield line


@asynccontextmanager
async def _knowledge(
    database: Database, settings: Settings
) -> AsyncGenerator[KnowledgeWiring, None]:
    await prepare(database)
    knowledge = wire_knowledge(settings, database)
    try:
        yield knowledge
    except (KnowledgeError, RefusedError, LimitReachedError, UnacceptableFileError) as problem:
        raise KnowledgeCommandError(str(problem)) from problem
    finally:
        await knowledge.close()


async def _followed(knowledge: KnowledgeWiring, source_id: PydanticObjectId) -> bool:
    """Work at a source, or watch another process do it, until nothing is left to do."""
    watching = asyncio.create_task(_watched(knowledge, source_id), name="progress")
    own = {"_id": source_id}
    while not watching.done():
        if not await knowledge.worker.work_once(own):
            await asyncio.wait((watching,), timeout=LOOK_EVERY_S)
    source = await watching
    for line in _problems(source):
        typer.echo(line, err=True)
    return source.status != "failed"


async def _watched(knowledge: KnowledgeWiring, source_id: PydanticObjectId) -> KnowledgeSource:
    with SyncProgress(sys.stdout) as shown:
        while True:
            source = await knowledge.sources.get(TenantScope.every_client(), source_id)
            if source is None:
                raise KnowledgeCommandError("The source was deleted meanwhile.")
            shown.show(source)
            if _is_at_rest(source):
                return source
            await asyncio.sleep(LOOK_EVERY_S)


def _is_at_rest(source: KnowledgeSource) -> bool:
    is_wanted = source.sync_wanted or source.sync_id is not None
    return not is_wanted and source.work_token is None


async def _chatbot(embed_key: str) -> Chatbot:
    found = await TenantScope.every_client().of(Chatbot).find_one({"embed_key": embed_key})
    if found is None:
        raise KnowledgeCommandError(f"There is no chatbot with the embed key {embed_key!r}.")
    return found


async def _source(knowledge: KnowledgeWiring, public_id: str) -> KnowledgeSource:
    source_id = local_id(public_id, "KnowledgeSource")
    scope = TenantScope.every_client()
    found = None if source_id is None else await knowledge.sources.get(scope, source_id)
    if found is None:
        raise KnowledgeCommandError(
            f"There is no knowledge source {public_id!r}; `parlance knowledge list` shows them."
        )
    if found.kind == "push":
        raise KnowledgeCommandError(
            f"{found.title!r} gets its documents from another program, so there is nothing to read."
        )
    return found


async def _count_sync(source: KnowledgeSource) -> None:
    """Count a sync as `syncKnowledgeSource` does: the site does not care who asks so often."""
    windows, rates = StoredWindows(), Rates()
    try:
        await RateLimits(rates, windows, shared=windows).sync(str(source.id))
    except RateLimitedError as problem:
        raise KnowledgeCommandError(
            f"{source.title!r} was to be read anew {rates.syncs_per_source} times within an hour;"
            f" it may be again from {problem.retry_at:%H:%M} UTC on."
        ) from None


def _kind(wanted: WantedSource) -> KnowledgeKindName:
    is_address = is_web_address(wanted.place)
    usual = "url" if is_address else "text" if wanted.place == STANDARD_INPUT else "file"
    kind = cast("KnowledgeKindName", wanted.kind or usual)
    if kind not in KINDS:
        raise KnowledgeCommandError(f"--kind must be one of {', '.join(KINDS)}.")
    if (kind in FETCHED_KINDS) != is_address:
        raise KnowledgeCommandError(f"{wanted.place!r} does not go with --kind {kind}.")
    return kind


def _content(place: str, kind: KnowledgeKindName) -> bytes:
    """What a file or standard input says, and a little more than may be taken."""
    if kind in FETCHED_KINDS:
        return b""
    try:
        if place == STANDARD_INPUT:
            return sys.stdin.buffer.read(LARGEST_FILE_BYTES + 1)
        with Path(place).open("rb") as opened:
            return opened.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise KnowledgeCommandError(f"{place} cannot be read: {error.strerror}.") from None


async def _file(
    knowledge: KnowledgeWiring,
    chatbot: Chatbot,
    place: str,
    content: bytes,
    kind: KnowledgeKindName,
) -> PydanticObjectId | None:
    if kind != "file":
        return None
    file = await knowledge.files.take(
        chatbot.client_id, content, name=_name(place), declared_type=None, by=None
    )
    return file.id


def _title(place: str, kind: KnowledgeKindName) -> str:
    if kind in FETCHED_KINDS:
        return place.partition("://")[2].rstrip("/")[:200]
    return _name(place)[:200]


def _name(place: str) -> str:
    return "Text" if place == STANDARD_INPUT else Path(place).name


def _line(source: KnowledgeSource) -> str:
    counts = f"{source.page_count:>6}{source.chunk_count:>9}"
    what = f"{source.status.upper():8}{source.kind.upper():9}{counts}"
    public_id = global_id("KnowledgeSource", source.id)
    return f"{public_id:36}  {what}  {source.client_id}  {source.title}"


def _problems(source: KnowledgeSource) -> Iterator[str]:
    for problem in source.problems[-MOST_PROBLEMS_SHOWN:]:
        yield f"  {problem.url}: {problem.reason}"
