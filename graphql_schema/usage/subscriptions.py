"""Usage as it grows, for dashboards."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

import strawberry

from documents.clients import Client as ClientDocument
from documents.live_events import LiveEvent
from graphql_schema.arguments import AfterEvent
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import AuthorizationError, NotFoundInListError
from graphql_schema.live.following import cursor_at, followed
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from graphql_schema.usage.types import UsageUpdate, usage_from
from services.live.wanted import Wanted
from services.usage.figures import usage_of

SECONDS_BETWEEN = 1.0
"""Updates come no faster to a follower."""

USAGE = Wanted(kinds=frozenset({"usage_changed"}))


@strawberry.type
class UsageSubscriptions:
    """Subscriptions of this domain."""

    @strawberry.subscription(
        description="The usage of a client whenever it has grown, at most once a second: each"
        " update holds all before it. Goes on after the update with the cursor `after`, else begins"
        " now. Ends with the caller's right to it; CURSOR_EXPIRED when nobody knows any more what"
        " came after the cursor.",
        extensions=allowed_for(Person, scope=Scope.REPORTS_READ),
    )
    async def usage_updates(
        self,
        info: ParlanceInfo,
        client_id: Annotated[strawberry.ID, strawberry.argument(description="Of which client.")],
        after: AfterEvent = None,
    ) -> AsyncGenerator[UsageUpdate, None]:
        client = await seen(info.context, ClientDocument, client_id)
        if client is None:
            raise NotFoundInListError
        make = partial(_update, info.context, client_id)
        updates = followed(
            info.context, client.client_id, USAGE, after, make, seconds_between=SECONDS_BETWEEN
        )
        async with aclosing(updates) as events:
            async for event in events:
                yield event


async def _update(context: RequestContext, client_id: str, event: LiveEvent) -> UsageUpdate:
    """The usage as it is now.

    Raises:
        AuthorizationError: the caller may not see it any more.
    """
    client = await seen(context, ClientDocument, client_id)
    if client is None:
        raise AuthorizationError("FORBIDDEN")
    usage = usage_from(client, await usage_of(client, None, "day"))
    return UsageUpdate(cursor=cursor_at(event.id), client_id=strawberry.ID(client_id), usage=usage)
