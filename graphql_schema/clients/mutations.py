"""Making, changing and deleting clients."""

from typing import Annotated

import strawberry

from documents.clients import Budget
from documents.clients import Client as ClientDocument
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import audited_for
from graphql_schema.clients.inputs import (
    CreateClientInput,
    DeleteClientInput,
    RotateClientSigningKeyInput,
    UpdateClientInput,
    change_from,
)
from graphql_schema.clients.types import Client, SigningKey, client_from, signing_key_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.erasing import ErasedCount, erased_counts
from graphql_schema.errors import (
    AlreadyExistsError,
    AuthorizationError,
    ConflictError,
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    RefusedError,
    not_found,
)
from graphql_schema.money import MoneyInput
from graphql_schema.permissions import Person, PlatformAdmin
from graphql_schema.targets import changeable
from services.clients.clients import NewClient
from services.clients.deletion import delete_client
from services.clients.updating import PLATFORM_FIELDS


@strawberry.type(description="The client was made.")
class CreateClientSuccess:
    """A new client."""

    client: Client = strawberry.field(description="The new client; it has no signing key yet.")


CreateClientResult = Annotated[
    CreateClientSuccess | InvalidInputError | AlreadyExistsError,
    strawberry.union("CreateClientResult", description="A client, or why there is none."),
]


@strawberry.type(description="The client was changed.")
class UpdateClientSuccess:
    """A changed client."""

    client: Client = strawberry.field(description="After the change.")


UpdateClientResult = Annotated[
    UpdateClientSuccess | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("UpdateClientResult", description="The client, or why it stayed as it was."),
]


@strawberry.type(description="The client is gone with everything that was its own.")
class DeleteClientSuccess:
    """A receipt."""

    deleted_id: strawberry.ID = strawberry.field(description="What was deleted.")
    erased: list[ErasedCount] = strawberry.field(description="How much went with it.")


DeleteClientResult = Annotated[
    DeleteClientSuccess | NotFoundError | RefusedError,
    strawberry.union("DeleteClientResult", description="CONFIRMATION_MISMATCH is a RefusedError."),
]


@strawberry.type(description="The client has a new signing key.")
class RotateClientSigningKeySuccess:
    """A new key."""

    signing_key: SigningKey = strawberry.field(description="The new key.")
    secret: str = strawberry.field(description="What to sign with (HS256). Shown this once.")
    client: Client = strawberry.field(description="The client with its keys.")


RotateClientSigningKeyResult = Annotated[
    RotateClientSigningKeySuccess | NotFoundError | LimitReachedError,
    strawberry.union(
        "RotateClientSigningKeyResult", description="A key and its secret, or why there is none."
    ),
]


@strawberry.type
class ClientMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes a client. Platform admins only.", extensions=audited_for(PlatformAdmin)
    )
    async def create_client(
        self, info: ParlanceInfo, input: CreateClientInput
    ) -> CreateClientResult:
        client = await info.context.services.clients.create(_wanted(input))
        return CreateClientSuccess(client=client_from(client))

    @strawberry.mutation(
        description="Changes a client. Owners; quotas, budget and `active`: platform admins.",
        extensions=audited_for(Person),
    )
    async def update_client(
        self, info: ParlanceInfo, input: UpdateClientInput
    ) -> UpdateClientResult:
        client = await changeable(info.context, ClientDocument, input.id, "owner")
        if client is None:
            return not_found("input", "id")
        change = change_from(input)
        if change.keys() & PLATFORM_FIELDS and not (await info.context.person()).is_admin:
            raise AuthorizationError("FORBIDDEN")
        changed = await info.context.services.client_changes.update(
            TenantScope.one(client.client_id), client.id, change, revision=input.revision
        )
        return UpdateClientSuccess(client=client_from(changed))

    @strawberry.mutation(
        description="Deletes a client with everything that is its own, in every collection."
        " Platform admins only.",
        extensions=audited_for(PlatformAdmin),
    )
    async def delete_client(
        self, info: ParlanceInfo, input: DeleteClientInput
    ) -> DeleteClientResult:
        client = await changeable(info.context, ClientDocument, input.id, "owner")
        if client is None:
            return not_found("input", "id")
        erased = await delete_client(
            info.context.services.transactions,
            TenantScope.one(client.client_id),
            client.id,
            input.confirm_slug,
        )
        return DeleteClientSuccess(deleted_id=input.id, erased=erased_counts(erased))

    @strawberry.mutation(
        description="Makes a signing key for visitors' identity tokens. Two may be live at once, so"
        " that a backend can change over. Owners.",
        extensions=audited_for(Person),
    )
    async def rotate_client_signing_key(
        self, info: ParlanceInfo, input: RotateClientSigningKeyInput
    ) -> RotateClientSigningKeyResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "owner")
        if client is None:
            return not_found("input", "clientId")
        changed, key, secret = await info.context.services.signing_keys.rotate(
            TenantScope.one(client.client_id), client.client_id, retire_key_id=input.retire_key_id
        )
        return RotateClientSigningKeySuccess(
            signing_key=signing_key_from(key), secret=secret, client=client_from(changed)
        )


def _wanted(given: CreateClientInput) -> NewClient:
    return NewClient(
        slug=given.slug,
        name=given.name,
        domain=given.domain,
        contact_name=given.contact_name,
        contact_email=given.contact_email,
        contact_phone=given.contact_phone,
        time_zone=given.time_zone,
        language=given.language.value,
        monthly_quota=given.monthly_quota,
        hard_quota=given.hard_quota,
        budget=_budget(given.budget),
        retention_days=given.retention_days,
    )


def _budget(given: MoneyInput | None) -> Budget | None:
    return Budget(micros=given.micros, currency=given.currency) if given else None
