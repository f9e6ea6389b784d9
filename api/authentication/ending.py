"""A stream ends when the right to it does: its token expires, or somebody revokes it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress
from functools import partial
from typing import Any

from graphql import GraphQLError
from strawberry.types import ExecutionResult


async def until(
    ending: Awaitable[GraphQLError], results: AsyncGenerator[Any, None]
) -> AsyncGenerator[Any, None]:
    """The results of a stream up to its end or the end of its right, which is the last of them."""
    end = asyncio.ensure_future(ending)
    try:
        while not end.done():
            limit = asyncio.timeout(None)
            ends_now = partial(_end, limit)
            end.add_done_callback(ends_now)
            try:
                async with limit:
                    result = await anext(results)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if not limit.expired():
                    raise
                break
            finally:
                end.remove_done_callback(ends_now)
            yield result
        yield ExecutionResult(data=None, errors=[end.result()])
    finally:
        end.cancel()
        await results.aclose()


def _end(limit: asyncio.Timeout, _: object) -> None:
    with suppress(RuntimeError):  # the result came at the same moment, and nobody waits any more
        limit.reschedule(0)
