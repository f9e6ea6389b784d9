"""The words that a chatbot's texts use, for mending those that a question spells wrongly.

They are read from the chunks when a question has an unknown word, and kept per chatbot and
language. What is kept may be a little out of date: a mended word is looked for in addition to the
one that was typed, so the worst that a missing word does is to leave a typo unmended. A chatbot
with few chunks is read anew after each change; one with many at most every `KEPT_SECONDS`, and no
question waits for that longer than `LONGEST_WAIT_S`. The words of a source that was taken away are
not offered from that moment on.
"""

import asyncio
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import ChunkWords, tokens_in_batches
from documents.knowledge_sources import KnowledgeSize
from documents.tenancy import TenantScope
from services.languages.codes import UNDETERMINED

LEAST_SIMILARITY = 0.72
"""Of the typed word and the known one: 1 - changed letters / letters of the longer one."""

SHORTEST_MENDED = 4
"""A shorter word has too many neighbours."""

FEW_CHUNKS = 2_000
MOST_CHUNKS_READ = 20_000
"""Of a larger chatbot the first so many are read: they hold nearly all of its words."""

MOST_WORDS_KEPT = 600_000
"""Over all chatbots of this process, about 60 MB. The longest unused go first."""

KEPT_SECONDS = 120.0

LONGEST_WAIT_S = 0.1
"""To read the words of a large chatbot takes a second or two: the next question has them."""


class NearWord(NamedTuple):
    """A known word that is much like another one."""

    word: str
    similarity: float


class Vocabulary:
    """The known words, by their first letter, with the number of chunks that hold each."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._by_letter: defaultdict[str, list[str]] = defaultdict(list)
        for word in counts:
            if len(word) >= SHORTEST_MENDED - 1:
                self._by_letter[word[0]].append(word)

    def __len__(self) -> int:
        return len(self._counts)

    def nearest(self, word: str) -> NearWord | None:
        """The most similar word with the same first letter; of equal ones the more frequent."""
        if len(word) < SHORTEST_MENDED or not word.isalpha():
            return None
        near = process.extract(
            word,
            self._by_letter.get(word[0], ()),
            scorer=OSA.normalized_similarity,
            score_cutoff=LEAST_SIMILARITY,
            limit=8,
        )
        best = max(near, key=lambda one: (one[1], self._counts[one[0]]), default=None)
        return None if best is None else NearWord(best[0], best[1])


@dataclass(frozen=True, slots=True)
class _Kept:
    vocabulary: Vocabulary
    version: object
    source_ids: frozenset[PydanticObjectId]
    read_at: float


class Vocabularies:
    """Those of the chatbots that were asked lately, in this process."""

    def __init__(
        self, most_words: int = MOST_WORDS_KEPT, longest_wait_s: float = LONGEST_WAIT_S
    ) -> None:
        self._most_words = most_words
        self._longest_wait_s = longest_wait_s
        self._kept: OrderedDict[tuple[PydanticObjectId, str], _Kept] = OrderedDict()
        self._reading: dict[tuple[PydanticObjectId, str], asyncio.Task[Vocabulary]] = {}

    async def of(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        language: str,
        *,
        version: object,
        size: KnowledgeSize,
        deadline_ms: int,
    ) -> Vocabulary | None:
        """The words of a chatbot's chunks that are, or may be, in a language.

        None while those of a large chatbot are being read.

        Args:
            scope: Whose data may be read.
            chatbot_id: Whose words.
            language: The code of the chunks' language.
            version: Changes with the chatbot's knowledge.
            size: All that the chatbot knows now.
            deadline_ms: When MongoDB gives up, in milliseconds.
        """
        key = (chatbot_id, language)
        kept = self._kept.get(key)
        if kept is not None and _is_fresh(kept, version, size):
            self._kept.move_to_end(key)
            return kept.vocabulary
        reading = self._reading.get(key)
        if reading is None:
            reading = asyncio.create_task(
                self._read(scope, key, version, size.source_ids, deadline_ms)
            )
            self._reading[key] = reading
            reading.add_done_callback(lambda done: self._ended(key, done))
        # Shielded: whoever asked first may go away while others wait for the same words.
        waits_s = self._longest_wait_s if size.chunk_count > FEW_CHUNKS else None
        try:
            return await asyncio.wait_for(asyncio.shield(reading), waits_s)
        except TimeoutError:
            return kept.vocabulary if kept is not None and _is_offered(kept, size) else None

    async def _read(
        self,
        scope: TenantScope,
        key: tuple[PydanticObjectId, str],
        version: object,
        source_ids: Sequence[PydanticObjectId],
        deadline_ms: int,
    ) -> Vocabulary:
        vocabulary = await _read(scope, *key, source_ids, deadline_ms)
        self._keep(key, _Kept(vocabulary, version, frozenset(source_ids), monotonic()))
        return vocabulary

    def _ended(self, key: tuple[PydanticObjectId, str], reading: asyncio.Task[Vocabulary]) -> None:
        self._reading.pop(key, None)
        if not reading.cancelled():
            reading.exception()  # nobody may wait any more, and the next question tries again

    def _keep(self, key: tuple[PydanticObjectId, str], kept: _Kept) -> None:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        words = sum(len(one.vocabulary) for one in self._kept.values())
        while words > self._most_words and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            words -= len(dropped.vocabulary)


def _is_fresh(kept: _Kept, version: object, size: KnowledgeSize) -> bool:
    if kept.version == version:
        return True
    is_young = size.chunk_count > FEW_CHUNKS and monotonic() - kept.read_at < KEPT_SECONDS
    return is_young and _is_offered(kept, size)


def _is_offered(kept: _Kept, size: KnowledgeSize) -> bool:
    return kept.source_ids.issubset(size.source_ids)


async def _read(
    scope: TenantScope,
    chatbot_id: PydanticObjectId,
    language: str,
    source_ids: Sequence[PydanticObjectId],
    deadline_ms: int,
) -> Vocabulary:
    counts: Counter[str] = Counter()
    batches = tokens_in_batches(
        scope,
        chatbot_id,
        (language, UNDETERMINED),
        source_ids=source_ids,
        limit=MOST_CHUNKS_READ,
        deadline_ms=deadline_ms,
    )
    async for batch in batches:
        await asyncio.to_thread(_count, counts, batch)
    return await asyncio.to_thread(Vocabulary, counts)


def _count(counts: Counter[str], batch: Iterable[ChunkWords]) -> None:
    for chunk in batch:
        counts.update({*chunk.heading_tokens.split(), *chunk.text_tokens.split()})


def mended(tokens: Sequence[str], vocabulary: Vocabulary) -> NearWord | None:
    """The known word nearest to one of the forms that an unknown word may have."""
    near = [found for token in tokens if (found := vocabulary.nearest(token))]
    return max(near, key=lambda one: one.similarity, default=None)
