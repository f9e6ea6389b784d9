"""A cancelled task ends, also when what it waits for keeps the cancellation to itself."""

import asyncio

import pytest

from services.cancelling import cancel_and_wait, raise_if_cancelled


class Deaf:
    """Swallows so many cancellations, as the database driver does under Python 3.11."""

    def __init__(self, times: int) -> None:
        self._left = times

    async def wait(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not self._left:
                raise
            self._left -= 1


async def test_a_swallowed_cancellation_is_noticed() -> None:
    async def work() -> None:
        await Deaf(1).wait()
        raise_if_cancelled()
        raise AssertionError("it went on")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nothing_happens_to_a_task_that_nobody_cancelled() -> None:
    raise_if_cancelled()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    raise_if_cancelled()


async def test_whoever_waits_for_the_end_of_a_task_cancels_it_as_often_as_needed() -> None:
    deaf = Deaf(2)

    async def work() -> None:
        while True:
            await deaf.wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await asyncio.wait_for(cancel_and_wait(task), 5)

    assert task.cancelled()
    await cancel_and_wait(task)
