"""A stream ends with its right: at once, whatever its source is doing, and leaving nothing open."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from graphql import GraphQLError

from api.authentication.ending import until

REASON = GraphQLError("revoked")


class Source:
    """A stream that gives what it is told, and notes when it is closed."""

    def __init__(self) -> None:
        self.results: asyncio.Queue[int | None] = asyncio.Queue()
        self.closed = False

    async def stream(self) -> AsyncGenerator[int, None]:
        try:
            while (result := await self.results.get()) is not None:
                yield result
        finally:
            self.closed = True


async def never() -> GraphQLError:
    await asyncio.Event().wait()
    return REASON


async def test_a_stream_whose_right_lasts_ends_by_itself() -> None:
    source = Source()
    for result in (1, 2, None):
        source.results.put_nowait(result)
    assert [result async for result in until(never(), source.stream())] == [1, 2]
    assert source.closed


async def test_a_silent_stream_ends_when_its_right_does() -> None:
    source, end = Source(), asyncio.get_running_loop().create_future()
    results = until(end, source.stream())
    source.results.put_nowait(1)
    assert await anext(results) == 1
    waiting = asyncio.ensure_future(anext(results))
    await asyncio.sleep(0)
    end.set_result(REASON)

    assert (await waiting).errors == [REASON]
    with pytest.raises(StopAsyncIteration):
        await anext(results)
    assert source.closed


async def test_a_right_that_ended_between_two_results_is_noticed_before_the_next() -> None:
    source, end = Source(), asyncio.get_running_loop().create_future()
    results = until(end, source.stream())
    for result in (1, 2):
        source.results.put_nowait(result)
    assert await anext(results) == 1
    end.set_result(REASON)
    assert (await anext(results)).errors == [REASON]


async def test_a_result_at_the_very_end_of_the_right_is_not_lost() -> None:
    source, end = Source(), asyncio.get_running_loop().create_future()
    results = until(end, source.stream())
    waiting = asyncio.ensure_future(anext(results))
    await asyncio.sleep(0)
    source.results.put_nowait(1)
    end.set_result(REASON)

    first = await waiting
    assert first == 1 or first.errors == [REASON]
    if first == 1:
        assert (await anext(results)).errors == [REASON]
    await results.aclose()
    assert source.closed


async def test_a_fault_of_the_source_is_not_taken_for_an_end() -> None:
    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise TimeoutError

    results = until(never(), failing())
    assert await anext(results) == 1
    with pytest.raises(TimeoutError):
        await anext(results)


async def test_a_listener_that_leaves_closes_everything() -> None:
    source = Source()
    ended = asyncio.ensure_future(never())
    results = until(ended, source.stream())
    source.results.put_nowait(1)
    assert await anext(results) == 1
    await results.aclose()
    await asyncio.wait([ended])
    assert source.closed
    assert ended.cancelled()
