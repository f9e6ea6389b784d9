"""The seam between the search and the index that collects chunks for it, in two questions.

Whatever collects decides neither order nor evidence: BM25, fusing and the gate stay the
application's. What holds behind the seam is in `tests/unit/knowledge/test_candidates.py`, which
every kind of collecting is held against.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import ChunkWords
from documents.tenancy import TenantScope


@dataclass(frozen=True, slots=True)
class Searched:
    """What may be found, and how long that may take.

    Attributes:
        scope: Whose data may be read.
        chatbot_id: The chatbot whose chunks are searched.
        source_ids: The sources that the chatbot has now: chunks of others are not seen any more.
        deadline_ms: When MongoDB gives up, in milliseconds.
    """

    scope: TenantScope
    chatbot_id: PydanticObjectId
    source_ids: Sequence[PydanticObjectId]
    deadline_ms: int


class Candidates(Protocol):
    """Collects chunks that may answer a question; never a hidden one or another chatbot's."""

    async def by_words(
        self, searched: Searched, tokens: Sequence[str], *, limit: int
    ) -> list[ChunkWords]:
        """At most `limit` chunks that hold one of the tokens; all of them where they are fewer.

        Args:
            searched: What may be found.
            tokens: Letters, marks and digits only.
            limit: How many chunks at most; those with the most of the tokens go first.
        """

    async def by_meaning(
        self,
        searched: Searched,
        question: Sequence[float],
        *,
        by_words: Sequence[PydanticObjectId],
    ) -> dict[PydanticObjectId, float]:
        """Cosines of chunks with a question, -1 to 1; none of chunks without a vector.

        Args:
            searched: What may be found.
            question: The question's vector.
            by_words: What words have found, the best first: the first of these are compared too,
                however far they are from the question.
        """
