"""Gives every chunk its vector, behind what visitors and editors do.

Chunks that the model has not seen are those without a vector and, after a change of the model, all
of them: each is taken as it comes, and until then is found by its words. The same text is embedded
once per client, however many chatbots have it. One process at a time does it.
"""

import asyncio
from collections.abc import Sequence

import structlog

from documents.errors import WorkLeaseLostError, is_unavailable
from documents.knowledge_vectors import (
    UnembeddedChunk,
    store_vectors,
    unembedded_chunks,
    vectors_by_hash,
)
from documents.work_leases import work_lease
from services.cancelling import raise_if_cancelled
from services.knowledge.embedding.embedder import Embedder, EmbeddingError

BATCH = 64
"""Chunks asked for at once."""

REST_S = 3.0
"""How long to wait before looking for new chunks, in seconds."""

LEASE = "embedding"
LEASE_S = 180.0
"""Longer than the slowest batch takes."""

log = structlog.get_logger()


class EmbeddingWork:
    """Works for as long as the process lives."""

    def __init__(self, embedder: Embedder, *, rest_s: float = REST_S) -> None:
        self._embedder = embedder
        self._rest_s = rest_s
        self._lease = work_lease(LEASE, duration_s=LEASE_S)
        self._holding = False

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            done = 0
            try:
                done = await self.work_once() if await self._is_ours() else 0
            except EmbeddingError:
                pass  # it was logged, and is tried again
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("embedding_work_failed")
            raise_if_cancelled()
            if not done:
                await asyncio.sleep(self._rest_s)

    async def _is_ours(self) -> bool:
        if self._holding:
            try:
                await self._lease.renew()
            except WorkLeaseLostError:
                self._holding = False
        else:
            self._holding = await self._lease.acquire()
        return self._holding

    async def work_once(self) -> int:
        """Give some chunks their vectors; how many there were.

        Raises:
            EmbeddingError: the model gave none.
        """
        model = self._embedder.model.name
        chunks = await unembedded_chunks(model, limit=BATCH)
        for client_id in dict.fromkeys(one.client_id for one in chunks):
            await self._embed(client_id, [one for one in chunks if one.client_id == client_id])
        return len(chunks)

    async def _embed(self, client_id: str, chunks: Sequence[UnembeddedChunk]) -> None:
        model = self._embedder.model.name
        by_hash = {one.hash: one.text for one in chunks}
        known = await vectors_by_hash(client_id, model, list(by_hash))
        new = [hash_ for hash_ in by_hash if hash_ not in known]
        if new:
            made = await self._embedder.passages([by_hash[hash_] for hash_ in new])
            known |= dict(zip(new, made, strict=True))
        await store_vectors(model, {one: known[one.hash] for one in chunks})
