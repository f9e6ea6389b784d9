"""A stream ends when the right to it does: its token expires, or somebody revokes it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress
from functools import partial
from typing import Any

from graphql import GraphQLError
from strawberry.types import ExecutionResult

from documents.base import utc_now
from documents.errors import is_unavailable
from graphql_schema.context import RequestContext
from graphql_schema.errors import AuthorizationError

LOOK_SECONDS = 5.0
"""How soon a running stream notices that its token was revoked."""


async def end_of_authorization(context: RequestContext) -> GraphQLError:
    """Wait until the context's token is no longer good; why.

    A database that is away says nothing about a token: the next look asks again.
    """
    while True:
        try:
            viewer = await context.viewer()
            left = (viewer.expires_at - utc_now()).total_seconds() if viewer else 0.0
            await asyncio.sleep(max(0.0, min(LOOK_SECONDS, left)))
            await context.viewer_anew()
        except AuthorizationError as error:
            return error
        except Exception as error:
            if not is_unavailable(error):
                raise


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
