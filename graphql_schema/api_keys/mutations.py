"""Making and ending API keys."""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from documents.api_keys import ApiKey as ApiKeyDocument
from documents.api_keys import ScopeName
from documents.clients import Client as ClientDocument
from documents.tenancy import TenantScope
from graphql_schema.api_keys.types import ApiKey, api_key_from
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    not_found,
)
from graphql_schema.permissions import Person
from graphql_schema.scopes import Scope
from graphql_schema.targets import changeable


@strawberry.input(description="A new API key.")
class CreateApiKeyInput:
    """A key to be."""

    client_id: strawberry.ID = strawberry.field(description="Whose it will be.")
    name: str = strawberry.field(description="1 to 100 characters.")
    scopes: list[Scope] = strawberry.field(description="What it may do, at least one.")
    expires_at: datetime | None = strawberry.field(
        description="When it ends by itself; null: never.", default=None
    )


@strawberry.type(description="The key was made.")
class CreateApiKeySuccess:
    """A new key."""

    api_key: ApiKey = strawberry.field(description="The new key.")
    secret: str = strawberry.field(
        description="What the server sends as `Authorization: Bearer`. Shown this once."
    )


CreateApiKeyResult = Annotated[
    CreateApiKeySuccess | InvalidInputError | NotFoundError | LimitReachedError,
    strawberry.union("CreateApiKeyResult", description="A key, or why there is none."),
]


@strawberry.input(description="Which key to end.")
class RevokeApiKeyInput:
    """A key."""

    id: strawberry.ID = strawberry.field(description="Which key.")


@strawberry.type(description="The key is refused from now on.")
class RevokeApiKeySuccess:
    """An ended key."""

    api_key: ApiKey = strawberry.field(description="After the change.")


RevokeApiKeyResult = Annotated[
    RevokeApiKeySuccess | NotFoundError,
    strawberry.union("RevokeApiKeyResult", description="The key, or that there is none."),
]


@strawberry.type
class ApiKeyMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes an API key, at most 50 a client. Owners.",
        extensions=audited_for(Person),
    )
    async def create_api_key(
        self, info: ParlanceInfo, input: CreateApiKeyInput
    ) -> CreateApiKeyResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "owner")
        if client is None:
            return not_found("input", "clientId")
        person = await info.context.person()
        key, secret = await info.context.services.api_keys.create(
            TenantScope.one(client.client_id),
            client.client_id,
            input.name,
            [cast("ScopeName", one.value) for one in input.scopes],
            expires_at=input.expires_at,
            by=person.user.id,
        )
        return CreateApiKeySuccess(api_key=api_key_from(key), secret=secret)

    @strawberry.mutation(
        description="Ends an API key at once, and what it subscribes to within seconds. Owners.",
        extensions=audited_for(Person),
    )
    async def revoke_api_key(
        self, info: ParlanceInfo, input: RevokeApiKeyInput
    ) -> RevokeApiKeyResult:
        key = await changeable(info.context, ApiKeyDocument, input.id, "owner")
        if key is None:
            return not_found("input", "id")
        revoked = await info.context.services.api_keys.revoke(
            TenantScope.one(key.client_id), key.id
        )
        return RevokeApiKeySuccess(api_key=api_key_from(revoked))
