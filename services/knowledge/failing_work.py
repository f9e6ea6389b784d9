"""Work that ends with an error of ours is tried again a few times, ever later, and then given up.

Otherwise one page that breaks something would keep every process busy for ever, and nobody would
be told.
"""

from documents.base import utc_now
from documents.knowledge_sources import KnowledgeSource, PageProblem
from documents.knowledge_work import Claim, finish_work, leave_work
from documents.tenancy import TenantScope
from services.live.publishing import knowledge_changed

MOST_ATTEMPTS = 5
FIRST_REST_S = 5.0
"""Doubles with each attempt, in seconds."""

_GIVEN_UP = (
    "Reading it failed because of an error in Parlance; whoever runs it finds more in the log."
)


async def note_failure(claim: Claim) -> None:
    """Count a failure of the work at a source; let the next attempt wait, or give up."""
    sources = TenantScope.one(claim.client_id).of(KnowledgeSource)
    source = await sources.update_one(claim.held, {"$inc": {"work_failures": 1}})
    if source is None:
        return
    if source.work_failures < MOST_ATTEMPTS:
        await leave_work(claim, rest_s=FIRST_REST_S * 2 ** (source.work_failures - 1))
        return
    problem = PageProblem(url=source.url or source.title, reason=_GIVEN_UP, at=utc_now())
    fields = {
        "status": "stale" if source.page_count else "failed",
        "sync_id": None,
        "sync_wanted": False,
        "next_sync_at": None,
        "progress": None,
        "work_failures": 0,
        "problems": [problem.model_dump()],
    }
    await sources.update_one(claim.held, {"$set": fields})
    await finish_work(claim)
    await knowledge_changed(claim.client_id, claim.source_id)
