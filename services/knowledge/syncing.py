"""One sync of a source: reading its pages and keeping what is new of them.

A sync has an id, which every page that was seen bears: a process that takes over a sync goes on
with the same one, and what was not seen at its end is missing. A page that is missing once stays,
since sites have bad days; the second time in a row it goes.
"""

from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.knowledge_pages import KnowledgePage, known_pages, sums_of
from documents.knowledge_sources import (
    KnowledgeSource,
    KnowledgeStatusName,
    mark_knowledge_changed,
)
from documents.transactions import WriteSession
from services.cancelling import raise_if_cancelled
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.fetching.pages import GonePage, PageProblem, UnchangedPage
from services.knowledge.known_addresses import known_addresses, stored_as
from services.knowledge.missing_pages import drop, miss, note_problem
from services.knowledge.reading import ReadOutcome, ReadPage, SourceReader
from services.knowledge.source_definition import FETCHED_KINDS
from services.knowledge.stays import Stay
from services.live.publishing import knowledge_changed
from services.outbox.recording import Happening, record

EARLY = timedelta(seconds=5)
"""Clocks of two servers differ: a sync that is due by one of them is due."""

_NOT_FOUND = "The page was not found in this sync."
_NOTHING = "Nothing with text was found there."
_TOO_MUCH = "The source has {most} passages already, which is the limit; this page was left out."


class Syncing:
    """Reads the pages of claimed sources."""

    def __init__(self, reader: SourceReader, *, most_chunks: int) -> None:
        """`most_chunks` is how many passages a source may have before pages are left out."""
        self._reader = reader
        self._most_chunks = most_chunks

    async def sync(self, claimed: ClaimedSource, stay: Stay) -> None:
        """Begin or go on with a sync if one is wanted, due or half done.

        Raises:
            WorkLeaseLostError: the source is not ours any more.
            PlaceWantedError: others go first.
        """
        source = await claimed.current()
        if source.sync_id is None and not _is_due(source):
            return
        if source.sync_id is not None:
            stay.comes_back()
        source = await _begun(claimed, source)
        await self._read(claimed, source, stay)
        is_reached = await _anything_read(claimed, source)
        if is_reached and source.kind in FETCHED_KINDS:
            await _miss_unseen(claimed, source)
        await claimed.together(lambda session: _finished(claimed, session, is_reached=is_reached))

    async def _read(self, claimed: ClaimedSource, source: KnowledgeSource, stay: Stay) -> None:
        known = await known_addresses(
            known_pages(claimed.client_id, claimed.source_id, source.sync_id)
        )
        async with aclosing(self._reader.read(source, known)) as outcomes:
            async for outcome in outcomes:
                raise_if_cancelled()
                await self._noted(claimed, outcome)
                await claimed.tell()
                if isinstance(outcome, ReadPage | UnchangedPage) and outcome.waiting:
                    await stay.page_stored()

    async def _noted(self, claimed: ClaimedSource, outcome: ReadOutcome) -> None:
        match outcome:
            case ReadPage():
                await self._kept(claimed, outcome)
            case UnchangedPage():
                await _seen(claimed, outcome)
            case GonePage(code="removed"):
                await miss(claimed, outcome.url, outcome.sentence, is_definite=True)
            case GonePage():
                await drop(claimed, outcome.url)
            case PageProblem():
                await miss(claimed, outcome.url, outcome.sentence, is_definite=not outcome.passing)

    async def _kept(self, claimed: ClaimedSource, read: ReadPage) -> None:
        source = await claimed.current()
        if source.chunk_count >= self._most_chunks:
            reason = _TOO_MUCH.format(most=self._most_chunks)
            await note_problem(claimed, read.content.key, reason)
            return
        await claimed.write(read.content, waiting=read.waiting)


def _is_due(source: KnowledgeSource) -> bool:
    is_scheduled = source.next_sync_at is not None and source.next_sync_at <= utc_now() + EARLY
    return source.sync_wanted or is_scheduled


async def _begun(claimed: ClaimedSource, source: KnowledgeSource) -> KnowledgeSource:
    """The source in its sync: a new one, or the one that another process left half done."""
    if source.sync_id is not None:
        if source.progress is None:
            return await claimed.begin("reading", None)
        return source
    return await claimed.begin(
        "reading",
        None,
        status="syncing",
        sync_id=PydanticObjectId(),
        sync_wanted=False,
        problems=[],
    )


async def _seen(claimed: ClaimedSource, page: UnchangedPage) -> None:
    """Note that a page says what it said."""

    async def write(session: WriteSession) -> None:
        source = await claimed.change({"$inc": {"progress.done": 1}}, session)
        pages = claimed.scope.of(KnowledgePage)
        fields = {
            "sync_id": source.sync_id,
            "failures": 0,
            "fetched": stored_as(page.known).model_dump(),
        }
        own = {"source_id": source.id, "key": page.url}
        await pages.update_one(own, {"$set": fields}, session=session)

    await claimed.together(write)


async def _anything_read(claimed: ClaimedSource, source: KnowledgeSource) -> bool:
    """Whether the site was reached: otherwise nothing is known of its pages."""
    read = {"source_id": source.id, "sync_id": source.sync_id, "failures": 0}
    return await claimed.scope.of(KnowledgePage).count(read, limit=1) > 0


async def _miss_unseen(claimed: ClaimedSource, source: KnowledgeSource) -> None:
    pages = claimed.scope.of(KnowledgePage)
    unseen = {"source_id": source.id, "sync_id": {"$ne": source.sync_id}}
    while found := await pages.find_parts(unseen, frozenset({"key"}), limit=1):
        await miss(claimed, found[0].key, _NOT_FOUND, is_definite=True)


async def _finished(
    claimed: ClaimedSource, session: WriteSession, *, is_reached: bool
) -> KnowledgeSource:
    before = await claimed.current(session)
    sums = await sums_of(claimed.client_id, claimed.source_id, session)
    if not sums.page_count and not before.problems:
        await note_problem(claimed, before.url or before.title, _NOTHING, session)
    status = await _status(claimed, session, before, has_pages=sums.page_count > 0, ok=is_reached)
    now = utc_now()
    fields: dict[str, Any] = {
        **sums.model_dump(),
        "status": status,
        "sync_id": None,
        "progress": None,
        "next_sync_at": _next(before, now),
        "work_failures": 0,
    }
    if is_reached:
        fields["last_synced_at"] = now
    source = await claimed.change({"$set": fields}, session)
    await mark_knowledge_changed(claimed.scope, source.chatbot_ids, session)
    if status in {"failed", "stale"}:
        await record(_failure(source, before.sync_id), session)
    await knowledge_changed(claimed.client_id, claimed.source_id, session)
    return source


async def _status(
    claimed: ClaimedSource,
    session: WriteSession,
    source: KnowledgeSource,
    *,
    has_pages: bool,
    ok: bool,
) -> KnowledgeStatusName:
    if not has_pages:
        return "failed"
    if not ok or any(one.was_known for one in source.problems):
        return "stale"
    failing = {"source_id": source.id, "failures": {"$gt": 0}}
    is_failing = await claimed.scope.of(KnowledgePage).count(failing, limit=1, session=session)
    return "stale" if is_failing else "ready"


def _next(source: KnowledgeSource, now: datetime) -> datetime | None:
    hours = source.sync_every_hours
    return now + timedelta(hours=hours) if hours else None


def _failure(source: KnowledgeSource, sync_id: PydanticObjectId | None) -> Happening:
    return Happening(
        source.client_id,
        "knowledge.sync_failed",
        f"knowledge.sync_failed/{source.id}/{sync_id}",
        facts={
            "source_id": str(source.id),
            "status": source.status,
            "problems": len(source.problems),
        },
    )
