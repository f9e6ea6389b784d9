"""From stored events to subscriptions: the caller's right is looked at again before each event.

A stream outlives what was true when it began. So nothing is loaded ahead, the token and what it
opens are checked for every event, and while the database is away the stream waits with it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.live_events import LiveEvent
from graphql_schema.context import RequestContext
from graphql_schema.errors import BadArgumentError, NotFoundInListError, PublicError
from graphql_schema.node import local_id
from graphql_schema.pagination import cursor_of, position_in
from graphql_schema.targets import listed_scope
from graphql_schema.viewers import VisitorViewer
from services.cancelling import raise_if_cancelled
from services.clients.clients import client_slug_by_id
from services.live.following import CannotGoOnError
from services.live.thinning import newest
from services.live.wanted import Wanted

PAUSE_SECONDS = 0.5
"""Before the next attempt, while the database is away."""

Made = TypeVar("Made")


class CursorExpiredError(PublicError):
    """What came after a cursor is not known any more."""

    def __init__(self) -> None:
        super().__init__(
            "What happened after this cursor is not known any more: it is older than 7 days, or"
            " what it belonged to was deleted. Fetch what you show again and subscribe without"
            " `after`.",
            "CURSOR_EXPIRED",
        )


async def followed(
    context: RequestContext,
    client_id: str,
    wanted: Wanted,
    after: str | None,
    make: Callable[[LiveEvent], Awaitable[Made | None]],
    *,
    seconds_between: float = 0.0,
) -> AsyncGenerator[Made, None]:
    """What `make` makes of each event; None is left out.

    `make` checks whether the caller may see it, who was looked at again after the event: what
    happens after a right has ended is not shown. It is called again after an outage. With
    `seconds_between` only the newest event is taken, no more often than that.

    Raises:
        BadArgumentError: `after` is no cursor.
        CursorExpiredError: nobody can go on after it.
    """
    live = context.services.live
    stream = live.follow(client_id, wanted, _event_id(after))
    if seconds_between:
        stream = newest(stream, seconds_between)
    async with aclosing(stream) as events:
        try:
            async for event in events:
                made = await _made(context, make, event)
                if made is not None:
                    yield made
        except CannotGoOnError as error:
            raise CursorExpiredError from error


def cursor_at(event_id: PydanticObjectId) -> str:
    """The cursor of an event. Its number stays inside: it would tell how busy a client is."""
    return cursor_of(str(event_id))


async def watched_client(context: RequestContext, client_id: str | None) -> str:
    """Whose events are meant, as a slug: one client's, since each counts its own.

    Raises:
        BadArgumentError: none is named, and the caller may watch several.
        NotFoundInListError: the client is unknown or none of the caller's.
    """
    viewer = await context.viewer()
    if isinstance(viewer, VisitorViewer):
        return await _own_client(viewer, client_id)
    scope = await listed_scope(context, client_id)
    if scope.client_ids is None or len(scope.client_ids) != 1:
        raise BadArgumentError("`clientId` is needed: you may watch more than one client.")
    [slug] = scope.client_ids
    return slug


async def _own_client(visitor: VisitorViewer, client_id: str | None) -> str:
    if client_id is None:
        return visitor.claims.client_id
    named = local_id(client_id, "Client")
    slug = await client_slug_by_id(visitor.scope(), named) if named else None
    if slug is None:
        raise NotFoundInListError
    return slug


async def _made(
    context: RequestContext,
    make: Callable[[LiveEvent], Awaitable[Made | None]],
    event: LiveEvent,
) -> Made | None:
    while True:
        try:
            await context.look_again(event.created_at)
            return await make(event)
        except Exception as error:
            if not is_unavailable(error):
                raise
        raise_if_cancelled()
        await asyncio.sleep(PAUSE_SECONDS)


def _event_id(after: str | None) -> PydanticObjectId | None:
    position = position_in(after, "after")
    if position is None:
        return None
    if not PydanticObjectId.is_valid(position):
        raise BadArgumentError("`after` is not a cursor of this stream.")
    return PydanticObjectId(position)
