"""Letting chatbots rest for a while, with a text for visitors."""

from typing import Annotated

import strawberry

from documents.clients import Client as ClientDocument
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    AuthorizationError,
    InvalidInputError,
    NotFoundError,
    not_found,
)
from graphql_schema.permissions import Person
from graphql_schema.targets import changeable


@strawberry.input(description="Whose chatbots rest, and what visitors read meanwhile.")
class SetMaintenanceInput:
    """The beginning or end of maintenance."""

    client_id: strawberry.ID | None = strawberry.field(
        description="One client (owners); left out: all (platform admins).",
        default=None,
    )
    text: str | None = strawberry.field(
        description="1 to 500 characters; null ends it.", default=None
    )


@strawberry.type(description="Maintenance was begun or ended.")
class SetMaintenanceSuccess:
    """How it stands."""

    active: bool = strawberry.field(description="Whether the chatbots rest now.")


SetMaintenanceResult = Annotated[
    SetMaintenanceSuccess | InvalidInputError | NotFoundError,
    strawberry.union("SetMaintenanceResult", description="How it stands, or why it is as before."),
]


@strawberry.type
class MaintenanceMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Lets chatbots answer nothing while visitors read a text, or answer again."
        " Owners; for the whole platform: platform admins.",
        extensions=audited_for(Person),
    )
    async def set_maintenance(
        self, info: ParlanceInfo, input: SetMaintenanceInput
    ) -> SetMaintenanceResult:
        maintenance = info.context.services.maintenance
        if input.client_id is None:
            if not (await info.context.person()).is_admin:
                raise AuthorizationError("FORBIDDEN")
            return SetMaintenanceSuccess(active=await maintenance.set_for_all(input.text))
        client = await changeable(info.context, ClientDocument, input.client_id, "owner")
        if client is None:
            return not_found("input", "clientId")
        return SetMaintenanceSuccess(active=await maintenance.set_for(client, input.text))
