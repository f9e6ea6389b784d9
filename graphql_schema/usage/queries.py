"""Reading usage."""

from typing import Annotated

import strawberry

from documents.clients import Client as ClientDocument
from graphql_schema.context import ParlanceInfo
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from graphql_schema.usage.types import (
    GRANULARITIES,
    Granularity,
    PeriodInput,
    Usage,
    period_from,
    usage_from,
)
from services.usage.figures import usage_of


@strawberry.type
class UsageQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="What a client's chatbots were used for, up to now; null if there is no such"
        " client for the caller.",
        extensions=allowed_for(Person, scope=Scope.REPORTS_READ),
    )
    async def usage(
        self,
        info: ParlanceInfo,
        client_id: Annotated[strawberry.ID, strawberry.argument(description="Of which client.")],
        period: Annotated[
            PeriodInput | None,
            strawberry.argument(description="In which period; the running month when left out."),
        ] = None,
        granularity: Annotated[
            Granularity, strawberry.argument(description="How long the steps of the series are.")
        ] = Granularity.DAY,
    ) -> Usage | None:
        days = period_from(period)
        client = await seen(info.context, ClientDocument, client_id)
        if client is None:
            return None
        await info.context.services.counting.settle(client.client_id)
        figures = await usage_of(client, days, GRANULARITIES[granularity])
        return usage_from(client, figures)
