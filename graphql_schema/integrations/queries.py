"""Reading integrations and deliveries."""

from typing import Annotated, Any

import strawberry

from documents.deliveries import Delivery as DeliveryDocument
from documents.ids import PydanticObjectId
from documents.integrations import Integration as IntegrationDocument
from documents.tenancy import TenantScope
from graphql_schema.arguments import After, First
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundInListError
from graphql_schema.integrations.types import (
    Delivery,
    DeliveryStatus,
    Integration,
    OfIntegration,
    OfWhom,
    delivery_from,
    integration_from,
)
from graphql_schema.pagination import Connection, forward_page, page_by_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.targets import listed_scope, seen
from services.integrations.integrations import MOST_INTEGRATIONS


@strawberry.type
class IntegrationQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="The integrations of a client, the oldest first; at most 50.",
        extensions=allowed_for(Person),
    )
    async def integrations(self, info: ParlanceInfo, client_id: OfWhom) -> list[Integration]:
        scope = await listed_scope(info.context, client_id)
        found = await scope.of(IntegrationDocument).find(
            {}, limit=MOST_INTEGRATIONS, sort=[("_id", 1)]
        )
        return [integration_from(one) for one in found]

    @strawberry.field(
        description="What was delivered to a client's integrations in the last 30 days or is to"
        " be, newest first.",
        extensions=allowed_for(Person),
    )
    async def deliveries(
        self,
        info: ParlanceInfo,
        client_id: OfWhom,
        integration_id: OfIntegration = None,
        status: Annotated[
            DeliveryStatus | None, strawberry.argument(description="Only those that are so far.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Delivery]:
        page = forward_page(first, after)
        scope = await listed_scope(info.context, client_id)
        wanted: dict[str, Any] = {}
        if integration_id is not None:
            integration = await seen(info.context, IntegrationDocument, integration_id)
            if integration is None or not scope.admits(integration.client_id):
                raise NotFoundInListError
            wanted["integration_id"] = integration.id
        else:
            # A deletion that was cut short has left some whose integration is gone.
            wanted["integration_id"] = {"$in": await _present(scope)}
        if status is not None:
            wanted["status"] = status.value
        return await page_by_id(scope.of(DeliveryDocument), wanted, page, delivery_from)


async def _present(scope: TenantScope) -> list[PydanticObjectId]:
    integrations = scope.of(IntegrationDocument)
    return await integrations.raw.distinct("_id", integrations.condition({}))
