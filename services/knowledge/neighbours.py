"""What stands before and after the best passages: an answer is often cut off from its beginning.

Only text under the same headings is a neighbour. It is read by the model and not cited.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from documents.knowledge_chunks import neighbour_text
from documents.tenancy import TenantScope
from services.knowledge.passages import RetrievedPassage

WITH_NEIGHBOURS = 2
"""So many of the best passages have their neighbours with them."""

MOST_CHARACTERS = 600
"""Of each neighbour: the end of the one before, the beginning of the one after."""


async def with_neighbours(
    scope: TenantScope, passages: Sequence[RetrievedPassage]
) -> tuple[RetrievedPassage, ...]:
    """The same passages, the best used ones with their neighbours."""
    best = [one for one in passages if one.used][:WITH_NEIGHBOURS]
    found = await asyncio.gather(*(_widened(scope, one) for one in best))
    widened = {one.chunk_id: one for one in found}
    return tuple(widened.get(one.chunk_id, one) for one in passages)


async def _widened(scope: TenantScope, passage: RetrievedPassage) -> RetrievedPassage:
    before, after = await asyncio.gather(
        neighbour_text(scope, passage.chunk_id, after=False),
        neighbour_text(scope, passage.chunk_id, after=True),
    )
    return replace(
        passage,
        before=(before or "")[-MOST_CHARACTERS:],
        after=(after or "")[:MOST_CHARACTERS],
    )
