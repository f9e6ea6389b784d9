"""How deliveries go, as it happens."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

import strawberry

from documents.deliveries import Delivery as DeliveryDocument
from documents.integrations import Integration as IntegrationDocument
from documents.live_events import LiveEvent
from graphql_schema.arguments import AfterEvent
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import AuthorizationError, NotFoundInListError
from graphql_schema.integrations.types import Delivery, OfIntegration, delivery_from
from graphql_schema.live.following import cursor_at, followed, watched_client
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.targets import seen
from services.live.wanted import Wanted


@strawberry.type(description="A delivery has come further, or is due again.")
class DeliveryEvent:
    """A change."""

    cursor: str = strawberry.field(
        description="Give it back as `after` to go on from here without a gap; good for 7 days."
    )
    delivery: Delivery = strawberry.field(description="The delivery as it is now.")


@strawberry.type
class IntegrationSubscriptions:
    """Subscriptions of this domain."""

    @strawberry.subscription(
        description="How deliveries to a client's integrations go, or to one of them: each attempt"
        " that has ended. Goes on after the event with the cursor `after`, else begins now."
        " CURSOR_EXPIRED when nobody knows any more what came after the cursor.",
        extensions=allowed_for(Person),
    )
    async def delivery_events(
        self,
        info: ParlanceInfo,
        client_id: Annotated[strawberry.ID, strawberry.argument(description="Of which client.")],
        integration_id: OfIntegration = None,
        after: AfterEvent = None,
    ) -> AsyncGenerator[DeliveryEvent, None]:
        watched = await watched_client(info.context, client_id)
        integration = None
        if integration_id is not None:
            integration = await seen(info.context, IntegrationDocument, integration_id)
            if integration is None or integration.client_id != watched:
                raise NotFoundInListError
        only = integration.id if integration else None
        wanted = Wanted(kinds=frozenset({"delivery_changed"}), integration_id=only)
        make = partial(_event, info.context)
        async with aclosing(followed(info.context, watched, wanted, after, make)) as events:
            async for event in events:
                yield event


async def _event(context: RequestContext, event: LiveEvent) -> DeliveryEvent | None:
    """An event as the caller sees it now; None when its delivery is gone meanwhile.

    Raises:
        AuthorizationError: the caller may not see it, or not any more.
    """
    scope = (await context.member()).scope()
    if not scope.admits(event.client_id):
        raise AuthorizationError("FORBIDDEN")
    if event.delivery_id is None:
        return None
    delivery = await scope.of(DeliveryDocument).get(event.delivery_id)
    if delivery is None:
        return None
    return DeliveryEvent(cursor=cursor_at(event.id), delivery=delivery_from(delivery))
