"""Which of the ranked chunks become passages: pairs first, and no page crowds out the others.

A question/answer pair that somebody wrote for just this question wins over everything that was
found in texts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from services.knowledge.question import QuestionWord, content_tokens
from services.knowledge.ranking import RankedChunk

MOST_PER_PAGE = 3
SAME_QUESTION = 0.6
"""Shared tokens / all tokens of two questions, from which on they are taken to ask the same."""

Ranked = tuple[KnowledgeChunk, RankedChunk]


def arranged(
    ranked: Iterable[Ranked], words: Sequence[QuestionWord], exact: KnowledgeChunk | None
) -> list[Ranked]:
    """The chunks in the order in which they are shown.

    Args:
        ranked: Chunks with their ranks, the best first.
        words: What the question asks for.
        exact: The pair with word for word this question.
    """
    others = [one for one in ranked if exact is None or one[0].id != exact.id]
    # Stable: within both parts the order stays.
    others.sort(key=lambda one: not _asks_the_same(one[0], words))
    first = [] if exact is None else [(exact, _whole(exact.id, others))]
    return [*first, *_few_per_page(others)]


def _whole(chunk_id: PydanticObjectId, others: Sequence[Ranked]) -> RankedChunk:
    best = max((rank.score for _, rank in others), default=1.0)
    return RankedChunk(chunk_id, best, 1.0)


def _asks_the_same(chunk: KnowledgeChunk, words: Sequence[QuestionWord]) -> bool:
    if not chunk.question_tokens:
        return False
    asked = content_tokens(chunk.question or "", chunk.text_language)
    shared = sum(not asked.isdisjoint(word.tokens) for word in words)
    return shared >= SAME_QUESTION * max(len(asked), len(words))


def _few_per_page(ranked: Sequence[Ranked]) -> Iterator[Ranked]:
    seen: Counter[PydanticObjectId] = Counter()
    for chunk, rank in ranked:
        page = chunk.page_id or chunk.source_id
        seen[page] += 1
        if seen[page] <= MOST_PER_PAGE:
            yield chunk, rank
