"""Exporting a client's integrations, and making integrations of a document."""

from typing import Annotated

import strawberry

from documents.clients import Client as ClientDocument
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    InvalidInputError,
    LimitReachedError,
    NotFoundError,
    not_found,
)
from graphql_schema.integrations.operators import is_operator, operators_told_apart
from graphql_schema.integrations.types import Integration, OfWhom, integration_from
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.targets import changeable, listed_scope


@strawberry.input(description="A document of integrations, and whose they will be.")
class ImportIntegrationsInput:
    """A document of a client's integrations."""

    client_id: strawberry.ID = strawberry.field(description="Whose they will be.")
    document: str = strawberry.field(
        description="JSON text as exportIntegrations gives it; at most 1,000,000 characters."
    )


@strawberry.type(description="The integrations of a document were made, all of them.")
class ImportIntegrationsSuccess:
    """New integrations."""

    integrations: list[Integration] = strawberry.field(
        description="In the order of the document. All but EMAIL are switched off, with a"
        " `pausedReason`, until `updateIntegration` gives their `target`."
    )


ImportIntegrationsResult = Annotated[
    ImportIntegrationsSuccess | InvalidInputError | NotFoundError | LimitReachedError,
    strawberry.union("ImportIntegrationsResult", description="Integrations, or why not."),
]


@strawberry.type
class IntegrationCopyQueries:
    """Queries of this domain that give integrations out of the house."""

    @strawberry.field(
        description="A client's integrations as JSON text for importIntegrations, for this client"
        " or another, here or on another installation: without ids, and without anything secret,"
        " hence without their addresses, but for those of mails.",
        extensions=allowed_for(Person),
    )
    async def export_integrations(self, info: ParlanceInfo, client_id: OfWhom) -> str:
        scope = await listed_scope(info.context, client_id)
        return await info.context.services.integration_copies.exported(scope)


@strawberry.type
class IntegrationCopyMutations:
    """Mutations of this domain that make integrations of a document."""

    @strawberry.mutation(
        description="Makes the integrations of a document that exportIntegrations gave, beside"
        " those that there are: all of them or none. Chatbots are found by their names. Editors"
        " and owners.",
        extensions=audited_for(Person),
    )
    async def import_integrations(
        self, info: ParlanceInfo, input: ImportIntegrationsInput
    ) -> ImportIntegrationsResult:
        client = await changeable(info.context, ClientDocument, input.client_id, "editor")
        if client is None:
            return not_found("input", "clientId")
        with operators_told_apart():
            made = await info.context.services.integration_copies.import_document(
                client, input.document, by_operator=await is_operator(info)
            )
        return ImportIntegrationsSuccess(integrations=[integration_from(one) for one in made])
