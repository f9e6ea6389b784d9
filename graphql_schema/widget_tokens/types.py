"""Widget tokens as people see them: everything but the token itself."""

from datetime import datetime

import strawberry

from documents.widget_tokens import WidgetToken as WidgetTokenDocument
from graphql_schema.chatbots.types import Chatbot, chatbot_by_id
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import Visitor, visitor_by_id
from graphql_schema.node import Node, global_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope


@strawberry.type(description="What a widget shows to speak as one visitor of one chatbot.")
class WidgetToken(Node):
    """A widget token without its text, which only its widget has."""

    origin: str | None = strawberry.field(description="The page's origin it belongs to, if any.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="When it ends.")
    last_used_at: datetime | None = strawberry.field(
        description="The last use, accurate to a minute."
    )
    revoked_at: datetime | None = strawberry.field(description="When somebody ended it.")
    document: strawberry.Private[WidgetTokenDocument]

    @strawberry.field(
        description="The chatbot it is good for.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def chatbot(self, info: ParlanceInfo) -> Chatbot:
        return await chatbot_by_id(info.context, self.document.client_id, self.document.chatbot_id)

    @strawberry.field(description="The visitor it speaks for.")
    async def visitor(self, info: ParlanceInfo) -> Visitor:
        return await visitor_by_id(info.context, self.document.client_id, self.document.visitor_id)


def widget_token_from(document: WidgetTokenDocument) -> WidgetToken:
    """The form of a widget token that people see."""
    return WidgetToken(
        id=global_id("WidgetToken", document.id),
        origin=document.origin,
        created_at=document.created_at,
        expires_at=document.expires_at,
        last_used_at=document.last_used_at,
        revoked_at=document.revoked_at,
        document=document,
    )
