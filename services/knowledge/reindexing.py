"""Making chunks from pages that are stored already: for a new chatbot, title or analyzer."""

from typing import Any

from documents.knowledge_pages import KnowledgePage, to_be_indexed
from documents.knowledge_sources import KnowledgeSource
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.indexing import NAMED_BY_PAGE, indexed_as
from services.knowledge.large_pages import delete_hidden
from services.knowledge.page_writing import PageChangedError
from services.knowledge.stays import Stay


async def reindex(claimed: ClaimedSource, stay: Stay) -> None:
    """Bring every page's chunks to what the source wants.

    Raises:
        WorkLeaseLostError: the source is not ours any more.
        PlaceWantedError: others go first.
    """
    source = await claimed.current()
    pages = claimed.scope.of(KnowledgePage)
    left = await pages.count(_wanting(source), limit=1_000_000) if source.chatbot_ids else 0
    if not left:
        return
    await claimed.begin("indexing", left)
    while source.chatbot_ids and (page := await pages.find_one(_wanting(source))) is not None:
        source = await _rewritten(claimed, page)
        await stay.page_stored()
    await claimed.change({"$set": {"progress": None}})


async def _rewritten(claimed: ClaimedSource, page: KnowledgePage) -> KnowledgeSource:
    try:
        return await claimed.write_again(page)
    except PageChangedError:
        await delete_hidden(claimed)
        return await claimed.current()


def _wanting(source: KnowledgeSource) -> dict[str, Any]:
    return to_be_indexed(source.id, source.chatbot_ids, _analysis(source))


def _analysis(source: KnowledgeSource) -> Any:
    """What `indexed_as` is to be, as an expression of MongoDB's."""
    own = {"$literal": indexed_as(source.title)}
    if source.kind not in NAMED_BY_PAGE:
        return own
    by_page = {"$concat": [{"$literal": indexed_as("")}, "$title"]}
    return {"$cond": [{"$eq": ["$title", ""]}, own, by_page]}
