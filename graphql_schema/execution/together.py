"""Events of a stream that are there at the same moment, on their way together.

An answer that is read again, a provider that sends ten tokens in one packet, a follower that had to
wait: there is more than one event at a time. Each step on the way of an event costs about as much
for thirty-two of them as for one. So a source may yield them `together`, a plan completes them
one after the other, and a transport sends them in one write. Each is an event of its own all the
same: the client gets one message for each, and what a plan leaves to graphql-core goes alone.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, TypeVar, cast

from strawberry.types.execution import ExecutionResult

Event = TypeVar("Event")


class Together(list[Any]):
    """Events of a source."""


class Completed(list[Any]):
    """The response data of each event, in the place of the data of one."""


def together(events: Sequence[Event]) -> Event:
    """What a source yields in the place of several events that are there; typed like one."""
    return cast("Event", Together(events))


async def one_by_one(results: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    """The results of a stream, each by itself, for transports that know nothing else."""
    async with aclosing(results):
        async for result in results:
            if type(getattr(result, "data", None)) is not Completed:
                yield result
                continue
            for data in result.data:
                yield ExecutionResult(data, None, result.extensions)
