"""Deleting the chunks of chatbots that do not have a source any more, some at a time.

They are not searched since the source was taken away. First the pages forget the chatbot: should
it get the source back meanwhile, they are indexed for it anew.
"""

from documents.errors import WorkLeaseLostError
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk, delete_some_chunks
from documents.knowledge_pages import KnowledgePage
from documents.transactions import WriteSession
from services.knowledge.claimed_source import ClaimedSource

CHUNKS_AT_ONCE = 500
"""Deleted in one transaction."""


async def unshare(claimed: ClaimedSource) -> None:
    """Delete what chatbots left behind that left the source.

    Raises:
        WorkLeaseLostError: the source is not ours any more.
    """
    source = await claimed.current()
    for chatbot_id in source.leaving_chatbot_ids:
        try:
            await _leave(claimed, chatbot_id)
        except WorkLeaseLostError:
            # The chatbot may have got the source back; without the claim this raises again.
            await claimed.current()


async def _leave(claimed: ClaimedSource, chatbot_id: PydanticObjectId) -> None:
    leaving = {"leaving_chatbot_ids": chatbot_id}
    theirs = {"source_id": claimed.source_id, "chatbot_id": chatbot_id}
    chunks = claimed.scope.of(KnowledgeChunk)

    async def forget(session: WriteSession) -> None:
        await claimed.change({"$set": {"progress": None}}, session, only=leaving)
        pages = {"source_id": claimed.source_id, "chatbot_ids": chatbot_id}
        pull = {"$pull": {"chatbot_ids": chatbot_id}}
        await claimed.scope.of(KnowledgePage).update_many(pages, pull, session=session)

    async def delete(session: WriteSession) -> int:
        gone = await delete_some_chunks(claimed.scope, theirs, session, limit=CHUNKS_AT_ONCE)
        counts = {"progress.done": gone, "passages_changed": 1}
        await claimed.change({"$inc": counts}, session, only=leaving)
        return gone

    await claimed.together(forget)
    total = await chunks.raw.count_documents(chunks.condition(theirs))
    await claimed.begin("unsharing", total)
    while await claimed.together(delete):
        await claimed.tell()
    await claimed.change({"$pull": leaving, "$set": {"progress": None}})
