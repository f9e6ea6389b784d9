"""Only the newest event, for who needs no other."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from documents.live_events import LiveEvent
from services.live.following import CannotGoOnError
from services.live.thinning import newest


def event(seq: int) -> LiveEvent:
    made: LiveEvent = LiveEvent.model_construct(client_id="a", seq=seq, kind="usage_changed")
    return made


async def test_what_came_meanwhile_is_left_out_and_the_last_is_not() -> None:
    stored = asyncio.Event()

    async def events() -> AsyncGenerator[LiveEvent, None]:
        yield event(1)
        await stored.wait()
        for seq in range(2, 500):
            yield event(seq)
        await asyncio.Event().wait()

    async with aclosing(newest(events(), 0.01)) as thinned:
        assert (await anext(thinned)).seq == 1
        stored.set()
        assert (await anext(thinned)).seq == 499


async def test_an_end_and_a_problem_come_through() -> None:
    async def breaks() -> AsyncGenerator[LiveEvent, None]:
        yield event(1)
        raise CannotGoOnError("a")

    async def ends() -> AsyncGenerator[LiveEvent, None]:
        yield event(1)

    assert [one.seq async for one in newest(ends(), 0.0)] == [1]
    async with aclosing(newest(breaks(), 0.0)) as thinned:
        assert (await anext(thinned)).seq == 1
        with pytest.raises(CannotGoOnError):
            await anext(thinned)


async def test_whoever_goes_closes_what_is_read() -> None:
    closed = asyncio.Event()

    async def events() -> AsyncGenerator[LiveEvent, None]:
        try:
            yield event(1)
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with aclosing(newest(events(), 0.0)) as thinned:
        await anext(thinned)
    assert closed.is_set()
