"""Where a client's events stand: the last number up to which nothing can come any more.

Somebody who reads a list now and follows from now on must find every change in one of the two. A
change that has its number but is not committed yet would be in neither, so it is waited for.
"""

from datetime import timedelta

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.live_events import close_numbers, events_between, last_number, numbers_taken

LOOKED_BACK = 256
"""Numbers that may be taken and without their event, among the last ones: far more than a client
has changes at the same moment."""

OLDEST_MARK = timedelta(days=1)
"""A position is a stored event, which must be good for some days yet."""


async def settled(client_id: str) -> int:
    """The last number taken so far, once each number up to it has its event or never gets one."""
    last = await last_number(client_id)
    first = max(0, last - LOOKED_BACK)
    there = {one.seq for one in await events_between(client_id, first, last, limit=LOOKED_BACK)}
    await close_numbers(client_id, [n for n in range(first + 1, last + 1) if n not in there])
    return last


async def newest_event(client_id: str) -> PydanticObjectId:
    """The event after which everything comes that is not to be seen yet."""
    last = await settled(client_id)
    found = await events_between(client_id, last - 1, last, limit=1)
    if found and found[0].created_at > utc_now() - OLDEST_MARK:
        return found[0].id
    mark = await numbers_taken(client_id, 1)
    await close_numbers(client_id, [mark])
    await settled(client_id)
    [stored] = await events_between(client_id, mark - 1, mark, limit=1)
    return stored.id
