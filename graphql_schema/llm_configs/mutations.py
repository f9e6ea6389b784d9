"""Making, changing and deleting LLM configs."""

from typing import Annotated

import strawberry

from documents.clients import Client as ClientDocument
from documents.llm_configs import LlmConfig as LlmConfigDocument
from documents.tenancy import TenantScope
from graphql_schema.audit.changing import audited_for
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import (
    AlreadyExistsError,
    AuthorizationError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    not_found,
)
from graphql_schema.llm_configs.inputs import (
    CreateLlmConfigInput,
    DeleteLlmConfigInput,
    TestLlmConfigInput,
    UpdateLlmConfigInput,
    change_from,
    fields_of,
)
from graphql_schema.llm_configs.types import LlmConfig, llm_config_from
from graphql_schema.money import PLATFORM_CURRENCY, Money
from graphql_schema.node import local_id
from graphql_schema.permissions import Person
from graphql_schema.scalars import BigInt
from graphql_schema.targets import changeable, demand_role


@strawberry.type(description="The LLM config was made.")
class CreateLlmConfigSuccess:
    """A new config."""

    llm_config: LlmConfig = strawberry.field(description="The new config, without its key.")


CreateLlmConfigResult = Annotated[
    CreateLlmConfigSuccess | InvalidInputError | NotFoundError | AlreadyExistsError | RefusedError,
    strawberry.union("CreateLlmConfigResult", description="A config, or why there is none."),
]


@strawberry.type(description="The LLM config was changed.")
class UpdateLlmConfigSuccess:
    """A changed config."""

    llm_config: LlmConfig = strawberry.field(description="After the change.")


UpdateLlmConfigResult = Annotated[
    UpdateLlmConfigSuccess
    | InvalidInputError
    | NotFoundError
    | AlreadyExistsError
    | ConflictError
    | RefusedError,
    strawberry.union("UpdateLlmConfigResult", description="The config, or why it stayed."),
]


@strawberry.type(description="The LLM config is gone.")
class DeleteLlmConfigSuccess:
    """A deleted config."""

    deleted_id: strawberry.ID = strawberry.field(description="What was deleted.")


DeleteLlmConfigResult = Annotated[
    DeleteLlmConfigSuccess | NotFoundError | RefusedError,
    strawberry.union(
        "DeleteLlmConfigResult", description="CONFLICT, while chatbots use it, is a RefusedError."
    ),
]


@strawberry.type(description="The model answered a test call.")
class TestLlmConfigSuccess:
    """An answer, how fast it came and what it cost."""

    __test__ = False  # no test of pytest's, whatever its name

    text: str = strawberry.field(description="What the model said.")
    first_token_ms: int = strawberry.field(description="From asking to the first text.")
    total_ms: int = strawberry.field(description="From asking to the end.")
    input_tokens: int = strawberry.field(description="Of the prompt.")
    output_tokens: int = strawberry.field(description="Of the answer.")
    cost: Money = strawberry.field(description="By the prices of the config.")
    estimated: bool = strawberry.field(
        description="Whether tokens and cost are estimated, because the provider counted none."
    )


TestLlmConfigResult = Annotated[
    TestLlmConfigSuccess | InvalidInputError | NotFoundError | RateLimitedError | RefusedError,
    strawberry.union(
        "TestLlmConfigResult",
        description="An answer, or why there is none: UPSTREAM_FAILED or UNSAFE_ADDRESS, with a"
        " message that says what to do.",
    ),
]


@strawberry.type
class LlmConfigMutations:
    """Mutations of this domain."""

    @strawberry.mutation(
        description="Makes an LLM config for a client (editors and owners), or for the whole"
        " platform (platform admins).",
        extensions=audited_for(Person),
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
        made = await info.context.services.llm_configs.create(
            TenantScope.one(owner) if owner else TenantScope.every_client(),
            owner,
            fields_of(input),
            input.api_key,
            by_platform_admin=viewer.user.is_admin,
        )
        return CreateLlmConfigSuccess(llm_config=llm_config_from(made))

    @strawberry.mutation(
        description="Changes a client's LLM config (editors and owners) or the platform's (platform"
        " admins).",
        extensions=audited_for(Person),
    )
    async def update_llm_config(
        self, info: ParlanceInfo, input: UpdateLlmConfigInput
    ) -> UpdateLlmConfigResult:
        config = await _changeable_config(info.context, input.id)
        if config is None:
            return not_found("input", "id")
        person = await info.context.person()
        changed = await info.context.services.llm_config_changes.update(
            config,
            change_from(input),
            by_platform_admin=person.is_admin,
            revision=input.revision,
        )
        return UpdateLlmConfigSuccess(llm_config=llm_config_from(changed))

    @strawberry.mutation(
        description="Deletes an LLM config that no chatbot uses. Editors and owners; the"
        " platform's: platform admins.",
        extensions=audited_for(Person),
    )
    async def delete_llm_config(
        self, info: ParlanceInfo, input: DeleteLlmConfigInput
    ) -> DeleteLlmConfigResult:
        config = await _changeable_config(info.context, input.id)
        if config is None:
            return not_found("input", "id")
        await info.context.services.llm_config_changes.delete(config)
        return DeleteLlmConfigSuccess(deleted_id=input.id)

    @strawberry.mutation(
        description="Asks a client's model once (editors and owners), or the platform's (platform"
        " admins), and tells how it went. At most 25 s and 1024 tokens; nothing that is said is"
        " kept. The provider may charge for it.",
        extensions=audited_for(Person),
    )
    async def test_llm_config(
        self, info: ParlanceInfo, input: TestLlmConfigInput
    ) -> TestLlmConfigResult:
        config = await _changeable_config(info.context, input.id)
        if config is None:
            return not_found("input", "id")
        person = await info.context.person()
        await info.context.services.rate_limits.model_test(str(person.user.id))
        tested = await info.context.services.model_tests.test(config, input.prompt)
        return TestLlmConfigSuccess(
            text=tested.text,
            first_token_ms=tested.first_token_ms,
            total_ms=tested.total_ms,
            input_tokens=tested.input_tokens,
            output_tokens=tested.output_tokens,
            cost=Money(micros=BigInt(tested.cost_micros), currency=PLATFORM_CURRENCY),
            estimated=tested.estimated,
        )


async def _changeable_config(context: RequestContext, public_id: str) -> LlmConfigDocument | None:
    """The config with this id, or None when the caller does not see it.

    Raises:
        AuthorizationError: FORBIDDEN: the caller sees it, but may not change it.
    """
    person = await context.person()
    config_id = local_id(public_id, "LlmConfig")
    if config_id is None:
        return None
    found = await context.services.llm_configs.get(person.scope(), config_id)
    if found is not None and found.client_id is not None:
        await demand_role(context, found.client_id, "editor")
    elif found is not None and not person.is_admin:
        raise AuthorizationError("FORBIDDEN")
    return found
