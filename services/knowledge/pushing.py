"""Documents that another program sends: WordPress when somebody publishes, a shop's catalogue.

A document is known by the sender's own id. What was sent before, or is older than what is there,
changes nothing, so a sender may repeat itself after any failure. Documents are searchable when the
call returns, very large ones a little later; each is one transaction, in which the source is
written to as well.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk, stage_chunks
from documents.knowledge_pages import FetchedAs, KnowledgePage
from documents.knowledge_sources import (
    MOST_PROBLEMS,
    KnowledgeSource,
    PageProblem,
    mark_knowledge_changed,
    note_passages_changed,
)
from documents.knowledge_work import ask_for_work
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record, record_about
from services.field_checks import is_web_address
from services.knowledge.errors import SourceNotFoundError
from services.knowledge.extraction.extracted import UnreadableContentError
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.indexing import IndexedPage, indexed_page, shown_title
from services.knowledge.large_pages import is_large, shows_many
from services.knowledge.page_writing import (
    PageChange,
    PageChangedError,
    page_fields,
    page_of,
    raise_if_changed,
    write_page,
)
from services.knowledge.read_content import read_content
from services.knowledge.source_limits import KnowledgeLimits
from services.live.publishing import knowledge_changed
from services.refusals import FieldIssue, InvalidFieldsError

MOST_DOCUMENTS = 50
"""Of one push."""

MOST_BYTES = 1_000_000
"""Of all documents of a push together, as UTF-8."""

LONGEST_EXTERNAL_ID_CHARACTERS = 500
LONGEST_ADDRESS_CHARACTERS = 2_000
LONGEST_TITLE_CHARACTERS = 200

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PushedDocument:
    """A document as it was sent; `html` is None when it is deleted."""

    external_id: str
    url: str
    title: str
    html: str | None
    modified_at: datetime
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push."""

    source: KnowledgeSource
    accepted: int
    unchanged: int


class Pushing:
    """Takes documents for sources of the kind push."""

    def __init__(
        self, transactions: Transactions, extractor: Extractor, limits: KnowledgeLimits
    ) -> None:
        self._transactions = transactions
        self._extractor = extractor
        self._limits = limits

    async def push(
        self,
        scope: TenantScope,
        source_id: PydanticObjectId,
        documents: Sequence[PushedDocument],
    ) -> Pushed:
        """Store what is new of some documents.

        A document that cannot be read is among the problems of the source, and counts as accepted:
        sending it again would not help.

        Raises:
            SourceNotFoundError: there is no such source in the scope.
            InvalidFieldsError: the source is of another kind or full, or the documents are too
                many, too large or not well formed; nothing was stored.
        """
        source = await scope.of(KnowledgeSource).get(source_id)
        if source is None:
            raise SourceNotFoundError(source_id)
        if issues := list(_issues(source, documents)):
            raise InvalidFieldsError(issues)
        accepted = 0
        for document in documents:
            accepted += await self._taken(source, document, is_first=accepted == 0)
        source = await self._transactions.run_transaction(
            lambda session: _ended(source, accepted, session)
        )
        _log.info("knowledge_pushed", source_id=str(source_id), accepted=accepted)
        return Pushed(source, accepted, len(documents) - accepted)

    async def _taken(
        self, source: KnowledgeSource, document: PushedDocument, *, is_first: bool
    ) -> bool:
        """Whether a document was news. The first change of a push is the one that is recorded."""
        page = await _page(source, document, None)
        if not _is_news(page, document):
            return False
        if document.is_deleted:
            await self._hide_large(source, page)
            return await self._transactions.run_transaction(
                lambda session: _recorded(
                    source, _deleted(source, document, session), session, is_first=is_first
                )
            )
        indexed = await self._indexed(source, document)
        if isinstance(indexed, str):
            return await self._transactions.run_transaction(
                lambda session: _recorded(
                    source,
                    _note_problem(source, document, indexed, session),
                    session,
                    is_first=is_first,
                )
            )
        return await self._transactions.run_transaction(
            lambda session: _recorded(
                source,
                self._stored(source, document, indexed, session),
                session,
                is_first=is_first,
            )
        )

    async def _hide_large(self, source: KnowledgeSource, page: KnowledgePage | None) -> None:
        """Take what is too much for one transaction away from searches before the page goes."""
        if page is None or not await shows_many(page):
            return
        for chatbot_id in sorted({*page.chatbot_ids, *source.chatbot_ids}):
            with suppress(PageChangedError):  # another push was faster: see what `_deleted` finds
                await self._transactions.run_transaction(
                    partial(_hide_copy, source, page, chatbot_id)
                )

    async def _indexed(
        self, source: KnowledgeSource, document: PushedDocument
    ) -> IndexedPage | str:
        """The document ready to be stored, or why it cannot be read."""
        try:
            extracted = await self._extractor.extract(
                (document.html or "").encode(errors="replace"),
                declared_type="text/html; charset=utf-8",
                url=document.url,
            )
        except UnreadableContentError as problem:
            return problem.sentence
        content = read_content(
            extracted,
            key=document.external_id,
            title=document.title,
            has_title=True,
            url=document.url,
            fetched=FetchedAs(raw_hash=_raw_hash(document)),
        )
        content = replace(content, modified_at=document.modified_at)
        title = shown_title(source, content)
        return await asyncio.to_thread(indexed_page, content, title, source.kind)

    async def _stored(
        self,
        source: KnowledgeSource,
        document: PushedDocument,
        indexed: IndexedPage,
        session: WriteSession,
    ) -> bool:
        now = await _there(source, session)
        page = await _page(source, document, session)
        if not _is_news(page, document):
            return False
        if page is None and now.page_count >= self._limits.pages_per_source:
            raise InvalidFieldsError([_too_many(self._limits.pages_per_source)])
        goes_in_parts = is_large(len(indexed.passages), len(now.chatbot_ids))
        if goes_in_parts or (page is not None and await shows_many(page, session)):
            await _store_for_later(now, indexed, page, session)
            return True
        change = await write_page(session, now, indexed)
        codes = {*now.languages.split(), *indexed.languages}
        await _count(now, change, session, languages=" ".join(sorted(codes)))
        return True


def _issues(source: KnowledgeSource, documents: Sequence[PushedDocument]) -> Iterator[FieldIssue]:
    if source.kind != "push":
        kind = source.kind.upper()
        yield _issue("sourceId", f"is a source of the kind {kind}; only PUSH takes documents")
    if not 1 <= len(documents) <= MOST_DOCUMENTS:
        yield _issue("documents", f"needs between 1 and {MOST_DOCUMENTS} documents")
        return
    size = sum(_size(one) for one in documents)
    if size > MOST_BYTES:
        yield _issue("documents", f"has {size} bytes together, allowed are {MOST_BYTES}")
    seen: set[str] = set()
    for number, document in enumerate(documents):
        yield from _document_issues(str(number), document)
        if document.external_id in seen:
            yield _issue("documents", "is there twice", str(number), "externalId")
        seen.add(document.external_id)


def _document_issues(number: str, document: PushedDocument) -> Iterator[FieldIssue]:
    for name, value, most in (
        ("externalId", document.external_id, LONGEST_EXTERNAL_ID_CHARACTERS),
        ("title", document.title, LONGEST_TITLE_CHARACTERS),
    ):
        if not 1 <= len(value.strip()) <= most or "\x00" in value:
            yield _issue("documents", f"needs between 1 and {most} characters", number, name)
    if len(document.url) > LONGEST_ADDRESS_CHARACTERS or not is_web_address(document.url):
        yield _issue("documents", "must be an http(s) address", number, "url")
    if document.html is None and not document.is_deleted:
        yield _issue("documents", "is needed unless `deleted` is true", number, "html")


def _is_news(page: KnowledgePage | None, document: PushedDocument) -> bool:
    if page is None:
        return not document.is_deleted
    if page.modified_at is not None and document.modified_at < page.modified_at:
        return False
    is_same = page.fetched is not None and page.fetched.raw_hash == _raw_hash(document)
    return document.is_deleted or not is_same


async def _deleted(
    source: KnowledgeSource, document: PushedDocument, session: WriteSession
) -> bool:
    page = await _page(source, document, session)
    if page is None or not _is_news(page, document):
        return False
    own = TenantScope.one(source.client_id)
    await own.of(KnowledgePage).delete_one({"_id": page.id}, session)
    await note_passages_changed(source.client_id, source.id, session)
    shown, chunks = {"page_id": page.id, "staged": {"$ne": True}}, own.of(KnowledgeChunk)
    if await shows_many(page, session):
        await stage_chunks(source.client_id, shown, session, staged=True)
    else:
        await chunks.delete_many(shown, session)
    if await chunks.count({"page_id": page.id}, limit=1, session=session):
        await ask_for_work(own, {"_id": source.id}, {}, session)
    gone = PageChange(-1, -page.chunk_count, -page.token_count, is_changed=True)
    await _count(await _there(source, session), gone, session)
    return True


async def _hide_copy(
    source: KnowledgeSource,
    page: KnowledgePage,
    chatbot_id: PydanticObjectId,
    session: WriteSession,
) -> None:
    """Hide a chatbot's copy of a page; should the push end here, the copy is made once more."""
    own = TenantScope.one(source.client_id)
    await ask_for_work(own, {"_id": source.id}, {}, session)
    await raise_if_changed(page, session)
    forget = {"$pull": {"chatbot_ids": chatbot_id}}
    await own.of(KnowledgePage).update_one({"_id": page.id}, forget, session=session)
    shown = {"page_id": page.id, "chatbot_id": chatbot_id, "staged": {"$ne": True}}
    await note_passages_changed(source.client_id, source.id, session)
    await stage_chunks(source.client_id, shown, session, staged=True)


async def _store_for_later(
    source: KnowledgeSource,
    indexed: IndexedPage,
    before: KnowledgePage | None,
    session: WriteSession,
) -> None:
    """Keep a document of too many passages, old or new, for one transaction, and have them made.

    What it said before is found until then.
    """
    own = TenantScope.one(source.client_id)
    page = page_of(source, indexed, before, None, chatbot_ids=())
    page.indexed_as, page.languages = "", before.languages if before else ""
    page.chunk_count = before.chunk_count if before else 0
    page.token_count = before.token_count if before else 0
    if before is None:
        await own.of(KnowledgePage).insert(page, session)
    else:
        same = {"_id": page.id}
        await own.of(KnowledgePage).update_one(same, {"$set": page_fields(page)}, session=session)
    await _count(source, PageChange(pages=int(before is None)), session)
    await ask_for_work(own, {"_id": source.id}, {}, session)


async def _recorded(
    source: KnowledgeSource, change: Awaitable[bool], session: WriteSession, *, is_first: bool
) -> bool:
    """Whether there was a change; the first one leaves an entry in the audit log with it."""
    is_changed = await change
    if is_changed and is_first:
        await record_about(session, KnowledgeSource, source.id, client_id=source.client_id)
    return is_changed


async def _count(
    source: KnowledgeSource, change: PageChange, session: WriteSession, **fields: Any
) -> None:
    """Keep the sums of a source; the write makes the transaction conflict with its deletion."""
    counts = {
        "page_count": change.pages,
        "chunk_count": change.chunks,
        "token_count": change.tokens,
        "version": 1,
    }
    sources = TenantScope.one(source.client_id).of(KnowledgeSource)
    await sources.update_one({"_id": source.id}, {"$inc": counts, "$set": fields}, session=session)


async def _ended(source: KnowledgeSource, accepted: int, session: WriteSession) -> KnowledgeSource:
    before = await _there(source, session)
    if not accepted:
        await record(session, client_id=source.client_id, before=before, after=before)
        return before
    sources = TenantScope.one(source.client_id).of(KnowledgeSource)
    fields = {"status": "ready", "last_synced_at": utc_now()}
    after = await sources.update_one({"_id": source.id}, {"$set": fields}, session=session)
    await mark_knowledge_changed(TenantScope.one(source.client_id), before.chatbot_ids, session)
    await knowledge_changed(source.client_id, source.id, session)
    return after or before


async def _there(source: KnowledgeSource, session: WriteSession) -> KnowledgeSource:
    found = await TenantScope.one(source.client_id).of(KnowledgeSource).get(source.id, session)
    if found is None:
        raise SourceNotFoundError(source.id)
    return found


async def _page(
    source: KnowledgeSource, document: PushedDocument, session: WriteSession | None
) -> KnowledgePage | None:
    own = {"source_id": source.id, "key": document.external_id}
    pages = TenantScope.one(source.client_id).of(KnowledgePage)
    return await pages.find_one(own, session=session)


async def _note_problem(
    source: KnowledgeSource, document: PushedDocument, reason: str, session: WriteSession
) -> bool:
    problem = PageProblem(url=document.url, reason=reason, at=utc_now()).model_dump()
    sources = TenantScope.one(source.client_id).of(KnowledgeSource)
    same = {"_id": source.id}
    pull = {"$pull": {"problems": {"url": document.url}}}
    await sources.update_one(same, pull, session=session)
    newest = {"$each": [problem], "$slice": -MOST_PROBLEMS}
    await sources.update_one(same, {"$push": {"problems": newest}}, session=session)
    return True


def _raw_hash(document: PushedDocument) -> str:
    content = "\n".join((document.url, document.title, document.html or ""))
    return hashlib.sha256(content.encode(errors="replace")).hexdigest()


def _size(document: PushedDocument) -> int:
    parts = (document.external_id, document.url, document.title, document.html or "")
    return sum(len(one.encode(errors="replace")) for one in parts)


def _too_many(most: int) -> FieldIssue:
    return _issue("documents", f"The source has {most} documents, which is the limit.")


def _issue(field: str, message: str, *inside: str) -> FieldIssue:
    return FieldIssue(("input", field, *inside), message)
