"""One order from two: cosine plus a share of normalised BM25.

Never reciprocal ranks: they forget how far apart two passages are, and lose ten points of hit@5
(docs/decisions/0080-retrieval.md).
"""

from collections.abc import Mapping, Sequence

from documents.ids import PydanticObjectId
from services.knowledge.ranking import RankedChunk

WORDS_WEIGHT = 0.2
NEAREST = 60
"""Chunks that meaning alone may bring in."""


def fused(
    ranked: Sequence[RankedChunk], cosines: Mapping[PydanticObjectId, float]
) -> list[RankedChunk]:
    """The chunks of both, best first.

    Args:
        ranked: What words have found, with BM25 scores, the best first.
        cosines: By chunk; a chunk without a vector counts as one that means something else.
    """
    best = max((one.score for one in ranked), default=0.0) or 1.0
    nearest = sorted(cosines, key=lambda one: -cosines[one])[:NEAREST]
    by_id = {one: RankedChunk(one, 0.0, 0.0) for one in nearest}
    by_id |= {one.chunk_id: one for one in ranked}
    together = [
        one._replace(score=cosines.get(one.chunk_id, 0.0) + WORDS_WEIGHT * one.score / best)
        for one in by_id.values()
    ]
    return sorted(together, key=lambda one: (-one.score, one.chunk_id))
