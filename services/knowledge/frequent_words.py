"""The words that much of a chatbot's knowledge holds, so that a search need not collect all that.

MongoDB reads every chunk that holds one of the words it is asked for, so a word in every seventh
chunk makes nearly all of a search's time and says next to nothing. Which words those are is told by
a sample of the chunks, read behind the searches and kept for some minutes: it decides what is
collected, and an old one costs time and no answer.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import ChunkWords, sampled_in_batches
from documents.knowledge_sources import KnowledgeSize
from documents.tenancy import TenantScope
from services.knowledge.question import QuestionWord
from services.knowledge.ranking import word_weights

FEW_CHUNKS = 2_000
"""A chatbot with fewer is searched quickly whatever is asked."""

SAMPLE = 2_000
LEAST_SHARE = 0.01
"""Of the sampled chunks; a word in fewer is taken to be in half as many."""

KEPT_SECONDS = 600.0
MOST_CHATBOTS = 300
"""About 100 KB each. The longest unused go first."""

READING_MS = 20_000
"""When MongoDB gives up sampling: nobody waits for it."""

LEFT_OUT = 0.3
"""Of the question's weight. A chunk with no other word of it is below the gate
(`services.knowledge.gate`) and would not be used."""

CHEAP_CHUNKS = 1_500
"""So many are collected without leaving anything out."""

ENOUGH_CHUNKS = 1_000
"""With so many that hold rarer words, a chunk with none of them is not among the best."""


@dataclass(frozen=True, slots=True)
class _Kept:
    shares: Mapping[str, float]
    read_at: float


class FrequentWords:
    """Those of the chatbots that were asked lately, in this process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[PydanticObjectId, _Kept] = OrderedDict()
        self._reading: dict[PydanticObjectId, asyncio.Task[None]] = {}

    def of(
        self, scope: TenantScope, chatbot_id: PydanticObjectId, size: KnowledgeSize
    ) -> Mapping[str, float] | None:
        """The share of a chatbot's chunks that holds each frequent token, at once.

        None of a small chatbot, and while those of a large one are being read.

        Args:
            scope: Whose data may be read.
            chatbot_id: Whose words.
            size: All that the chatbot knows.
        """
        if size.chunk_count < FEW_CHUNKS:
            return None
        kept = self._kept.get(chatbot_id)
        is_old = kept is None or monotonic() - kept.read_at > KEPT_SECONDS
        if is_old and chatbot_id not in self._reading:
            reading = asyncio.create_task(self._read(scope, chatbot_id, size))
            self._reading[chatbot_id] = reading
            reading.add_done_callback(lambda done: self._ended(chatbot_id, done))
        return None if kept is None else kept.shares

    async def settled(self) -> None:
        """Wait until nothing is being read any more."""
        await asyncio.gather(*self._reading.values(), return_exceptions=True)

    async def _read(
        self, scope: TenantScope, chatbot_id: PydanticObjectId, size: KnowledgeSize
    ) -> None:
        counts: Counter[str] = Counter()
        chunks = 0
        batches = sampled_in_batches(
            scope, chatbot_id, source_ids=size.source_ids, count=SAMPLE, deadline_ms=READING_MS
        )
        async for batch in batches:
            chunks += len(batch)
            await asyncio.to_thread(_count, counts, batch)
        shares = {
            word: count / chunks for word, count in counts.items() if count >= LEAST_SHARE * chunks
        }
        self._kept[chatbot_id] = _Kept(shares, monotonic())
        self._kept.move_to_end(chatbot_id)
        while len(self._kept) > MOST_CHATBOTS:
            self._kept.popitem(last=False)

    def _ended(self, chatbot_id: PydanticObjectId, reading: asyncio.Task[None]) -> None:
        self._reading.pop(chatbot_id, None)
        if not reading.cancelled():
            reading.exception()  # nobody waits for it, and the next question tries again


def _count(counts: Counter[str], batch: Iterable[ChunkWords]) -> None:
    for chunk in batch:
        counts.update({*chunk.heading_tokens.split(), *chunk.text_tokens.split()})


def expected_counts(
    words: Sequence[QuestionWord], shares: Mapping[str, float], chunk_count: int
) -> dict[QuestionWord, int]:
    """In about how many of the chatbot's chunks each word stands."""

    def share(word: QuestionWord) -> float:
        return min(sum(shares.get(token, LEAST_SHARE / 2) for token in word.tokens), 1.0)

    return {word: round(share(word) * chunk_count) for word in words}


def worth_collecting(
    words: Sequence[QuestionWord], counts: Mapping[QuestionWord, int], chunk_count: int
) -> list[QuestionWord]:
    """The words that chunks are collected by, without the most frequent ones where these cost much.

    Args:
        words: The question's words, at least one.
        counts: In about how many chunks each stands.
        chunk_count: How many chunks the chatbot has.
    """
    if sum(counts.values()) <= CHEAP_CHUNKS:
        return list(words)
    weights = word_weights(words, counts, chunk_count)
    needed = (1 - LEFT_OUT) * sum(weights.values())
    kept: set[QuestionWord] = set()
    chunks, weight = 0, 0.0
    for word in sorted(words, key=lambda one: counts[one]):
        if kept and (weight >= needed or chunks >= ENOUGH_CHUNKS):
            break
        kept.add(word)
        chunks += counts[word]
        weight += weights[word]
    return [word for word in words if word in kept]
