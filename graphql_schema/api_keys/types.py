"""API keys as people see them: everything but the secret."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from documents.api_keys import ApiKey as ApiKeyDocument
from graphql_schema.context import ParlanceInfo
from graphql_schema.node import Node, global_id
from graphql_schema.scopes import Scope

if TYPE_CHECKING:
    from graphql_schema.clients.types import Client


@strawberry.type(description="How a server of a client speaks to this API.")
class ApiKey(Node):
    """An API key."""

    name: str = strawberry.field(description="What people call it.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    prefix: str = strawberry.field(description="How its secret begins.")
    created_at: datetime = strawberry.field(description="When it was made.")
    last_used_at: datetime | None = strawberry.field(description="To the minute; null: never.")
    expires_at: datetime | None = strawberry.field(description="When it ends; null: never.")
    revoked_at: datetime | None = strawberry.field(description="When somebody ended it.")
    document: strawberry.Private[ApiKeyDocument]

    @strawberry.field(description="Whose it is.")
    async def client(
        self, info: ParlanceInfo
    ) -> Annotated["Client", strawberry.lazy("graphql_schema.clients.types")]:
        from graphql_schema.clients.types import client_by_slug  # noqa: PLC0415

        return await client_by_slug(info.context, self.document.client_id)


def api_key_from(document: ApiKeyDocument) -> ApiKey:
    """The public form of a key."""
    return ApiKey(
        id=global_id("ApiKey", document.id),
        name=document.name,
        scopes=[Scope(one) for one in document.scopes],
        prefix=document.prefix,
        created_at=document.created_at,
        last_used_at=document.last_used_at,
        expires_at=document.expires_at,
        revoked_at=document.revoked_at,
        document=document,
    )
