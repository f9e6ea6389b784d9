"""Making clients."""

from typing import Annotated

import strawberry

from documents.clients import Budget
from graphql_schema.clients.inputs import CreateClientInput
from graphql_schema.clients.types import Client, client_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import AlreadyExistsError, InvalidInputError
from graphql_schema.money import MoneyInput
from graphql_schema.permissions import PlatformAdmin, allowed_for
from graphql_schema.refusals import invalid_fields, name_taken
from services.clients.clients import NewClient
from services.refusals import InvalidFieldsError, NameTakenError


@strawberry.type(description="The client was made.")
class CreateClientSuccess:
    """A new client."""

    client: Client = strawberry.field(description="The new client; it has no signing key yet.")


CreateClientResult = Annotated[
    CreateClientSuccess | InvalidInputError | AlreadyExistsError,
    strawberry.union("CreateClientResult", description="A client, or why there is none."),
]


@strawberry.type
class ClientMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes a client. Platform admins only.", extensions=allowed_for(PlatformAdmin)
    )
    async def create_client(
        self, info: ParlanceInfo, input: CreateClientInput
    ) -> CreateClientResult:
        try:
            client = await info.context.services.clients.create(_wanted(input))
        except InvalidFieldsError as error:
            return invalid_fields(error)
        except NameTakenError as error:
            return name_taken(error)
        return CreateClientSuccess(client=client_from(client))


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
