"""Words of models, gathered for a moment while the process has more to do than it can.

Each piece of text on its way to the followers costs about the same, however short it is: a number,
an entry in the log, a wake-up, an event, a write. As long as the event loop has time left, each
piece goes at once, as the provider sent it. A loop that is nearly full would make all answers wait
for one another; then a stream's pieces are gathered and go together after 25 ms, or after up
to 100 ms while that is not enough. The first words of an answer never wait.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from time import monotonic, thread_time
from typing import Protocol

from services.answering.answer_text import AnswerText

SHORTEST_WINDOW_S = 0.025
LONGEST_WINDOW_S = 0.1
"""For how long pieces are gathered. Ten events a second still read as a stream."""

FEW_ANSWERS = 10
"""So many answers at a time never wait: what fills the loop then is not them."""

LOOK_EVERY_S = 0.1
FULL = 0.7
STILL_FULL = 0.85
HAS_ROOM = 0.4
"""Shares of time in which the loop works or wants to: gathering begins, goes on longer, or less."""

SCHEDULED = Path("/proc/thread-self/schedstat")
"""Nanoseconds for which a thread has run and has waited for a core, on Linux (see proc(5))."""


class Load(Protocol):
    """Tells how full an event loop is."""

    def share(self) -> float | None:
        """The share of the time since it was last told; None if that was just now."""


class LoopLoad:
    """How full a thread's event loop is, by the time that the thread runs or waits for a core."""

    def __init__(self) -> None:
        self._looked_at = monotonic()
        self._busy_s = busy_s()

    def share(self) -> float | None:
        """See `Load`."""
        now = monotonic()
        passed = now - self._looked_at
        if passed < LOOK_EVERY_S:
            return None
        busy = busy_s()
        share = (busy - self._busy_s) / passed
        self._looked_at, self._busy_s = now, busy
        return share


def busy_s() -> float:
    """Seconds for which this thread has run, or would have if there had been a core for it."""
    try:
        ran, waited, _ = SCHEDULED.read_text().split()
    except (OSError, ValueError):
        return thread_time()  # another system, which does not tell the rest
    return (int(ran) + int(waited)) / 1e9


class Gathering:
    """Decides for all answers of a process how long their words are gathered."""

    def __init__(self, load: Load | None = None) -> None:
        self._load = load or LoopLoad()
        self._window_s = 0.0
        self._speaking = 0
        self._waiting: list[GatheredWords] = []
        self._delivering = set[asyncio.Task[None]]()

    @contextmanager
    def words_for(self, text: AnswerText) -> Iterator["GatheredWords"]:
        """What a model says for an answer, for the length of the block."""
        self._speaking += 1
        try:
            yield GatheredWords(self, text)
        finally:
            self._speaking -= 1

    def window_s(self) -> float:
        """For how long words that come now are gathered; 0: not at all."""
        share = self._load.share()
        if share is not None:
            self._window_s = adjusted(self._window_s, share)
        return self._window_s if self._speaking > FEW_ANSWERS else 0.0

    def deliver_soon(self, words: "GatheredWords") -> None:
        """Let these go on when the time of those that wait is over."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(self._window_s, self._deliver)
        self._waiting.append(words)

    def _deliver(self) -> None:
        waiting, self._waiting = self._waiting, []
        for words in waiting:
            # Each by itself: one that must wait for the database holds no other up.
            task = asyncio.create_task(words.deliver(), context=words.context)
            self._delivering.add(task)
            task.add_done_callback(self._delivering.discard)


class GatheredWords:
    """The words of one model on their way to an answer."""

    def __init__(self, gathering: Gathering, text: AnswerText) -> None:
        self.context = copy_context()
        self._gathering = gathering
        self._text = text
        self._pieces: list[str] = []
        self._has_spoken = self._is_waiting = False
        self._one_delivers = asyncio.Lock()
        self._problem: Exception | None = None

    async def say(self, piece: str) -> None:
        """Let words go on, now or in a moment.

        Raises:
            Exception: what became of these words, or of those that went on in a moment.
        """
        self._pieces.append(piece)
        if not self._has_spoken or not self._gathering.window_s():
            self._has_spoken = True
            await self.finish()
        elif not self._is_waiting:
            self._is_waiting = True
            self._gathering.deliver_soon(self)

    async def finish(self) -> None:
        """Let all words go on.

        Raises:
            Exception: as `say`.
        """
        async with self._one_delivers:
            if self._problem is not None:
                raise self._problem
            pieces, self._pieces = self._pieces, []
            if pieces:
                await self._text.delta("".join(pieces))

    async def deliver(self) -> None:
        """Let them go on, and tell whoever speaks next of a problem."""
        self._is_waiting = False
        try:
            await self.finish()
        except Exception as problem:  # noqa: BLE001  it is raised where the words come from
            self._problem = problem


def adjusted(window_s: float, share: float) -> float:
    """The window after a look, with hysteresis: gathering itself makes room."""
    if share >= STILL_FULL or (share >= FULL and not window_s):
        return min(max(2 * window_s, SHORTEST_WINDOW_S), LONGEST_WINDOW_S)
    if share < HAS_ROOM:
        return window_s / 2 if window_s > SHORTEST_WINDOW_S else 0.0
    return window_s
