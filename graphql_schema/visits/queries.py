"""The visits of a chatbot."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from documents.chatbots import Chatbot as ChatbotDocument
from documents.tenancy import TenantScope
from documents.visits import Visit as VisitDocument
from graphql_schema.arguments import After, First, OfChatbot
from graphql_schema.chatbots.types import Chatbot, chatbot_by_id
from graphql_schema.context import ParlanceInfo
from graphql_schema.conversations.types import Visitor, visitor_by_id
from graphql_schema.errors import NotFoundInListError, PublicError
from graphql_schema.node import Node, global_id
from graphql_schema.pagination import Connection, forward_page, page_by_id
from graphql_schema.permissions import Anybody, Person, allowed_for
from graphql_schema.scopes import Scope
from graphql_schema.targets import seen
from graphql_schema.visits.origins import not_allowed_text
from graphql_schema.visits.types import WidgetChatbot, widget_chatbot_from
from services.visits.showing import shown_chatbot


@strawberry.type(description="A visitor's stay with a chatbot; it ends after half an hour's rest.")
class Visit(Node):
    """A visit."""

    origin: str = strawberry.field(description="The page's origin; empty for a program.")
    started_at: datetime = strawberry.field(description="When it began.")
    last_activity_at: datetime = strawberry.field(description="The visitor's last sign.")
    ended_at: datetime | None = strawberry.field(description="When it ended; null while it lasts.")
    message_count: int = strawberry.field(description="Questions and answers together.")
    document: strawberry.Private[VisitDocument]

    @strawberry.field(
        description="With whom.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def chatbot(self, info: ParlanceInfo) -> Chatbot:
        return await chatbot_by_id(info.context, self.document.client_id, self.document.chatbot_id)

    @strawberry.field(description="Whose.")
    async def visitor(self, info: ParlanceInfo) -> Visitor:
        return await visitor_by_id(info.context, self.document.client_id, self.document.visitor_id)


@strawberry.type
class VisitQueries:
    """Queries of this domain."""

    @strawberry.field(
        description="What a widget shows before its visitor does anything: nothing is kept and no"
        " visit begins. Null for an unknown key, ORIGIN_NOT_ALLOWED in `errors[]` for a page that"
        " the chatbot does not allow. The Authorization header is ignored.",
        extensions=allowed_for(Anybody),
    )
    async def widget_chatbot(
        self,
        info: ParlanceInfo,
        embed_key: Annotated[str, strawberry.argument(description="The chatbot's public key.")],
        language: Annotated[
            str | None, strawberry.argument(description="The visitor's, BCP 47.")
        ] = None,
    ) -> WidgetChatbot | None:
        shown, origin = await shown_chatbot(embed_key), info.context.caller.origin
        if shown is None:
            return None
        allowed_by = info.context.services.embedding_origins.allowed_by
        if origin is not None and not allowed_by(shown[0], origin):
            raise PublicError(not_allowed_text(origin), "ORIGIN_NOT_ALLOWED")
        return widget_chatbot_from(*shown, language)

    @strawberry.field(
        description="The visits of a chatbot, newest first; all of them, those that last (active),"
        " or those that ended.",
        extensions=allowed_for(Person, scope=Scope.CONVERSATIONS_READ),
    )
    async def visits(
        self,
        info: ParlanceInfo,
        chatbot_id: OfChatbot,
        *,
        active: Annotated[
            bool | None,
            strawberry.argument(
                description="True: those that last; false: those that ended; all when left out."
            ),
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Visit]:
        page = forward_page(first, after)
        chatbot = await seen(info.context, ChatbotDocument, chatbot_id)
        if chatbot is None:
            raise NotFoundInListError
        wanted: dict[str, Any] = {"chatbot_id": chatbot.id}
        if active is not None:
            wanted["ended_at"] = None if active else {"$ne": None}
        visits = TenantScope.one(chatbot.client_id).of(VisitDocument)
        return await page_by_id(visits, wanted, page, visit_from)


def visit_from(document: VisitDocument) -> Visit:
    """The form of a visit that people see."""
    return Visit(
        id=global_id("Visit", document.id),
        origin=document.origin,
        started_at=document.started_at,
        last_activity_at=document.last_activity_at,
        ended_at=document.ended_at,
        message_count=document.message_count,
        document=document,
    )
