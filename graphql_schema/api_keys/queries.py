"""The API keys of a client."""

from typing import Annotated

import strawberry

from documents.clients import Client as ClientDocument
from graphql_schema.api_keys.types import ApiKey, api_key_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundInListError
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.targets import changeable


@strawberry.type
class ApiKeyQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="The API keys of a client: those that live first, at most 100. Owners.",
        extensions=allowed_for(Person),
    )
    async def api_keys(
        self,
        info: ParlanceInfo,
        client_id: Annotated[strawberry.ID, strawberry.argument(description="Of which client.")],
    ) -> list[ApiKey]:
        client = await changeable(info.context, ClientDocument, client_id, "owner")
        if client is None:
            raise NotFoundInListError
        found = await info.context.loaders.api_keys_by_client.load(client.client_id)
        return [api_key_from(one) for one in found]
