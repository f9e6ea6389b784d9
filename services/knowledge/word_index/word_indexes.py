"""The words of the chatbots that were asked lately, kept in this process and never out of date.

Every search reads the state of the chatbot's sources, so what was changed is noticed at its commit.
Of what was changed a little is read before the search goes on; for more than that, and at a
chatbot's first question, the search goes without, and the words are read behind it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import structlog

from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.knowledge_listing import ListedChunk, listed_ids, listed_in_batches
from documents.knowledge_sources import KnowledgeSize
from documents.tenancy import TenantScope
from services.knowledge.word_index.chatbot_words import ChatbotWords

FEW_CHUNKS: Final = 2_000
"""A chatbot with fewer is searched quickly without."""

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of words kept in this process, all chatbots together: 50,000 chunks take about 50 MB."""

BYTES_PER_TOKEN: Final = 4
"""What a token adds at most, to tell beforehand which chatbot is too large."""

READ_AT_ONCE: Final = 1_000
"""Chunks to be read, up to which the search waits for them."""

LISTED_PER_READ: Final = 10
"""So many chunks are listed in the time in which the words of one are read."""

CHUNKS_PER_SEGMENT: Final = 4_000
READING_MS: Final = 20_000
"""When MongoDB gives up a read that nobody waits for."""

log = structlog.get_logger()


class _Key(NamedTuple):
    scope: TenantScope
    chatbot_id: PydanticObjectId


@dataclass(slots=True)
class _Kept:
    words: ChatbotWords | None = None
    one_reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class WordIndexes:
    """Those of this process."""

    def __init__(
        self,
        *,
        most_bytes: int = MOST_BYTES,
        few_chunks: int = FEW_CHUNKS,
        read_at_once: int = READ_AT_ONCE,
    ) -> None:
        """`few_chunks` and `read_at_once` are in chunks: see the constants of the same names."""
        self._most_bytes = most_bytes
        self._few_chunks = few_chunks
        self._read_at_once = read_at_once
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._behind: dict[_Key, asyncio.Task[None]] = {}
        self._one_large_reading = asyncio.Lock()

    async def of(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        size: KnowledgeSize,
        *,
        deadline_ms: int,
    ) -> ChatbotWords | None:
        """The words of all that a chatbot can find, as `size` tells it.

        None of a small chatbot, of one that is too large, while much is to be read, and where
        another search reads the same for longer than the deadline.

        Args:
            scope: Whose data may be read.
            chatbot_id: Whose chunks.
            size: All that the chatbot knows now.
            deadline_ms: When MongoDB gives up a read that is waited for, and how long to wait for
                another search's, in milliseconds.
        """
        key = _Key(scope, chatbot_id)
        if not self._is_kept_for(size):
            self._kept.pop(key, None)
            return None
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        if kept.words is not None and kept.words.is_of(size):
            return kept.words
        if self._to_read(kept, size) > self._read_at_once:
            if key not in self._behind:
                self._behind[key] = asyncio.create_task(self._read_behind(key, kept, size))
            return None
        if not await _taken(kept.one_reading, deadline_ms):
            return None
        try:
            return await self._brought_up(key, kept, size, deadline_ms)
        finally:
            kept.one_reading.release()

    async def awaited(
        self,
        scope: TenantScope,
        chatbot_id: PydanticObjectId,
        size: KnowledgeSize,
        *,
        longest_s: float,
    ) -> ChatbotWords | None:
        """The words of a chatbot that are being read behind a search, as soon as they are read.

        None where nothing is being read, not in time, or not in the state that `size` tells.

        Args:
            scope: Whose data may be read.
            chatbot_id: Whose chunks.
            size: All that the chatbot knew when the search began.
            longest_s: How long to wait, in seconds.
        """
        key = _Key(scope, chatbot_id)
        behind, kept = self._behind.get(key), self._kept.get(key)
        if behind is None or kept is None:
            return None
        await asyncio.wait((behind,), timeout=longest_s)
        # A reading may have failed, or have begun before a change: what is kept is older then.
        return kept.words if kept.words is not None and kept.words.is_of(size) else None

    async def settled(self) -> None:
        """Wait until nothing is being read behind searches any more."""
        await asyncio.gather(*self._behind.values())

    @property
    def size_bytes(self) -> int:
        """About how much memory all of them take."""
        return sum(one.words.size_bytes for one in self._kept.values() if one.words)

    def _is_kept_for(self, size: KnowledgeSize) -> bool:
        fits = size.token_count * BYTES_PER_TOKEN <= self._most_bytes
        return size.chunk_count >= self._few_chunks and fits

    @staticmethod
    def _to_read(kept: _Kept, size: KnowledgeSize) -> int:
        """About how many chunks; of a source that is known, only some are new."""
        words = kept.words or ChatbotWords()
        known, chunks = words.sources or {}, 0
        for one in words.unread(size):
            now = size.sources[one].chunk_count
            before = known[one].chunk_count if one in known else 0
            chunks += abs(now - before) + before // LISTED_PER_READ
        return chunks

    async def _read_behind(self, key: _Key, kept: _Kept, size: KnowledgeSize) -> None:
        try:
            async with self._one_large_reading, kept.one_reading:
                await self._brought_up(key, kept, size, READING_MS)
        except Exception as error:
            # The next question tries again, and finds its answer without until then.
            if not is_unavailable(error):
                log.exception("knowledge_words_unread", chatbot_id=str(key.chatbot_id))
        finally:
            del self._behind[key]

    async def _brought_up(
        self, key: _Key, kept: _Kept, size: KnowledgeSize, deadline_ms: int
    ) -> ChatbotWords:
        words = kept.words or ChatbotWords()
        if not words.is_of(size):
            words = await _read(key, words, size, deadline_ms)
            kept.words = words
            self._make_room(key)
        return words

    def _make_room(self, newest: _Key) -> None:
        for key in tuple(self._kept):
            if self.size_bytes <= self._most_bytes:
                return
            if key != newest:
                del self._kept[key]


async def _taken(lock: asyncio.Lock, deadline_ms: int) -> bool:
    """Take a lock, unless others keep it for longer than `deadline_ms` milliseconds."""
    try:
        async with asyncio.timeout(deadline_ms / 1_000):
            return await lock.acquire()
    except TimeoutError:
        return False


async def _read(
    key: _Key, words: ChatbotWords, size: KnowledgeSize, deadline_ms: int
) -> ChatbotWords:
    """The words with what has changed up to `size`, or a little later."""
    unread = words.unread(size)
    there = await listed_ids(*key, unread, deadline_ms=deadline_ms) if unread else []
    words, new = await asyncio.to_thread(_compared, words, size, there)
    waiting: list[ListedChunk] = []
    batches = listed_in_batches(*key, new, source_ids=list(unread), deadline_ms=deadline_ms)
    async for batch in batches:
        waiting += batch
        if len(waiting) >= CHUNKS_PER_SEGMENT:
            words = await asyncio.to_thread(words.with_chunks, waiting)
            waiting = []
    words = await asyncio.to_thread(words.with_chunks, waiting)
    return words.read_as(size.sources)


def _compared(
    words: ChatbotWords, size: KnowledgeSize, there: Sequence[PydanticObjectId]
) -> tuple[ChatbotWords, list[PydanticObjectId]]:
    """The words without what is gone, and the new ones of the chunks that are there, in order.

    To be called in a thread: the ids of a large chatbot are hashed one by one in Python.
    """
    listed, known = set(there), words.chunk_ids(words.unread(size))
    left = frozenset(words.sources or ()).difference(size.sources)
    new = sorted(listed - known, key=lambda one: one.binary)
    return words.without(known - listed, left), new
