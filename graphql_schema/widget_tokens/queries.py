"""The widget tokens of a chatbot."""

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.tenancy import TenantScope
from documents.widget_tokens import WidgetToken as WidgetTokenDocument
from graphql_schema.arguments import After, First, OfChatbot
from graphql_schema.context import ParlanceInfo
from graphql_schema.errors import NotFoundInListError
from graphql_schema.pagination import Connection, forward_page, page_by_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from graphql_schema.widget_tokens.types import WidgetToken, widget_token_from


@strawberry.type
class WidgetTokenQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="The widget tokens of a chatbot, newest first, without those of previews. A"
        " token is gone two days after its end.",
        extensions=allowed_for(Person, scope=Scope.VISITORS_WRITE),
    )
    async def widget_tokens(
        self,
        info: ParlanceInfo,
        chatbot_id: OfChatbot,
        first: First = 20,
        after: After = None,
    ) -> Connection[WidgetToken]:
        page = forward_page(first, after)
        chatbot = await seen(info.context, ChatbotDocument, chatbot_id)
        if chatbot is None:
            raise NotFoundInListError
        wanted = {"chatbot_id": chatbot.id, "preview": {"$ne": True}}
        tokens = TenantScope.one(chatbot.client_id).of(WidgetTokenDocument)
        return await page_by_id(tokens, wanted, page, widget_token_from)
