"""LLM configs: those of the caller's clients, and the platform's."""

import strawberry

from documents.llm_configs import LlmConfig as LlmConfigDocument
from documents.tenancy import TenantScope
from graphql_schema.arguments import After, First, OnlyOfClient, OwnId
from graphql_schema.context import ParlanceInfo
from graphql_schema.llm_configs.types import LlmConfig, llm_config_from
from graphql_schema.node import local_id
from graphql_schema.pagination import (
    MAX_COUNT,
    Connection,
    PageRequest,
    connection_of,
    forward_page,
    id_position,
)
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import listed_scope
from services.chatbots.llm_configs import LlmConfigs


@strawberry.type
class LlmConfigQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="LLM configs that a client may use, or all that the caller sees, newest first;"
        " the platform's are among them.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def llm_configs(
        self,
        info: ParlanceInfo,
        client_id: OnlyOfClient = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[LlmConfig]:
        page = forward_page(first, after)
        scope = await listed_scope(info.context, client_id)
        return await _page(info.context.services.llm_configs, scope, page)

    @strawberry.field(
        description="One LLM config; null if there is none with this id for the caller.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def llm_config(self, info: ParlanceInfo, id: OwnId) -> LlmConfig | None:
        config_id = local_id(id, "LlmConfig")
        if config_id is None:
            return None
        scope = (await info.context.member()).scope()
        found = await info.context.services.llm_configs.get(scope, config_id)
        return llm_config_from(found) if found else None


async def _page(
    configs: LlmConfigs, scope: TenantScope, page: PageRequest
) -> Connection[LlmConfig]:
    before = id_position(page)
    found = await configs.newest(scope, before=before, limit=page.size + 1)

    def position_of(one: LlmConfigDocument) -> str:
        return str(one.id)

    async def count() -> int:
        return await configs.count(scope, limit=MAX_COUNT)

    return connection_of(found, page, position_of, llm_config_from, count)
