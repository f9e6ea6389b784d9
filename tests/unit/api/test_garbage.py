"""What is alive is left out of searches for garbage, and a circle is found all the same later."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from api import garbage
from api.garbage import look_through_everything, spare_what_stays
from services.cancelling import cancel_and_wait


class Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.callbacks.remove(garbage._spare_survivors)
    gc.unfreeze()


def test_what_a_search_has_found_alive_is_left_out_of_the_next() -> None:
    spare_what_stays()
    spare_what_stays()
    assert gc.callbacks.count(garbage._spare_survivors) == 1
    stays = [Circle() for _ in range(1_000)]
    before = gc.get_freeze_count()
    gc.collect()
    assert gc.get_freeze_count() >= before + len(stays)
    gone = weakref.ref(Circle())
    gc.collect()
    assert gone() is None, "what was never alive at a search is found by the next"


async def test_everything_is_looked_through_when_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "EVERYTHING_AGAIN_S", 0.01)
    monkeypatch.setattr(garbage, "QUIET_LOOK_S", 0.01)
    spare_what_stays()
    circle = Circle()
    gone = weakref.ref(circle)
    gc.collect()
    del circle
    gc.collect()
    assert gone() is not None, "it was spared while it was alive"
    running, asked = 1, asyncio.Event()

    def answers() -> int:
        asked.set()
        return running

    looking = asyncio.create_task(look_through_everything(answers))
    await asyncio.wait_for(asked.wait(), 5)
    assert gone() is not None, "an answer is running"
    running = 0
    async with asyncio.timeout(60):
        while gone() is not None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    await cancel_and_wait(looking)
