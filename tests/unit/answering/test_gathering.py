"""Words go on one by one while there is time, and together while there is not; none is lost."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack

import pytest

from documents.messages import Message
from services.answering.events import AnswerEvent
from services.answering.gathering import (
    FEW_ANSWERS,
    FULL,
    HAS_ROOM,
    LONGEST_WINDOW_S,
    SHORTEST_WINDOW_S,
    STILL_FULL,
    GatheredWords,
    Gathering,
    LoopLoad,
    adjusted,
    busy_s,
)
from services.answering.thinking import say_all
from services.answering.turn_record import TurnRecord
from services.llm.errors import ModelProtocolError
from services.llm.model import ChatTurn, ModelEvent, ModelFinished, ModelRequest, TextChunk

DEADLINE_S = 60
REQUEST = ModelRequest((ChatTurn("user", "Why?"),), "Why?")


class Load:
    """As full as a test says."""

    def __init__(self, share: float) -> None:
        self.now = share

    def share(self) -> float | None:
        return self.now


class Written:
    """Stands where the answer's writer stands, and keeps the pieces apart."""

    answer: Message

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.problem: Exception | None = None
        self.changed = asyncio.Event()

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    async def event(self, make: Callable[[int], AnswerEvent]) -> None:
        raise NotImplementedError

    async def delta(self, piece: str) -> None:
        if self.problem is not None:
            self.changed.set()
            raise self.problem
        self.pieces.append(piece)
        self.changed.set()

    async def until(self, pieces: list[str]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.pieces != pieces:
                self.changed.clear()
                await self.changed.wait()


class Model:
    """Says words, then fails or ends."""

    def __init__(self, *words: str, fails: Exception | None = None) -> None:
        self._words = words
        self._fails = fails

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        assert request is REQUEST
        for word in self._words:
            yield TextChunk(word)
        if self._fails is not None:
            raise self._fails
        yield ModelFinished("stop")


async def spoken_beside(
    others: int, load: float, *, fails: Exception | None = None
) -> tuple[list[str], Exception | None]:
    """The pieces in which five words of a model go on, beside so many other answers."""
    written, problem = Written(), None
    with ExitStack() as stack:
        gathering = Gathering(Load(load))
        for _ in range(others):
            stack.enter_context(gathering.words_for(Written()))
        words = stack.enter_context(gathering.words_for(written))
        model = Model(*"abcde", fails=fails)
        try:
            await say_all(model, REQUEST, words, TurnRecord(began=0.0))
        except ModelProtocolError as error:
            problem = error
    return written.pieces, problem


async def test_each_piece_goes_at_once_while_the_loop_has_time() -> None:
    assert await spoken_beside(FEW_ANSWERS, HAS_ROOM) == (list("abcde"), None)


async def test_a_few_answers_never_wait() -> None:
    assert await spoken_beside(FEW_ANSWERS - 1, 1.0) == (list("abcde"), None)


async def test_the_first_words_go_at_once_and_the_others_together_when_the_loop_is_full() -> None:
    assert await spoken_beside(FEW_ANSWERS, 1.0) == (["a", "bcde"], None)


async def test_what_was_said_before_a_model_failed_goes_on() -> None:
    problem = ModelProtocolError("it broke off")

    assert await spoken_beside(FEW_ANSWERS, 1.0, fails=problem) == (["a", "bcde"], problem)


async def test_words_do_not_wait_for_the_model_to_say_more() -> None:
    written, gathering = Written(), Gathering(Load(1.0))
    with ExitStack() as stack:
        for _ in range(FEW_ANSWERS):
            stack.enter_context(gathering.words_for(Written()))
        words = stack.enter_context(gathering.words_for(written))
        for word in "abc":
            await words.say(word)
        assert written.pieces == ["a"]

        await written.until(["a", "bc"])
        await words.say("d")
        await written.until(["a", "bc", "d"])


async def test_words_that_were_gathered_go_before_those_that_are_not() -> None:
    written, load = Written(), Load(1.0)
    gathering = Gathering(load)
    with ExitStack() as stack:
        for _ in range(FEW_ANSWERS):
            stack.enter_context(gathering.words_for(Written()))
        words = stack.enter_context(gathering.words_for(written))
        for word in "abc":
            await words.say(word)
        load.now = 0.0
        while gathering.window_s():
            pass
        await words.say("d")

    assert written.pieces == ["a", "bcd"]


async def test_a_problem_with_gathered_words_is_told_to_whoever_speaks() -> None:
    written, gathering = Written(), Gathering(Load(1.0))
    with ExitStack() as stack:
        for _ in range(FEW_ANSWERS):
            stack.enter_context(gathering.words_for(Written()))
        words = stack.enter_context(gathering.words_for(written))
        await words.say("a")
        written.changed.clear()
        written.problem = RuntimeError("the answer is no longer ours")
        await words.say("b")
        async with asyncio.timeout(DEADLINE_S):
            await written.changed.wait()
            with pytest.raises(RuntimeError, match="no longer ours"):
                await _say_until_refused(words)
    with pytest.raises(RuntimeError, match="no longer ours"):
        await words.finish()


async def _say_until_refused(words: GatheredWords) -> None:
    while True:
        await words.finish()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("window", "share", "after"),
    [
        (0.0, FULL - 0.01, 0.0),
        (0.0, FULL, SHORTEST_WINDOW_S),
        (SHORTEST_WINDOW_S, FULL, SHORTEST_WINDOW_S),
        (SHORTEST_WINDOW_S, STILL_FULL, 2 * SHORTEST_WINDOW_S),
        (LONGEST_WINDOW_S, 1.0, LONGEST_WINDOW_S),
        (LONGEST_WINDOW_S, HAS_ROOM, LONGEST_WINDOW_S),
        (LONGEST_WINDOW_S, 0.0, LONGEST_WINDOW_S / 2),
        (SHORTEST_WINDOW_S, 0.0, 0.0),
    ],
)
def test_the_window_grows_while_it_is_full_and_shrinks_when_there_is_room(
    window: float, share: float, after: float
) -> None:
    assert adjusted(window, share) == after


def test_the_load_is_a_share_that_is_told_once_in_a_while() -> None:
    load = LoopLoad()
    while (share := load.share()) is None:
        pass

    assert share > 0
    assert busy_s() > 0
