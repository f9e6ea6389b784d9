"""Pages that could not be read, or are not there any more: kept for a while, named, let go."""

from documents.base import utc_now
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import (
    MOST_PROBLEMS,
    KnowledgeSource,
    PageProblem,
    note_passages_changed,
)
from documents.transactions import WriteSession
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.large_pages import delete_hidden, hide_page, shows_many

GONE_AFTER_FAILURES = 2
"""Syncs in a row in which a page was not there."""

LONGEST_REASON_CHARACTERS = 500

_KEPT = "{reason} What it said before is still used."
_GONE = "{reason} It failed twice in a row, so what it said is not used any more."


async def miss(claimed: ClaimedSource, key: str, reason: str, *, is_definite: bool) -> None:
    """Note that a page could not be read in this sync.

    Args:
        claimed: The source.
        key: The page.
        reason: Why, in a sentence.
        is_definite: It is not there, or cannot be read, and not only for the moment.

    Raises:
        WorkLeaseLostError: the source is not ours any more.
    """
    await _hide_what_goes(claimed, key, is_definite=is_definite)

    async def write(session: WriteSession) -> None:
        source = await claimed.change({"$inc": {"progress.done": 1}}, session)
        page = await _page(claimed, key, session)
        if page is None:
            await note_problem(claimed, key, reason, session)
        elif page.sync_id != source.sync_id:
            await _missed(claimed, source, page, reason, session, is_definite=is_definite)

    await claimed.together(write)
    await delete_hidden(claimed)


async def drop(claimed: ClaimedSource, key: str) -> None:
    """Let go of a page at once: the site says that it is none, or another page says the same.

    Raises:
        WorkLeaseLostError: the source is not ours any more.
    """
    page = await _page(claimed, key)
    if page is not None:
        await _hide_large(claimed, page)

    async def write(session: WriteSession) -> None:
        page = await _page(claimed, key, session)
        if page is not None:
            await _delete(claimed, page, session)

    await claimed.together(write)
    await delete_hidden(claimed)


async def note_problem(
    claimed: ClaimedSource,
    key: str,
    reason: str,
    session: WriteSession | None = None,
    *,
    was_known: bool = False,
) -> None:
    """Name a page in the source's problems, once."""
    problem = PageProblem(
        url=key, reason=reason[:LONGEST_REASON_CHARACTERS], at=utc_now(), was_known=was_known
    )
    await claimed.change({"$pull": {"problems": {"url": key}}}, session)
    newest = {"$each": [problem.model_dump()], "$slice": -MOST_PROBLEMS}
    await claimed.change({"$push": {"problems": newest}}, session)


async def _missed(
    claimed: ClaimedSource,
    source: KnowledgeSource,
    page: KnowledgePage,
    reason: str,
    session: WriteSession,
    *,
    is_definite: bool,
) -> None:
    failures, goes = page.failures + 1, _goes(page, is_definite=is_definite)
    said = (_GONE if goes else _KEPT).format(reason=reason)
    await note_problem(claimed, page.key, said, session, was_known=True)
    if goes:
        await _delete(claimed, page, session)
        return
    fields = {"failures": failures, "sync_id": source.sync_id}
    pages = claimed.scope.of(KnowledgePage)
    await pages.update_one({"_id": page.id}, {"$set": fields}, session=session)


def _goes(page: KnowledgePage, *, is_definite: bool) -> bool:
    """Whether a page that is missing once more is let go."""
    return is_definite and page.failures + 1 >= GONE_AFTER_FAILURES


async def _hide_what_goes(claimed: ClaimedSource, key: str, *, is_definite: bool) -> None:
    source, page = await claimed.current(), await _page(claimed, key)
    if page is None or page.sync_id == source.sync_id or not _goes(page, is_definite=is_definite):
        return
    await _hide_large(claimed, page)


async def _hide_large(claimed: ClaimedSource, page: KnowledgePage) -> None:
    """Take what is too much for one transaction away from searches before the page goes."""
    if await shows_many(page):
        await hide_page(claimed, page)


async def _delete(claimed: ClaimedSource, page: KnowledgePage, session: WriteSession) -> None:
    counts = {
        "page_count": -1,
        "chunk_count": -page.chunk_count,
        "token_count": -page.token_count,
    }
    await claimed.change({"$inc": counts}, session)
    await claimed.scope.of(KnowledgePage).delete_one({"_id": page.id}, session)
    await note_passages_changed(claimed.client_id, claimed.source_id, session)
    shown = {"page_id": page.id, "staged": {"$ne": True}}
    await claimed.scope.of(KnowledgeChunk).delete_many(shown, session)


async def _page(
    claimed: ClaimedSource, key: str, session: WriteSession | None = None
) -> KnowledgePage | None:
    own = {"source_id": claimed.source_id, "key": key}
    return await claimed.scope.of(KnowledgePage).find_one(own, session=session)
