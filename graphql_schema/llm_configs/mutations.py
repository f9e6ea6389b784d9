"""Making LLM configs."""

from typing import Annotated

import strawberry

from documents.clients import Client as ClientDocument
from documents.tenancy import TenantScope
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import (
    AlreadyExistsError,
    AuthorizationError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    not_found,
)
from graphql_schema.llm_configs.inputs import CreateLlmConfigInput, fields_of
from graphql_schema.llm_configs.types import LlmConfig, llm_config_from
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.refusals import invalid_fields, name_taken, unknown_target
from graphql_schema.targets import changeable
from services.refusals import InvalidFieldsError, NameTakenError, UnknownTargetError


@strawberry.type(description="The LLM config was made.")
class CreateLlmConfigSuccess:
    """A new config."""

    llm_config: LlmConfig = strawberry.field(description="The new config, without its key.")


CreateLlmConfigResult = Annotated[
    CreateLlmConfigSuccess | InvalidInputError | NotFoundError | AlreadyExistsError | RefusedError,
    strawberry.union("CreateLlmConfigResult", description="A config, or why there is none."),
]


@strawberry.type
class LlmConfigMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes an LLM config for a client (editors and owners), or for the whole"
        " platform (platform admins).",
        extensions=allowed_for(Person),
    )
    async def create_llm_config(
        self, info: ParlanceInfo, input: CreateLlmConfigInput
    ) -> CreateLlmConfigResult:
        viewer = await info.context.person()
        owner = None
        if input.client_id is not None:
            client = await changeable(info.context, ClientDocument, input.client_id, "editor")
            if client is None:
                return not_found("input", "clientId")
            owner = client.client_id
        elif not viewer.user.is_admin:
            raise AuthorizationError("FORBIDDEN")
        try:
            made = await info.context.services.llm_configs.create(
                TenantScope.one(owner) if owner else TenantScope.every_client(),
                owner,
                fields_of(input),
                input.api_key,
                by_platform_admin=viewer.user.is_admin,
            )
        except InvalidFieldsError as error:
            return invalid_fields(error)
        except UnknownTargetError as error:
            return unknown_target(error)
        except NameTakenError as error:
            return name_taken(error)
        return CreateLlmConfigSuccess(llm_config=llm_config_from(made))
