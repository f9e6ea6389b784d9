"""Chatbots of the clients that the caller works for."""

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from graphql_schema.arguments import After, First, OnlyOfClient, OwnId
from graphql_schema.chatbots.types import Chatbot, chatbot_from
from graphql_schema.context import ParlanceInfo
from graphql_schema.pagination import Connection, forward_page, page_by_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.selected import fields_of_nodes
from graphql_schema.targets import listed_scope, seen


@strawberry.type
class ChatbotQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="Chatbots of one client, or of all that the caller works for, newest first.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def chatbots(
        self,
        info: ParlanceInfo,
        client_id: OnlyOfClient = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Chatbot]:
        page = forward_page(first, after)
        scope = await listed_scope(info.context, client_id)
        fields = fields_of_nodes(info, Chatbot)
        return await page_by_id(scope.of(ChatbotDocument), {}, page, chatbot_from, fields)

    @strawberry.field(
        description="One chatbot; null if there is none with this id for the caller.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def chatbot(self, info: ParlanceInfo, id: OwnId) -> Chatbot | None:
        found = await seen(info.context, ChatbotDocument, id)
        return chatbot_from(found) if found else None
