"""Knowledge sources of the clients that the caller works for."""

from typing import Annotated

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeSource as SourceDocument
from documents.tenancy import TenantScope
from graphql_schema.arguments import After, First, OnlyOfClient, OwnId
from graphql_schema.context import ParlanceInfo, RequestContext
from graphql_schema.errors import NotFoundInListError
from graphql_schema.knowledge.types import KnowledgeSource, source_from
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
from graphql_schema.targets import listed_scope, seen
from services.knowledge.sources import KnowledgeSources


@strawberry.type
class KnowledgeQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="Knowledge sources of one client or one chatbot, or all that the caller sees,"
        " newest first.",
        extensions=allowed_for(Person, scope=(Scope.CHATBOTS_READ, Scope.KNOWLEDGE_WRITE)),
    )
    async def knowledge_sources(
        self,
        info: ParlanceInfo,
        client_id: OnlyOfClient = None,
        chatbot_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only those that this chatbot uses."),
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[KnowledgeSource]:
        page = forward_page(first, after)
        scope = await listed_scope(info.context, client_id)
        chatbot = await _listed_chatbot(info.context, scope, chatbot_id)
        return await _page(info.context.services.knowledge_sources, scope, chatbot, page)

    @strawberry.field(
        description="One knowledge source; null if there is none with this id for the caller.",
        extensions=allowed_for(Person, scope=(Scope.CHATBOTS_READ, Scope.KNOWLEDGE_WRITE)),
    )
    async def knowledge_source(self, info: ParlanceInfo, id: OwnId) -> KnowledgeSource | None:
        found = await seen(info.context, SourceDocument, id)
        return source_from(found) if found else None


async def _listed_chatbot(
    context: RequestContext, scope: TenantScope, public_id: str | None
) -> PydanticObjectId | None:
    """The chatbot whose sources are wanted, if it is one within the scope of the list."""
    if public_id is None:
        return None
    chatbot = await seen(context, ChatbotDocument, public_id)
    if chatbot is None or not scope.admits(chatbot.client_id):
        raise NotFoundInListError
    return chatbot.id


async def _page(
    sources: KnowledgeSources,
    scope: TenantScope,
    chatbot_id: PydanticObjectId | None,
    page: PageRequest,
) -> Connection[KnowledgeSource]:
    found = await sources.newest(
        scope, chatbot_id=chatbot_id, before=id_position(page), limit=page.size + 1
    )

    def position_of(one: SourceDocument) -> str:
        return str(one.id)

    async def count() -> int:
        return await sources.count(scope, chatbot_id=chatbot_id, limit=MAX_COUNT)

    return connection_of(found, page, position_of, source_from, count)
