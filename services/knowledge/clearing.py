"""Deleting what a deleted source left behind, some at a time, since it may be 2,500,000 passages.

It is not found any more from the moment in which the source went. Who deletes the source begins
with it at once; what is left after a while, or when the process dies, any other process goes on
with.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from time import monotonic

import structlog

from documents.erasure import erase_batch
from documents.errors import is_unavailable
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_leftovers import (
    KnowledgeLeftover,
    claim_leftover,
    free_leftovers,
    leave_leftover,
)
from documents.knowledge_pages import KnowledgePage
from documents.tenancy import TenantScope
from services.cancelling import raise_if_cancelled

LOOK_EVERY_S = 10.0
SLICE_S = 20.0
"""How long one leftover is worked at before the next one has its turn: less than its lease."""

PATIENCE_S = 10.0
"""How long the caller who deletes a source waits for the rest of it to go."""

log = structlog.get_logger()


class Clearing:
    """Goes on with what is left, for as long as the process lives."""

    async def run(self) -> None:
        """Delete until cancelled."""
        while True:
            try:
                while await self.work_once():
                    raise_if_cancelled()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("knowledge_clearing_failed")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_EVERY_S)

    async def take_over(self) -> None:
        """Count all of it as left behind: for the only process on its database, at its start."""
        await free_leftovers()

    async def work_once(self) -> bool:
        """Delete of one leftover that is due; whether there was one."""
        leftover = await claim_leftover()
        if leftover is None:
            return False
        await clear(leftover, for_s=SLICE_S)
        return True


async def clear(leftover: KnowledgeLeftover, *, for_s: float = PATIENCE_S) -> Mapping[str, int]:
    """Delete what is left for some seconds, the passages first; how many documents, by collection.

    The entry goes when nothing is left.
    """
    scope, own = TenantScope.one(leftover.client_id), {"source_id": leftover.source_id}
    erased: Counter[str] = Counter()
    until = monotonic() + for_s
    for document_class in (KnowledgeChunk, KnowledgePage):
        while count := await erase_batch(scope, document_class, own):
            erased[document_class.get_pymongo_collection().name] += count
            if monotonic() > until:
                await leave_leftover(leftover)
                return erased
            raise_if_cancelled()
    await scope.of(KnowledgeLeftover).delete_one({"_id": leftover.id})
    return erased
